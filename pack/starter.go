package pack

import (
	"bytes"
	"encoding/binary"
	"io"
	"regexp"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

const (
	zipEnd     = 22      // bytes of a zip file's last record, without a comment
	maxShebang = 4 << 10 // bytes
)

// starterLine is what stands between program and zip file in a NAME.exe as
// pip makes it for a script: the interpreter, maybe in quotes.
var starterLine = regexp.MustCompile(`#!("?)([^"\r\n]+?\.exe)("?)([^"\r\n]*\r?\n[ \t\r\n]*)$`)

// starter makes a text of a NAME.exe in which the only paths are those of its
// first line: program, line and zip file follow each other, and each finds the
// next from the file's end, so the line may have any length. It tells whether
// the file is one.
//
// (setuptools' NAME.exe has no line: that is in NAME-script.py.)
func (w *worker) starter(f *File, src *source, res place.Found, v *verdict) bool {
	start, ok := zipStart(src)
	if !ok {
		return false
	}
	from := max(0, start-maxShebang)
	before := make([]byte, start-from)
	if _, err := src.ReadAt(before, from); err != nil && err != io.EOF {
		return false
	}
	at := starterLine.FindSubmatchIndex(before)
	if at == nil || at[3]-at[2] != at[7]-at[6] {
		return false
	}
	left, right := from+int64(at[4]), from+int64(at[5])
	var put *place.Hit
	for i, h := range res.Hits {
		pl := w.search.Places[h.Place]
		switch {
		case h.Bound == place.Longer:
		case h.Bound != place.Whole || h.Offset != left || h.End() > right || h.Enc != place.EncPlain || pl.Placeholder == "" || put != nil:
			return false
		default:
			put = &res.Hits[i]
		}
	}
	if put == nil {
		return false
	}
	// In quotes, since the target's path may have a space.
	rest := string(before[put.End()-from : at[5]])
	text := `"` + archive.Form(w.search.Places[put.Place].Placeholder, archive.FormPlain) + rest + `"`
	from, to := from+int64(at[2]), from+int64(at[7])
	f.texts = append(f.texts, textEdit{offset: from, n: to - from, text: text})
	v.class, v.count, f.Class = archive.ClassText, 1, archive.ClassText
	return true
}

// zipStart says where the zip file begins that a file ends with.
func zipStart(src *source) (int64, bool) {
	if src.size < zipEnd {
		return 0, false
	}
	end := make([]byte, zipEnd)
	if _, err := src.ReadAt(end, src.size-zipEnd); err != nil && err != io.EOF {
		return 0, false
	}
	if !bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		return 0, false
	}
	size, offset := binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	start := src.size - zipEnd - int64(size) - int64(offset)
	return start, start > 0
}

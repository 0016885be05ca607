package pack

import (
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// counted tells whether a file without a NUL byte isn't text all the same, but
// holds numbers beside its strings, such as their lengths, that a longer path
// would make wrong. Such are pickles, above all those of Python 2, which has
// no NUL in one that is short, and what PHP serialized.
func (w *worker) counted(f *File, src *source, res place.Found) bool {
	switch path.Ext(f.Path) {
	case ".pickle", ".pkl", ".pck":
		return true
	}
	if _, dumb := w.a.Find(strings.TrimSuffix(f.Path, ".dat") + ".dir"); dumb && path.Ext(f.Path) == ".dat" {
		return true // of Python's dbm.dumb, whose .dir has each value's place and length
	}
	if w.hasControl(src) || oldPickle.Match(res.Head) && lastByte(src) == '.' {
		return true
	}
	for _, h := range res.Hits {
		if hasLength(src, h) {
			return true
		}
	}
	return false
}

// oldPickle is how one of protocol 0 begins: all of it is printable, but its
// unicode strings are not written as in a text.
var oldPickle = regexp.MustCompile(`^(\([dl]p?\d*\n|\(\n?[VS]|ccopy_reg\n|[VS][^\n]*\np\d+\n)`)

func lastByte(src *source) byte {
	b := []byte{0}
	src.ReadAt(b, src.size-1)
	return b[0]
}

// control are the characters that texts don't have. Those that some do have
// (bell, backspace, form feed, escape, the end of a text of DOS) are not among them.
const control = "\x01\x02\x03\x04\x05\x06\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1c\x1d\x1e\x1f"

func (w *worker) hasControl(src *source) bool {
	for at := int64(0); at < src.size; {
		n, err := src.ReadAt(w.buf, at)
		if bytes.ContainsAny(w.buf[:n], control) {
			return true
		}
		if err != nil && err != io.EOF || n == 0 {
			return false // read again, and reported, by who replaces
		}
		at += int64(n)
	}
	return false
}

// phpString is what PHP's serialize() writes before a string: its bytes.
var phpString = regexp.MustCompile(`\bs:(\d{1,9}):"`)

// hasLength tells whether a path stands in a string whose length is written before it.
func hasLength(src *source, h place.Hit) bool {
	const before = 1 << 10
	from := max(0, h.Offset-before)
	b := make([]byte, h.Offset-from)
	n, _ := src.ReadAt(b, from)
	for _, m := range phpString.FindAllSubmatchIndex(b[:n], -1) {
		size, _ := strconv.ParseInt(string(b[m[2]:m[3]]), 10, 64)
		end := from + int64(m[1]) + size
		quote := []byte{0, 0}
		src.ReadAt(quote, end)
		if h.End() <= end && string(quote) == `";` {
			return true
		}
	}
	return false
}

// endsHere tells of a path in a binary file, after which stands what could go
// on with its name, whether that is the format's next field: no character can
// begin there, or a string of just this length ends there. In a database any
// may, since the lengths stand elsewhere.
func endsHere(src *source, h place.Hit) bool {
	if bytes.HasPrefix(src.head(), []byte("SQLite format 3\x00")) {
		return true
	}
	around := make([]byte, maxBeforeLength+h.N+utf8.UTFMax)
	from := max(0, h.Offset-maxBeforeLength)
	n, _ := src.ReadAt(around, from)
	start, end := int(h.Offset-from), int(h.End()-from)
	if end < n && around[end] >= 0x80 {
		if r, _ := utf8.DecodeRune(around[end:n]); r == utf8.RuneError {
			return true
		}
	}
	for k := 0; k < start; k++ { // with k bytes of the string before the path
		size, length := h.N+k, around[:start-k]
		if length[len(length)-1] == byte(size) && size < 0x100 || // of one byte, or the low one comes last
			bytes.HasSuffix(length, binary.LittleEndian.AppendUint16(nil, uint16(size))) ||
			bytes.HasSuffix(length, binary.LittleEndian.AppendUint32(nil, uint32(size))) {
			return true
		}
	}
	return false
}

// maxBeforeLength is how far before a path the string may begin that it ends, bytes.
const maxBeforeLength = 12

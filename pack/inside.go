package pack

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"debug/elf"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// maxInside bounds what is decompressed of one file to look into it, bytes.
const maxInside = 1 << 30

// inside looks into what a file holds compressed, where no byte of it shows a
// path: the members of a zip file (an egg that was not unpacked, a wheel, a
// zipapp), what gzip, bzip2 and zstd compressed, and compressed debug
// information. Nothing there can be replaced, so what is found blocks, or is
// excepted as documentation.
func (w *worker) inside(f *File, src *source, kind string, hasNUL bool, v *verdict) {
	defer func() { _ = recover() }() // debug/elf on a broken file
	switch kind {
	case kindZip, kindPE: // pip's NAME.exe ends with a zip file
		w.insideZip(f, src, v)
	case kindELF:
		w.insideELF(f, src, v)
	case kindGzip, kindBzip2, kindZstd:
		w.insideStream(f, src, kind, v)
	case "":
		if hasNUL && bytes.HasPrefix(src.head(), []byte("#!")) { // a zipapp: a line, then a zip file
			w.insideZip(f, src, v)
		}
	}
}

// insideStream looks into a file that is compressed as a whole; a tar file is
// searched as it stands in it.
func (w *worker) insideStream(f *File, src *source, kind string, v *verdict) {
	var r io.Reader
	in := io.NewSectionReader(src, 0, src.size)
	switch kind {
	case kindGzip:
		z, err := gzip.NewReader(in)
		if err != nil {
			return // it only begins alike
		}
		r = z
	case kindBzip2:
		r = bzip2.NewReader(in)
	case kindZstd:
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return
		}
		defer z.Close()
		r = z
	}
	left := &io.LimitedReader{R: r, N: maxInside}
	w.look(f, strings.TrimSuffix(path.Base(f.Path), path.Ext(f.Path)), left, v)
	if left.N <= 0 {
		v.except("more than %d MiB in it, not looked through", maxInside>>20)
	}
}

func (w *worker) insideZip(f *File, src *source, v *verdict) {
	z, err := zip.NewReader(src, src.size)
	if err != nil {
		return // another format that starts alike
	}
	left := int64(maxInside)
	for _, m := range z.File {
		if m.Method != zip.Deflate {
			continue // stored members show as they are
		}
		r, err := m.Open()
		if err != nil {
			continue
		}
		w.look(f, m.Name, &io.LimitedReader{R: r, N: left}, v)
		left -= int64(min(m.UncompressedSize64, maxInside))
		r.Close()
		if left <= 0 {
			v.except("more than %d MiB in it, not looked through", maxInside>>20)
			return
		}
	}
}

func (w *worker) insideELF(f *File, src *source, v *verdict) {
	e, err := elf.NewFile(src)
	if err != nil {
		return
	}
	for _, s := range e.Sections {
		switch {
		case s.Flags&elf.SHF_COMPRESSED != 0:
			w.look(f, "section "+s.Name, io.LimitReader(s.Open(), maxInside), v)
		case len(s.Name) > 7 && s.Name[:7] == ".zdebug":
			if z, err := zlib.NewReader(io.NewSectionReader(s, 12, int64(s.Size)-12)); err == nil {
				w.look(f, "section "+s.Name, io.LimitReader(z, maxInside), v)
			}
		}
	}
}

// look searches one compressed part.
func (w *worker) look(f *File, part string, r io.Reader, v *verdict) {
	res, err := w.search.Stream(whatThereIs{r}, io.Discard, w.buf)
	if err != nil {
		return
	}
	for _, h := range res.Hits {
		if h.Place == place.Mark || h.Bound == place.Longer {
			continue
		}
		pl := w.search.Places[h.Place]
		text := fmt.Sprintf("%s, compressed in it, names %s", archive.QuoteName(part), pl.Path)
		switch {
		case isDocumentation(part) || w.foreign[f.Path] || pl.Common:
			v.except("%s", text)
		default:
			v.block("have it unpacked (zip-safe eggs: unzip = true), not compressed, stripped of debug information, or left out with --exclude", "%s", text)
		}
	}
}

// whatThereIs ends where its reader fails: a file that was cut off may name a place all the same.
type whatThereIs struct{ io.Reader }

func (r whatThereIs) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

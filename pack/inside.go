package pack

import (
	"archive/zip"
	"compress/zlib"
	"debug/elf"
	"fmt"
	"io"
)

// maxInside bounds what is decompressed of one file to look into it, bytes.
const maxInside = 1 << 30

// inside looks into what a file holds compressed, where no byte of it shows a
// path: the members of a zip file (an egg that was not unpacked, a wheel), and
// compressed debug information. Nothing there can be replaced, so what is
// found blocks, or is excepted as documentation.
func (w *worker) inside(f *File, src *source, kind string, v *verdict) {
	defer func() { _ = recover() }() // debug/elf on a broken file
	switch kind {
	case kindZip, kindPE: // pip's NAME.exe ends with a zip file
		w.insideZip(f, src, v)
	case kindELF:
		w.insideELF(f, src, v)
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
	res, err := w.search.stream(r, io.Discard, w.buf)
	if err != nil {
		return
	}
	for _, h := range res.hits {
		if h.place == markPlace || h.bound == longer {
			continue
		}
		pl := w.search.places[h.place]
		text := fmt.Sprintf("%s, compressed in it, names %s", quoteName(part), pl.path)
		switch {
		case isDocumentation(part) || w.foreign[f.Path]:
			v.except("%s", text)
		default:
			v.block("have it unpacked (zip-safe eggs: unzip = true), stripped of debug information, or left out with --exclude", "%s", text)
		}
	}
}

package pack

import (
	"bytes"
	"io"
	"slices"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// canonical gives a compiled-in string that begins with the root as the archive
// has it: beginning with the canonical root, which is written over the other.
// Two users, whose stages have two names, then make the same archive. A Mach-O
// file stays as it is: it would have to be signed anew.
func (w *worker) canonical(f *File, kind string, h place.Hit, old string) archive.CString {
	root := w.o.Canonical
	if len(root) == h.N && kind != kindMachO && root != old[:h.N] {
		f.Edits = append(f.Edits, binfmt.Edit{Offset: h.Offset, New: []byte(root)})
		old = root + old[h.N:]
	}
	return archive.CString{Offset: h.Offset, Old: old, Prefix: h.N}
}

// buildID renews the build ID of a file that named a place of the build: the
// linker made it of the bytes before they were edited. An editor that can't
// read the file leaves it, as it did before.
func (w *worker) buildID(f *File, src *source, kind string, v *verdict) {
	renew := w.o.Binaries.RenewBuildID
	if renew == nil || kind != kindELF || len(f.Edits) == 0 && len(v.cstrings) == 0 {
		return
	}
	if edits, err := renew(binfmt.Overlay(src, f.Edits), src.size); err == nil {
		f.Edits = append(f.Edits, edits...)
		sortEdits(f.Edits)
	}
}

// rehash writes the hashes in .installed.cfg as the archive has them.
func (w *worker) rehash(f *File, src *source) error {
	if len(w.o.Rehashed) == 0 {
		return nil
	}
	data := make([]byte, src.size)
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return err
	}
	for old, hash := range w.o.Rehashed {
		for at := 0; len(old) == len(hash); at += len(old) {
			i := bytes.Index(data[at:], []byte(old))
			if i < 0 {
				break
			}
			at += i
			f.Edits = append(f.Edits, binfmt.Edit{Offset: int64(at), New: []byte(hash)})
		}
	}
	sortEdits(f.Edits)
	return nil
}

// sortEdits sorts edits by offset: of two at one offset, the later is made last.
func sortEdits(edits []binfmt.Edit) {
	slices.SortStableFunc(edits, func(a, b binfmt.Edit) int { return int(a.Offset - b.Offset) })
}

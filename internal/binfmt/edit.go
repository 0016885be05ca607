package binfmt

import (
	"io"
	"slices"
	"sort"
)

// Edit is a change in place: the bytes at Offset become New. No edit makes a
// file longer or shorter, and edits of one call don't overlap.
type Edit struct {
	Offset int64
	New    []byte
}

// SetRunpath gives the edits that replace each run-time library path by what f
// says: of an ELF file DT_RPATH and DT_RUNPATH, whole, with colons; of a Mach-O
// file each LC_RPATH, the install name and the path of each library to load, one
// by one. f is called with each in turn; if it gives back what it got, nothing
// is changed, and if it gives "", the entry is removed (an install name or a
// library can't be). A Mach-O file that is signed ad hoc is signed again.
//
// In an ELF file a new path may not be longer than the old one, unless the
// string table happens to hold it. Linkers merge strings that share a tail, so
// every other reference into the string table is checked before a byte of it
// changes. What can't be done in place is an *Error that Is ErrNotInPlace, with
// a hint. A PE file has no such paths: no edits, no error.
func SetRunpath(r io.ReaderAt, size int64, f func(old string) string) ([]Edit, error) {
	const op = "setting the run path of"
	s := newSource(r, size)
	kind, err := s.sniff()
	if err != nil {
		return nil, err
	}
	var edits []Edit
	switch kind {
	case ELF:
		edits, err = setELFRunpath(s, f)
	case MachO:
		edits, err = setMachOPaths(s, f)
		if err == nil && len(edits) > 0 {
			edits, err = withSignature(r, size, edits)
		}
	}
	if err != nil {
		return nil, wrap(op, kind, err)
	}
	return edits, nil
}

// DropNeeded gives the edits that take each needed library out of an ELF file for
// which drop says so. One whose symbol versions are needed can't be dropped. In a
// Mach-O file the libraries are numbered and in a PE file symbols hang on them, so
// there it is an error if drop says yes to any.
func DropNeeded(r io.ReaderAt, size int64, drop func(name string) bool) ([]Edit, error) {
	const op = "dropping a library from"
	s := newSource(r, size)
	kind, err := s.sniff()
	if err != nil {
		return nil, err
	}
	if kind == ELF {
		edits, err := dropELFNeeded(s, drop)
		if err != nil {
			return nil, wrap(op, kind, err)
		}
		return edits, nil
	}
	images, err := Read(r, size)
	if err != nil {
		return nil, err
	}
	for _, m := range images {
		if i := slices.IndexFunc(m.Needed, drop); i >= 0 {
			return nil, inPlace(kind, op, m.Needed[i]+" can't be taken out of a linked file", "link it without that library")
		}
	}
	return nil, nil
}

// withSignature adds the edits of Resign.
func withSignature(r io.ReaderAt, size int64, edits []Edit) ([]Edit, error) {
	more, err := Resign(Overlay(r, edits), size)
	return append(edits, more...), err
}

// Overlay gives r with the edits made.
func Overlay(r io.ReaderAt, edits []Edit) io.ReaderAt {
	sorted := slices.Clone(edits)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Offset < sorted[j].Offset })
	return overlay{r, sorted}
}

type overlay struct {
	r     io.ReaderAt
	edits []Edit
}

func (o overlay) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.r.ReadAt(p, off)
	for _, e := range o.edits {
		from, to := max(e.Offset, off), min(e.Offset+int64(len(e.New)), off+int64(n))
		if from < to {
			copy(p[from-off:to-off], e.New[from-e.Offset:])
		}
	}
	return n, err
}

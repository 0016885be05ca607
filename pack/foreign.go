package pack

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"sort"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// foreignFiles are the files of wheels that were built elsewhere: those whose
// WHEEL has a manylinux or musllinux tag, which only an index serves. What
// they name of a build machine is not this one's, even if it has the same name.
func foreignFiles(a *List) (map[string]bool, error) {
	set := map[string]bool{}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type != archive.TypeFile || path.Base(f.Path) != "WHEEL" {
			continue
		}
		data, err := readSmall(f)
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(data, []byte("-manylinux")) && !bytes.Contains(data, []byte("-musllinux")) {
			continue
		}
		top := archive.Parent(archive.Parent(f.Path))
		if path.Ext(top) == ".egg" {
			a.below(top, set)
			continue
		}
		j, ok := a.Find(archive.Parent(f.Path) + "/RECORD")
		if !ok {
			continue
		}
		if data, err = readSmall(&a.Files[j]); err != nil {
			return nil, err
		}
		for line := range bytes.Lines(data) {
			name, _, _ := bytes.Cut(line, []byte(","))
			set[path.Join(top, string(name))] = true
		}
	}
	return set, nil
}

// below puts every file below a directory into the set.
func (a *List) below(dir string, set map[string]bool) {
	i := sort.Search(len(a.Files), func(i int) bool { return a.Files[i].Path >= dir+"/" })
	for ; i < len(a.Files) && place.Under(a.Files[i].Path, dir); i++ {
		set[a.Files[i].Path] = true
	}
}

// readSmall reads a file of metadata, at most 16 MiB of it.
func readSmall(f *File) ([]byte, error) {
	r, err := f.raw()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return data, nil
}

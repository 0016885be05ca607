// Package machinecode finds the files of machine code in a tree, by their
// headers, and says what became of them: no run of buildout may touch what was
// compiled.
package machinecode

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// Files are the files of a tree, by their paths relative to it, with slashes.
type Files map[string]File

// File is what must not change of one.
type File struct {
	SHA256 string
	id     string // tells one that was written again, with the same content too
}

// Read reads all ELF, Mach-O and PE files below root, and those that are named.
// Of what lies in a directory called skip nothing is read.
func Read(root, skip string, named map[string]bool) (Files, error) {
	return walk(root, skip, func(rel, path string, _ fs.DirEntry) (File, bool, error) { return read(path, named[rel]) })
}

// walk has each regular file read by its path, and gives those that are machine code.
func walk(root, skip string, read func(rel, path string, d fs.DirEntry) (file File, code bool, err error)) (Files, error) {
	found := Files{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && d.Name() == skip {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		file, ok, err := read(rel, path, d)
		if ok {
			found[rel] = file
		}
		return err
	})
	return found, err
}

// read reads a file, if it is one of machine code, or if it is wanted anyhow.
func read(path string, anyhow bool) (file File, ok bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) { // of something that runs
		return File{}, false, nil
	}
	if err != nil {
		return File{}, false, err
	}
	defer f.Close()
	var head [4]byte
	n, err := io.ReadFull(f, head[:])
	if err != nil && err != io.EOF && !errors.Is(err, io.ErrUnexpectedEOF) {
		return File{}, false, err
	}
	if kind := binfmt.Magic(head[:]); !anyhow && (kind == "" || kind == binfmt.Ar) {
		return File{}, false, nil
	}
	info, err := f.Stat()
	if err != nil {
		return File{}, false, err
	}
	sum, _, err := digest.Read(io.MultiReader(bytes.NewReader(head[:n]), f))
	if err != nil {
		return File{}, false, err
	}
	return File{sum, identity(info)}, true, nil
}

// Changes says of each file that isn't as it was, what became of it, by name.
func (before Files) Changes(after Files) []string {
	var out []string
	for path, b := range before {
		a, ok := after[path]
		switch {
		case !ok:
			out = append(out, path+" is gone")
		case a.SHA256 != b.SHA256:
			out = append(out, path+" has other content")
		case a.id != b.id:
			out = append(out, path+" was written again")
		}
	}
	for path := range after {
		if _, ok := before[path]; !ok {
			out = append(out, path+" is new")
		}
	}
	slices.Sort(out)
	return out
}

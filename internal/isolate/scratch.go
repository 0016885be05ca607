package isolate

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Scratch is a private directory that one process works in.
type Scratch struct {
	Path string // real, without links
	held *os.File
}

// NewScratch makes a directory below parent whose name begins with kind. What
// a killed run left of that kind is removed before: nobody else would.
func NewScratch(parent, kind string) (*Scratch, error) {
	sweep(parent, kind)
	// Until it is locked it has another name, or a sweep would take it for one that was left.
	dir, err := os.MkdirTemp(parent, "new-"+kind)
	if err != nil {
		return nil, err
	}
	held, _ := lockDir(dir) // without locks, nothing is ever swept
	path := filepath.Join(parent, strings.TrimPrefix(filepath.Base(dir), "new-"))
	err = os.Rename(dir, path)
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	s := &Scratch{Path: path, held: held}
	if err != nil {
		return nil, errors.Join(err, os.Remove(dir), s.Close())
	}
	return s, nil
}

// Close removes the directory, whatever the modes in it.
func (s *Scratch) Close() error {
	err := removeAll(s.Path)
	if s.held != nil {
		err = errors.Join(err, s.held.Close())
	}
	return err
}

// sweep removes the directories of that kind which are this user's, and which no process holds.
func sweep(parent, kind string) {
	entries, _ := os.ReadDir(parent)
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), kind) || !e.IsDir() {
			continue
		}
		path := filepath.Join(parent, e.Name())
		if held, err := lockDir(path); err == nil {
			_ = removeAll(path)
			held.Close()
		}
	}
}

// removeAll removes a tree even where directories in it are read-only.
func removeAll(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}

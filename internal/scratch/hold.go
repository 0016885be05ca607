package scratch

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// LockName is the file that is locked in a held directory.
const LockName = ".lock"

// ErrHeld says that another process has the lock.
var ErrHeld = errors.New("another run holds it")

// Lock locks a file, which it makes, without waiting, until what it returns is
// closed; a process's end, however it ends, closes it.
func Lock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR|NoFollow, 0o600)
	if err != nil {
		return nil, err
	}
	if err := claim(f, name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// claim locks an open file, which must still have that name: who held it before
// may have removed it, with its directory, since it was opened.
func claim(f *os.File, name string) error {
	if err := lockFile(f); err != nil {
		return err
	}
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Stat(name); err != nil || !os.SameFile(mine, there) {
		return errors.New("it was removed meanwhile")
	}
	return nil
}

// Held is a directory that no other process works in, by a lock in it.
type Held struct {
	Path string
	lock *os.File
}

// Hold locks a directory without waiting.
func Hold(dir string) (*Held, error) {
	f, err := Lock(filepath.Join(dir, LockName))
	if err != nil {
		return nil, err
	}
	return &Held{Path: dir, lock: f}, nil
}

// Clear removes what is in it, but for the lock and what is to be kept.
func (h *Held) Clear(keep ...string) error {
	entries, err := os.ReadDir(h.Path)
	for _, e := range entries {
		if e.Name() != LockName && !slices.Contains(keep, e.Name()) {
			err = errors.Join(err, RemoveAll(filepath.Join(h.Path, e.Name())))
		}
	}
	return err
}

// Release leaves the directory, with all in it, to the next run.
func (h *Held) Release() { h.lock.Close() }

// Remove removes the directory. What can't be removed the next run will clear up.
func (h *Held) Remove() {
	err := RemoveAll(h.Path)
	h.Release()
	if err != nil { // Windows removes no file that is open
		_ = RemoveAll(h.Path)
	}
}

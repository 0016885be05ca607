// Package scratch is about directories that a run owns: how they are made,
// locked, swept and removed; and about the room that is left for them.
//
// There are three ways to own one, since no one of them does for all:
//
//   - A [Dir] has a new name in each run, and goes with it. The directory itself
//     is locked, since nothing may lie in it that its user didn't put there, and so
//     that a file of a stranger in a shared temporary directory isn't even opened.
//     The lock protects only from being swept, so a system that can't lock a
//     directory (Windows, NFS) does without.
//   - A [Held] directory has a name that the next run looks for: what another left
//     there is taken over, or cleared up. Two must never be in it, on any system,
//     so a file in it is locked; target/src/work.py locks the same file.
//   - [Lock] is for a lock that stays when all in the directory is removed, or
//     may not lie in it: a stage is emptied under its lock, and then archived.
package scratch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// Dir is a private directory that one process works in.
type Dir struct {
	Path string // real, without links
	held *os.File
}

// New makes a directory below parent whose name begins with kind. What
// a killed run left of that kind is removed before: nobody else would.
func New(parent, kind string) (*Dir, error) {
	sweep(parent, kind)
	// Until it is locked it has another name, or a sweep would take it for one that was left.
	dir, err := os.MkdirTemp(parent, "new-"+kind)
	if err != nil {
		return nil, err
	}
	held, _ := lockDir(dir) // without locks, nothing is ever swept
	path := filepath.Join(parent, strings.TrimPrefix(filepath.Base(dir), "new-"))
	d := &Dir{Path: path, held: held}
	if err := os.Rename(dir, path); err != nil {
		return nil, errors.Join(err, os.Remove(dir), d.Close())
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	d.Path = real
	return d, nil
}

// Close removes the directory, whatever the modes in it.
func (d *Dir) Close() error {
	err := RemoveAll(d.Path)
	if d.held != nil {
		err = errors.Join(err, d.held.Close())
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
			_ = RemoveAll(path)
			held.Close()
		}
	}
}

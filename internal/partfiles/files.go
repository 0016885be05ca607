// Package partfiles says what the parts of a buildout left in bin, parts and
// develop-eggs, whose it is, and what became of it in a further run.
package partfiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// Files are files, directories and links of a tree, by their paths relative to
// it, with slashes.
type Files map[string]File

// File is what a run that only updates leaves as it is.
type File struct {
	Mode   fs.FileMode // type and permissions
	Digest string      // of a regular file's content; of a link, what it links to
	info   fs.FileInfo
}

// Read reads what lies in directories of a tree; those that aren't there are
// empty. A file that is the same one as in an earlier reading, by size and time,
// isn't read again. What no archive has is left out: bytecode, logs, what belongs
// to a process, version control.
func Read(root string, dirs []string, earlier Files) (Files, error) {
	found := Files{}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) { // of something that runs, or the directory itself
				return nil
			}
			if err != nil {
				return err
			}
			if passing(d) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			rel = filepath.ToSlash(rel)
			file, err := read(path, d, earlier[rel])
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			found[rel] = file
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// passing is whether something comes and goes without meaning anything.
func passing(d fs.DirEntry) bool {
	switch name := d.Name(); name {
	case "__pycache__", ".git", ".hg", ".svn", ".bzr", "CVS", "_darcs":
		return true
	default:
		return slices.Contains([]string{".pyc", ".pyo", ".log", ".pid", ".lock"}, filepath.Ext(name)) && !d.IsDir()
	}
}

func read(path string, d fs.DirEntry, earlier File) (File, error) {
	info, err := d.Info()
	if err != nil {
		return File{}, err
	}
	file := File{Mode: info.Mode(), info: info}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		file.Digest, err = os.Readlink(path)
	case !info.Mode().IsRegular():
	case earlier.info != nil && os.SameFile(info, earlier.info) && info.Size() == earlier.info.Size() && info.ModTime().Equal(earlier.info.ModTime()):
		file.Digest = earlier.Digest
	default:
		file.Digest, _, err = digest.File(path)
	}
	return file, err
}

// What is what became of a file.
type What int

// What can become of a file.
const (
	Gone What = iota
	OtherType
	OtherContent
	OtherMode
	New
)

func (w What) String() string {
	return [...]string{"is gone", "is another kind of file", "has other content", "has another mode", "is new"}[w]
}

// Lost is whether something that was there isn't there any more.
func (w What) Lost() bool { return w == Gone || w == OtherType }

// Change is a file that isn't as it was.
type Change struct {
	Path string
	What What
}

func (c Change) String() string { return c.Path + " " + c.What.String() }

// Changes are the files that aren't as they were, by path. Of a directory that
// is gone or new, what lies in it isn't named.
func (before Files) Changes(after Files) []Change {
	var out []Change
	for path, b := range before {
		a, there := after[path]
		switch {
		case !there:
			out = append(out, Change{path, Gone})
		case a.Mode.Type() != b.Mode.Type():
			out = append(out, Change{path, OtherType})
		case a.Digest != b.Digest:
			out = append(out, Change{path, OtherContent})
		case a.Mode.Perm() != b.Mode.Perm() && runtime.GOOS != "windows" && a.Mode&fs.ModeSymlink == 0:
			out = append(out, Change{path, OtherMode})
		}
	}
	for path := range after {
		if _, there := before[path]; !there {
			out = append(out, Change{path, New})
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return slices.DeleteFunc(out, func(c Change) bool {
		for i, slash := range c.Path {
			if slash == '/' && slices.ContainsFunc(out, func(d Change) bool { return d.Path == c.Path[:i] && d.What == c.What && c.What != OtherMode }) {
				return true
			}
		}
		return false
	})
}

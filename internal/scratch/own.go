package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrForeign says that what has a directory's name isn't a directory of this
// user alone: a person has to look at it.
var ErrForeign = errors.New("it isn't ours")

// Make makes a directory that only this user can enter, or takes the one that
// is there, if it is this user's and gives none of the permissions in denied to
// others. No symbolic link will do: another user could else swap what it leads to.
func Make(path string, denied fs.FileMode) error {
	err := os.Mkdir(path, 0o700)
	if err == nil {
		return os.Chmod(path, 0o700) // whatever the umask
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%w: it isn't a directory, or it is a symbolic link", ErrForeign)
	}
	return owned(info, denied)
}

// RemoveAll removes a tree even where directories in it are read-only: Go's
// module cache and some recipes leave such.
func RemoveAll(path string) error {
	if os.RemoveAll(path) == nil {
		return nil
	}
	_ = filepath.WalkDir(path, func(p string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(p, 0o700)
		}
		return nil
	})
	return os.RemoveAll(path)
}

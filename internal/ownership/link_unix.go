//go:build unix

package ownership

import (
	"errors"
	"fmt"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const maxLinks = 40

// RealPath gives an absolute path without links. In a directory that all may
// write to, as /tmp is, another user may have made a link: the kernel doesn't
// follow it (protected_symlinks), and neither does this. What isn't there is an
// error with fs.ErrNotExist.
func RealPath(path string) (string, error) {
	at, names := "/", strings.Split(path, "/")
	for links := 0; len(names) > 0; {
		name := names[0]
		names = names[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		up := at
		at = filepath.Join(up, name)
		fi, err := os.Lstat(at)
		if err != nil {
			return "", err
		}
		if fi.Mode()&os.ModeSymlink == 0 {
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("%s: %w", path, syscall.ELOOP)
		}
		if err := followed(up, at, fi); err != nil {
			return "", err
		}
		to, err := os.Readlink(at)
		if err != nil {
			return "", err
		}
		if at = up; filepath.IsAbs(to) {
			at = "/"
		}
		names = append(strings.Split(to, "/"), names...)
	}
	return at, nil
}

// errForeignLink is a link that the kernel wouldn't follow.
var errForeignLink = errors.New("another user made it, in a directory that everybody can write to")

func followed(dir, link string, fi os.FileInfo) error {
	above, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, aboveOwner := fi.Sys().(*syscall.Stat_t).Uid, above.Sys().(*syscall.Stat_t).Uid
	open := above.Mode()&os.ModeSticky != 0 && above.Mode().Perm()&0o002 != 0
	if open && owner != uint32(os.Geteuid()) && owner != aboveOwner {
		return fault.Usage(fmt.Errorf("following the link %s: %w", link, errForeignLink), "name what it points to, if that is meant")
	}
	return nil
}

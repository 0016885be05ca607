//go:build unix

package ownership

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Changeable tells how somebody else than root and the user uid could change
// what a path leads to: by any directory, link or file on the way, as a kernel
// follows it. A directory in which names are their owner's (the sticky bit)
// may be anybody's to write. The error is nil if nobody can.
func Changeable(path string, uid int) error {
	at, todo, links := "/", strings.Split(path, "/"), 0
	for {
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		if err := changeableAt(at, info, uid); err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(at)
			if err != nil {
				return err
			}
			if links++; links > 40 {
				return errors.New("too many links")
			}
			at, todo = filepath.Dir(at), append(strings.Split(target, "/"), todo...)
			if filepath.IsAbs(target) {
				at = "/"
			}
		}
		for len(todo) > 0 && (todo[0] == "" || todo[0] == ".") {
			todo = todo[1:]
		}
		if len(todo) == 0 {
			return nil
		}
		at, todo = filepath.Join(at, todo[0]), todo[1:]
	}
}

// changeableAt is changeable for one name.
func changeableAt(at string, info fs.FileInfo, uid int) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("the owner of %s isn't known", at)
	}
	if st.Uid != 0 && int(st.Uid) != uid {
		return fmt.Errorf("%s belongs to user %d", at, st.Uid)
	}
	mode := info.Mode()
	if mode&fs.ModeSymlink != 0 || mode.IsDir() && mode&fs.ModeSticky != 0 {
		return nil
	}
	if mode&0o002 != 0 || mode&0o020 != 0 && st.Gid != 0 {
		return fmt.Errorf("other users can write to %s", at)
	}
	return nil
}

// Ours is whether nobody but this user and root can change a file's content.
func Ours(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	mine := ok && (st.Uid == 0 || int(st.Uid) == os.Geteuid())
	return mine && info.Mode()&0o002 == 0 && (info.Mode()&0o020 == 0 || st.Gid == 0 || int(st.Gid) == os.Getegid())
}

// MayRun is whether this process may run a program: as root only one that
// nobody else can change.
func MayRun(path string) bool { return os.Geteuid() != 0 || Changeable(path, 0) == nil }

//go:build !windows

package buildout

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const openNoFollow = unix.O_NOFOLLOW

// checkOwner reports whether only this user can write to the directory.
func checkOwner(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("its owner isn't known")
	}
	if int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this is user %d", st.Uid, os.Geteuid())
	}
	if mode := info.Mode().Perm(); mode != 0o700 {
		return fmt.Errorf("its mode is %04o and must be 0700", mode)
	}
	return nil
}

// lockFile locks f without waiting; errHeld says that another has it.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return errHeld
	}
	return err
}

// inode tells two files at one path apart.
func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

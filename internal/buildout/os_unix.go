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

// ownerOf is the user id that a file belongs to, if the system says so.
func ownerOf(info fs.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// checkOwner reports whether only this user can write to the directory.
func checkOwner(info fs.FileInfo) error {
	owner, known := ownerOf(info)
	if !known {
		return fmt.Errorf("its owner isn't known")
	}
	if owner != os.Geteuid() {
		return fmt.Errorf("it belongs to user %d, and this is user %d", owner, os.Geteuid())
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

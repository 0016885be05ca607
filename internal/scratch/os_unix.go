//go:build unix

package scratch

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// NoFollow, a flag for os.OpenFile, refuses a symbolic link.
const NoFollow = unix.O_NOFOLLOW

// Owner is the user id that a file belongs to, if the system says so.
func Owner(info fs.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Uid), true
}

// owned tells why a directory isn't this user's alone.
func owned(info fs.FileInfo, denied fs.FileMode) error {
	owner, known := Owner(info)
	if !known {
		return fmt.Errorf("%w: its owner isn't known", ErrForeign)
	}
	if owner != os.Geteuid() {
		return fmt.Errorf("%w: it belongs to user %d, and this is user %d", ErrForeign, owner, os.Geteuid())
	}
	if mode := info.Mode().Perm(); mode&denied != 0 {
		return fmt.Errorf("%w: its mode is %04o and must be %04o", ErrForeign, mode, mode&^denied)
	}
	return nil
}

// lockFile locks an open file or directory without waiting.
func lockFile(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}

// lockDir locks a directory of this user.
func lockDir(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|NoFollow, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		err = owned(info, 0)
	}
	if err == nil {
		err = lockFile(f)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// FreeSpace gives the bytes that the directory's disk has left for us, if it says.
func FreeSpace(dir string) (int64, bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || st.Blocks == 0 {
		return 0, false // writing will tell
	}
	return int64(st.Bavail) * int64(st.Bsize), true
}

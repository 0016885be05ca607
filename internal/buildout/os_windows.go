package buildout

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const openNoFollow = 0

// ownerOf says nothing: there are no user ids.
func ownerOf(fs.FileInfo) (int, bool) { return 0, false }

// checkOwner has nothing to look at: the user's temporary directory is the user's own.
func checkOwner(fs.FileInfo) error { return nil }

// lockFile locks f without waiting; errHeld says that another has it.
func lockFile(f *os.File) error {
	const all = ^uint32(0)
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, all, all, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return errHeld
	}
	return err
}

func inode(fs.FileInfo) uint64 { return 0 }

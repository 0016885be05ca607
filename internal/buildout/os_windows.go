package buildout

import (
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

const openNoFollow = 0

// checkOwner has nothing to look at: the user's temporary directory is the user's own.
func checkOwner(fs.FileInfo) error { return nil }

func lockFile(f *os.File) error {
	const all = ^uint32(0)
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY,
		0, all, all, new(windows.Overlapped))
}

func inode(fs.FileInfo) uint64 { return 0 }

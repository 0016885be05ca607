package scratch

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/windows"
)

// NoFollow does nothing: only an administrator makes links there.
const NoFollow = 0

// Owner says nothing: there are no user ids.
func Owner(fs.FileInfo) (int, bool) { return 0, false }

// owned has nothing to look at: the user's temporary directory is the user's own.
func owned(fs.FileInfo, fs.FileMode) error { return nil }

// lockFile locks the first byte of an open file, as target/src/work.py does, without waiting.
func lockFile(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return ErrHeld
	}
	return err
}

// lockDir locks nothing: a directory can't be locked there.
func lockDir(string) (*os.File, error) { return nil, errors.ErrUnsupported }

// FreeSpace gives the bytes that the directory's disk has left for us, if it says.
func FreeSpace(dir string) (int64, bool) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return 0, false // writing will tell
	}
	return int64(min(free, 1<<62)), true
}

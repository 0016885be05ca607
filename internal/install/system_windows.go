package install

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/pack"
	"golang.org/x/sys/windows"
)

const lockName = ".lock"

// lock is held while a directory is worked in; it ends with the process.
type lock struct{ f *os.File }

func lockDir(dir string) (*lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, new(windows.Overlapped))
	if err != nil {
		f.Close()
		return nil, err
	}
	return &lock{f}, nil
}

func (l *lock) unlock() { l.f.Close() }

func ownedByUs(fs.FileInfo) bool { return true }

func lookupOwner(text string) (*owner, error) {
	if text == "" {
		return nil, nil
	}
	return nil, usage(fmt.Errorf("--owner %s: Windows has no such owners", text), "leave --owner out")
}

func (o *owner) take(string) error { return nil }

func (o *owner) run(*exec.Cmd) {}

func enoughSpace(dir string, files *pack.Files) error {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return nil
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(path, &free, nil, nil); err != nil {
		return nil // unpacking will tell
	}
	if need := totalSize(files); free < uint64(need) {
		return surroundings(fmt.Errorf("unpacking into %s: %d MB are free, and %d MB are needed", filepath.Dir(dir), free>>20, need>>20+1), "make room on that disk")
	}
	return nil
}

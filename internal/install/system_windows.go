package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/binary-buildout/binary-buildout/pack"
	"golang.org/x/sys/windows"
)

// rename waits for whoever looks at a file just then, as virus scanners do with
// new ones: meanwhile it can't be renamed, nor what it lies in.
func rename(from, to string) error {
	for delay := 100 * time.Millisecond; ; delay *= 2 {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || delay > 4*time.Second {
			return err
		}
		time.Sleep(delay)
	}
}

func lookupOwner(text string) (*owner, error) {
	if text == "" {
		return nil, nil
	}
	return nil, usage(fmt.Errorf("--owner %s: Windows has no such owners", text), "leave --owner out")
}

func (o *owner) take(string) error { return nil }

func (o *owner) run(*exec.Cmd) {}

// freeSpace gives the bytes that the directory's disk has left for us, if it says.
func freeSpace(dir string) (int64, bool) {
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

func enoughSpace(dir string, files *pack.Files) error {
	if free, known := freeSpace(dir); known && free < totalSize(files) {
		need := totalSize(files)
		return surroundings(fmt.Errorf("unpacking into %s: %d MB are free, and %d MB are needed", filepath.Dir(dir), free>>20, need>>20+1), "make room on that disk")
	}
	return nil
}

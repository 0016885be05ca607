package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// fullDisk is a failure for want of room.
type fullDisk struct {
	error
	dir  string
	free int64
}

func (f *fullDisk) Unwrap() error { return f.error }
func (f *fullDisk) ExitCode() int { return exitSurroundings }
func (f *fullDisk) Hint() string {
	return fmt.Sprintf("the disk of %s is full (%d MB are free): make room there, or give another --stage or --out", f.dir, f.free>>20)
}

var saysFull = regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|not enough space on the disk`)

// scarce is so little room that what failed there failed by it. The programs of
// a build say so in many ways, and nothing at all when their log lies on that disk.
const scarce = 1 << 20

// ifFull makes a fullDisk of err if one of the disks that the step wrote to is full.
func ifFull(err error, dirs ...string) error {
	var hint hinted
	said := errors.Is(err, syscall.ENOSPC) || saysFull.MatchString(err.Error())
	if errors.As(err, &hint) && exitCode(err) == exitSurroundings && hint.Hint() != "" && !said {
		return err // it knows better
	}
	least := fullDisk{error: err, free: math.MaxInt64}
	for _, dir := range dirs {
		dir = existing(dir)
		if free, ok := scratch.FreeSpace(dir); ok && free < least.free {
			least.dir, least.free = dir, free
		}
	}
	if least.dir != "" && (said || least.free < scarce) {
		return &least
	}
	return err
}

// existing is dir, or the nearest directory above it that is there.
func existing(dir string) string {
	for dir != filepath.Dir(dir) {
		if _, err := os.Stat(dir); err == nil {
			break
		}
		dir = filepath.Dir(dir)
	}
	return dir
}

// writable refuses a directory for the archives that can't be written, before
// all is built. Nothing is left there.
func writable(dir string) error {
	tried, err := os.MkdirTemp(existing(dir), ".binary-buildout-")
	if err == nil {
		err = os.Remove(tried)
	}
	if err != nil {
		return &problem{text: "writing to the output directory " + dir + ": " + err.Error(), hint: "give another --out DIR", code: exitSurroundings}
	}
	return nil
}

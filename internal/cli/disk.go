package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"syscall"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

var saysFull = regexp.MustCompile(`(?i)no space left on device|disk quota exceeded|not enough space on the disk`)

// scarce is so little room that what failed there failed by it. The programs of
// a build say so in many ways, and nothing at all when their log lies on that disk.
const scarce = 1 << 20

// ifFull says how to make room if one of the disks that the step wrote to is full.
func ifFull(err error, dirs ...string) error {
	said := errors.Is(err, syscall.ENOSPC) || saysFull.MatchString(err.Error())
	if exitCode(err) == exitSurroundings && fault.HintOf(err, "") != "" && !said {
		return err // it knows better
	}
	least, free := "", int64(math.MaxInt64)
	for _, dir := range dirs {
		dir = existing(dir)
		if n, ok := scratch.FreeSpace(dir); ok && n < free {
			least, free = dir, n
		}
	}
	if least != "" && (said || free < scarce) {
		return fault.Surroundings(err, fmt.Sprintf("the disk of %s is full (%d MB are free): make room there, or give another --stage or --out", least, free>>20))
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
		return fault.Surroundings(fmt.Errorf("writing to the output directory %s: %w", dir, err), "give another --out DIR")
	}
	return nil
}

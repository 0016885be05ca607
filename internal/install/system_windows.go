package install

import (
	"errors"
	"os"
	"time"

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

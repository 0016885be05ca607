//go:build unix

package archive

import "syscall"

// umask sets the process's umask, and gives what sets it back.
func umask(mask int) func() {
	old := syscall.Umask(mask)
	return func() { syscall.Umask(old) }
}

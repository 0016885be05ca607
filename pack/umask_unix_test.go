//go:build unix

package pack

import (
	"syscall"
	"testing"
)

func withUmask(t *testing.T, mask int, f func()) {
	t.Helper()
	old := syscall.Umask(mask)
	defer syscall.Umask(old)
	f()
}

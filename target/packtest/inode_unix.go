//go:build unix

package packtest

import (
	"io/fs"
	"syscall"
	"testing"
)

// Inode is a file's number, to see whether it was replaced.
func Inode(info fs.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Ino) }

// MakePipe makes a named pipe, which nothing may wait on.
func MakePipe(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

//go:build unix

package pack_test

import (
	"io/fs"
	"syscall"
	"testing"
)

// inode is a file's number, to see whether it was replaced.
func inode(info fs.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Ino) }

// makePipe makes a named pipe, which nothing may wait on.
func makePipe(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

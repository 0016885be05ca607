package pack_test

import (
	"io/fs"
	"testing"
)

// inode says nothing on Windows.
func inode(fs.FileInfo) uint64 { return 0 }

// makePipe can't be done on Windows.
func makePipe(t testing.TB, path string) { t.Helper() }

package packtest

import (
	"io/fs"
	"testing"
)

// Inode says nothing on Windows.
func Inode(fs.FileInfo) uint64 { return 0 }

// MakePipe can't be done on Windows.
func MakePipe(t testing.TB, path string) { t.Helper() }

//go:build unix

package pack_test

import (
	"io/fs"
	"syscall"
)

// inode is a file's number, to see whether it was replaced.
func inode(info fs.FileInfo) uint64 { return uint64(info.Sys().(*syscall.Stat_t).Ino) }

//go:build !windows

package buildout

import (
	"io/fs"
	"syscall"
)

// inode tells two files at one path apart.
func inode(info fs.FileInfo) uint64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Ino
	}
	return 0
}

//go:build unix

package machinecode

import (
	"fmt"
	"io/fs"
	"syscall"
)

// identity tells a file that was written again, even with the same content, from
// one that was left alone.
func identity(info fs.FileInfo) string {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Sprint(info.ModTime().UnixNano())
	}
	return fmt.Sprint(st.Dev, st.Ino, info.ModTime().UnixNano())
}

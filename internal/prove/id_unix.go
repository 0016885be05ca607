//go:build unix

package prove

import (
	"fmt"
	"io/fs"
	"syscall"
)

// fileID tells a file that was written again, even with the same content, from
// one that was left alone.
func fileID(fi fs.FileInfo) string {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Sprint(fi.ModTime().UnixNano())
	}
	return fmt.Sprint(st.Dev, st.Ino, fi.ModTime().UnixNano())
}

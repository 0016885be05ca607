package machinecode

import (
	"io/fs"
	"syscall"
	"time"
)

// stamp tells a file from another one, and from itself after any change.
type stamp struct {
	dev, ino       uint64
	size           int64
	content, inode int64 // nanoseconds
}

// settled is how long ago a file's inode has to have changed: the kernel's clock
// for it advances by up to 10 ms at a time, and a second change may lie in the same tick.
const settled = time.Second

// stampOf gives a file's stamp, and whether it is sure to differ after a change.
func stampOf(info fs.FileInfo) (stamp, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stamp{}, false
	}
	changed := time.Unix(st.Ctim.Unix())
	s := stamp{uint64(st.Dev), st.Ino, st.Size, info.ModTime().UnixNano(), changed.UnixNano()}
	return s, time.Since(changed) > settled
}

package prove

import (
	"fmt"
	"io/fs"
)

// fileID tells a file that was written again from one that was left alone.
func fileID(fi fs.FileInfo) string { return fmt.Sprint(fi.ModTime().UnixNano()) }

package pack_test

import "io/fs"

// inode says nothing on Windows.
func inode(fs.FileInfo) uint64 { return 0 }

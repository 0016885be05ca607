//go:build !linux

package machinecode

import "io/fs"

// stamp is nothing where the time of an inode isn't known.
type stamp struct{}

func stampOf(fs.FileInfo) (stamp, bool) { return stamp{}, false }

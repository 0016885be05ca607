package ownership

import "io/fs"

// ours: who owns a file isn't looked at.
func Ours(fs.FileInfo) bool { return true }

// rootsAlone: there is no root.
func MayRun(string) bool { return true }

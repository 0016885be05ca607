package ownership

import "path/filepath"

// RealPath gives an absolute path without links.
func RealPath(path string) (string, error) { return filepath.EvalSymlinks(path) }

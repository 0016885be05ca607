package install

import "path/filepath"

// realPath gives an absolute path without links.
func realPath(path string) (string, error) { return filepath.EvalSymlinks(path) }

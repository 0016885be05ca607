//go:build linux

package acceptance

import (
	"path/filepath"
	"testing"
)

// withTools copies the Python of a minor version, and gives the copy
// distributions, as whoever builds has them: pip, which runs there, and others.
func withTools(t *testing.T, minor string, tools []string) string {
	t.Helper()
	s := &server{t: t, python: newPython(t, minor)}
	s.python.move(t) // to a path without a space, which no shebang takes
	s.pip(filepath.Join(s.python.prefix, "lib", "python"+minor, "site-packages"), tools)
	return s.python.executable()
}

//go:build unix

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// TestScriptProgram: install.sh runs no install.py but its own, wherever it comes from:
// beside it, of a folder, of a server; and one that is nowhere is said.
func TestScriptProgram(t *testing.T) {
	s := newScript(t, packReal(t, t.TempDir(), "1.0"))
	marker := filepath.Join(t.TempDir(), "ran")
	beside := newScriptOf(t)
	python := "--python=" + installtest.Python(t, "3.13")
	parent := t.TempDir()
	try := func(what string, code int, want, path string, args ...string) {
		t.Helper()
		got, out := run(t, shell(t, shells[0], "curl"), append([]string{path, "--into", filepath.Join(parent, "app"), python}, args...)...)
		if got != code || !strings.Contains(out, want) || !strings.Contains(out, "\nhint: ") {
			t.Errorf("%s: exit code %d\n%s", what, got, out)
		}
		onlyThese(t, parent)
		if _, err := os.Lstat(marker); err == nil {
			t.Errorf("%s: it was run", what)
		}
	}
	const wrong = "install.py is not the one of this install.sh"
	harmless := "open(" + "'" + marker + "'" + ", 'w').close()\n"
	for _, dir := range []string{filepath.Dir(beside), s.dist} {
		mkfile(t, filepath.Join(dir, "install.py"), harmless)
	}
	try("beside", 1, wrong, beside, "--from", s.dist)
	try("folder", 1, wrong, s.path, "--from", s.dist)
	try("release", 1, wrong, s.path)
	if err := os.Remove(filepath.Join(s.dist, "install.py")); err != nil {
		t.Fatal(err)
	}
	try("no folder's", 2, "does not have it", s.path, "--from", s.dist)
	try("no release's", 2, "/install.py: it is not there", s.path)
}

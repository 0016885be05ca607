package buildout

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The index's wheel of a version for the tree's Python; none of a version that has no wheel.
func TestIndexWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("asks the package index")
	}
	in, err := FindPython(context.Background(), python(t, "3.13"), "")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	tree := &Tree{Root: filepath.Join(tmp, "root"), Interpreter: in, options: Options{Env: append(os.Environ(), "PIP_NO_BINARY=:all:"), OS: "linux"},
		stage: stageAt(filepath.Join(tmp, "root"), filepath.Join(tmp, "side"))}
	if got := tree.IndexWheel(context.Background(), "MarkupSafe", "3.0.2"); len(got) != 1 || !slices.Contains([]string{
		"markupsafe/_speedups.cpython-313-x86_64-linux-gnu.so", "markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so"}, got[0]) {
		t.Errorf("got %q", got)
	}
	if got := tree.IndexWheel(context.Background(), "MarkupSafe", "1.1.1"); got != nil { // there are none for this Python
		t.Errorf("got %q", got)
	}
}

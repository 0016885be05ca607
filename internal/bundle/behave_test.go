package bundle_test

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// pipWheel is pip as the interpreter brings it, or Debian beside its own.
func pipWheel(t *testing.T) string {
	t.Helper()
	own := filepath.Join(filepath.Dir(filepath.Dir(testtool.Python(t, "3.13"))), "lib/python3.13/ensurepip/_bundled")
	for _, dir := range []string{own, "/usr/share/python-wheels"} {
		found, err := filepath.Glob(filepath.Join(dir, "pip-*.whl"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("there is no wheel of pip in %s, nor in /usr/share/python-wheels", own)
	return ""
}

// behaves has a moved copy do what applications count on: testdata/behave.py.
func behaves(t *testing.T, o bundle.Options, b *bundle.Bundle, place string) {
	t.Helper()
	script, err := filepath.Abs("testdata/behave.py")
	if err != nil {
		t.Fatal(err)
	}
	pip := pipWheel(t)
	relocate(t, o, b, place)
	work := t.TempDir()
	cmd := exec.Command(filepath.Join(place, filepath.FromSlash(b.Executable)), "-Bs", script, filepath.Join(place, b.Directory), o.Prefix, work, pip)
	cmd.Env = []string{"PATH=/nonexistent", "LC_ALL=C.UTF-8", "HOME=" + work, "PYTHONDONTWRITEBYTECODE=1"}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: %v\n%s", o.Executable, err, out)
	}
	if _, err := os.Stat(filepath.Join(work, "an environment ü")); err != nil {
		t.Error(err)
	}
}

// relocate brings what names the tree to the place that it was moved to, as bootstrap.py does.
func relocate(t *testing.T, o bundle.Options, b *bundle.Bundle, place string) {
	t.Helper()
	for _, f := range b.Files {
		if !strings.HasPrefix(path.Base(f.Path), "_sysconfigdata") {
			continue
		}
		file := filepath.Join(place, filepath.FromSlash(f.Path))
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, bytes.ReplaceAll(text, []byte(o.Root), []byte(place)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

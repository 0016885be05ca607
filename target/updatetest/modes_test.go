package updatetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// private gives some files and directories modes that a part chose. root is in
// some of them, so bootstrap.py writes them; others travel as they are.
func private(number string) func(map[string]string) {
	return func(files map[string]string) {
		modes := map[string]string{"plain.conf": "640", "root.conf": "640", "tool": "750", "later.conf": "644", "same.conf": "440", "run/": "750", "mod.py": "640"}
		if number == "2.0" {
			modes = map[string]string{"plain.conf": "600", "root.conf": "644", "tool": "711", "later.conf": "640", "same.conf": "440", "run/": "710", "mod.py": "600"}
		}
		for name, mode := range modes {
			text := "plain\n"
			if name != "plain.conf" && name != "same.conf" {
				text = "# ROOT " + number + "\n"
			}
			files["parts/private/"+name+"|"+mode] = text
		}
	}
}

// TestUpdateModes: modes that a part chose are there after an install, an
// update and a rollback, bit for bit, and --check says where others got a right.
func TestUpdateModes(t *testing.T) {
	for _, minor := range packtest.BothPythons() {
		python := packtest.FindPython(t, minor)
		old, new := packVersion(t, python, "1.0", private("1.0")), packVersion(t, python, "2.0", private("2.0"))
		root := filepath.Join(t.TempDir(), "app")
		expect := func(when string, modes ...string) {
			t.Helper()
			for i, name := range []string{"plain.conf", "root.conf", "tool", "later.conf", "same.conf", "run", "mod.py"} {
				info, err := os.Lstat(filepath.Join(root, "parts/private", name))
				must(t, err)
				if got := fmt.Sprintf("%o", info.Mode().Perm()); got != modes[i] {
					t.Errorf("python%s, %s: %s has mode %s, want %s", minor, when, name, got, modes[i])
				}
			}
		}
		first := []string{"640", "640", "750", "644", "440", "750", "640"}
		old.install(t, root)
		expect("installed", first...)
		before := wholeTree(t, root)
		ways["delta"](t, old, new, root)
		old.bootstrap(t, root).Must(t, "update")
		expect("updated", "600", "644", "711", "640", "440", "710", "600")
		new.bootstrap(t, root, "--check").Must(t, "--check")
		new.bootstrap(t, root, "--rollback").Must(t, "rollback")
		expect("rolled back", first...)
		packtest.SameMap(t, before, wholeTree(t, root))
		moved := root + "-moved"
		must(t, os.Rename(root, moved))
		root = moved
		old.bootstrap(t, root).Must(t, "moved")
		expect("moved", first...)
		must(t, os.Chmod(filepath.Join(root, "parts/private/root.conf"), 0o600)) // less is the administrator's affair
		old.bootstrap(t, root, "--check").Must(t, "--check")
		must(t, os.Chmod(filepath.Join(root, "parts/private/root.conf"), 0o644))
		if r := old.bootstrap(t, root, "--check"); r.Code != 1 || !strings.Contains(r.Out, "open to others: parts/private/root.conf has mode 0644, and was packed with 0640") {
			t.Errorf("python%s, --check: exit %d: %s%s", minor, r.Code, r.Out, r.Err)
		}
	}
}

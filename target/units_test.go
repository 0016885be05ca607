package target_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUnits runs the tests of the modules in src, which are Python's unittest,
// with every Python, one process each. See src/tests.
func TestUnits(t *testing.T) {
	here := t.TempDir() // where the programs lie beside what they are made of
	if err := os.CopyFS(here, os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"bootstrap.py": string(target.Bootstrap()), "launcher.py": string(target.Launcher()), "install.py": target.InstallProgram()} {
		if err := os.WriteFile(filepath.Join(here, name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	discover := []string{"-B", "-m", "unittest", "discover", "-t", "src", "-s", "src/tests"}
	run := func(t *testing.T, cmd *exec.Cmd) {
		out, err := cmd.CombinedOutput()
		ran := regexp.MustCompile(`(?m)^Ran ([0-9]+) tests`).FindSubmatch(out)
		if err != nil || ran == nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if n, _ := strconv.Atoi(string(ran[1])); n < 40 {
			t.Errorf("%d tests\n%s", n, out)
		}
	}
	for _, minor := range packtest.EveryPython() {
		t.Run(minor, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(testtool.Python(t, minor), discover...)
			cmd.Dir = here
			run(t, cmd)
		})
	}
	for _, minor := range []string{"3.14", "3.15"} {
		t.Run(minor, func(t *testing.T) {
			if testing.Short() {
				t.Skip("needs the root of another Debian")
			}
			t.Parallel()
			run(t, testroot.Forky(t).Command(here, append([]string{"python" + minor}, discover...)...))
		})
	}
}

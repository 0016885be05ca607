package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"binary-buildout": func() { os.Exit(run()) },
	})
}

// TestScript runs testdata/script: one file for each promise (docs/promises.md). A
// script sees the examples at $EXAMPLES and the interpreters as $PYTHON313.
func TestScript(t *testing.T) {
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds:                pageScript(t),
		Condition:           condition,
		Setup: func(env *testscript.Env) error {
			env.Setenv("EXAMPLES", filepath.Join(root, "examples"))
			env.Setenv("PYTHON313", findPython("3.13"))
			env.Setenv("PYTHON38", findPython("3.8"))
			for _, name := range []string{"DOTNET_ROOT", "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"} {
				env.Setenv(name, os.Getenv(name))
			}
			env.Setenv("PWSH", os.Getenv("BINARY_BUILDOUT_PWSH"))
			// A stage of the script's own: another program may build the same example.
			env.Setenv("STAGE", filepath.Join(env.WorkDir, "stage"))
			home := filepath.Join(env.WorkDir, "home")
			env.Setenv("HOME", home)
			env.Vars = append(env.Vars, surroundings()...)
			return os.Mkdir(home, 0o755)
		},
	})
}

// condition knows [lacks:PROGRAM], also for a Python (python3.13) or a file by its path, which is an error in
// CI, since nothing is skipped there unseen; [powershell], which .ci/powershell.sh makes true; and
// [published], for what takes too long in each CI (examples/published/README.md).
func condition(cond string) (bool, error) {
	if program, ok := strings.CutPrefix(cond, "lacks:"); ok {
		_, err := exec.LookPath(program)
		if filepath.IsAbs(program) {
			_, err = os.Stat(program)
		}
		if minor, ok := strings.CutPrefix(program, "python"); ok {
			_, err = testtool.FindPython(minor)
		}
		if err != nil && os.Getenv("CI") == "true" {
			return true, err
		}
		return err != nil, nil
	}
	if cond == "powershell" {
		return os.Getenv("BINARY_BUILDOUT_PWSH") != "", nil
	}
	if cond == "published" {
		return os.Getenv("BINARY_BUILDOUT_PUBLISHED") != "", nil
	}
	return false, fmt.Errorf("there is no condition %q", cond)
}

// surroundings are the variables by which this machine reaches its package index.
func surroundings() []string {
	var out []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PIP_") || strings.HasPrefix(name, "SSL_CERT") || strings.HasSuffix(strings.ToLower(name), "_proxy") {
			out = append(out, entry)
		}
	}
	return out
}

// findPython gives the path of a CPython of a minor version, from pyenv or by its name from PATH.
func findPython(minor string) string {
	if found, err := testtool.FindPython(minor); err == nil {
		return found
	}
	return "python" + minor
}

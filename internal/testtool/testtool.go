// Package testtool finds the programs and the Pythons that a test needs. A test
// that lacks one is skipped by its name, and fails in CI.
package testtool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Lacks skips the test, since what it needs isn't here. In CI that is a failure:
// nothing is skipped there unseen.
func Lacks(t testing.TB, what string) {
	t.Helper()
	if inCI() {
		t.Fatalf("%s is missing", what)
		return
	}
	t.Skipf("%s is missing", what)
}

// inCI reports CI=true, as CI services set it, or BINARY_BUILDOUT_CI.
func inCI() bool {
	return os.Getenv("CI") == "true" || os.Getenv("BINARY_BUILDOUT_CI") != ""
}

// Has reports whether a program is in PATH, for a test that goes on without it
// and then shows less. In CI a missing one is a failure.
func Has(t testing.TB, name string) bool {
	t.Helper()
	_, err := exec.LookPath(name)
	if err != nil && inCI() {
		t.Fatalf("%s is missing", name)
	} else if err != nil {
		t.Logf("%s is missing: nothing is tried with it", name)
	}
	return err == nil
}

// Program gives the path of a program in PATH, the first that is there of
// several names. A test that lacks it is skipped.
func Program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	Lacks(t, strings.Join(names, " or "))
	return ""
}

// Compiler wants a C compiler that links, by the name that it returns.
func Compiler(t testing.TB) string {
	t.Helper()
	if _, err := os.Stat("/usr/include/stdio.h"); err != nil {
		Lacks(t, "a C library's headers")
	}
	return Program(t, "cc", "gcc", "clang")
}

// Python gives the path of a CPython of a minor version, "3.13". A test that
// lacks it is skipped.
func Python(t testing.TB, minor string) string {
	t.Helper()
	p, err := FindPython(minor)
	if err != nil {
		Lacks(t, err.Error())
	}
	return p
}

// PythonWith gives a Python that has a module: Debian's has no pip. A test that
// lacks it is skipped.
func PythonWith(t testing.TB, minor, module string) string {
	t.Helper()
	p := Python(t, minor)
	if exec.Command(p, "-c", "import "+module).Run() != nil {
		Lacks(t, p+"'s module "+module)
	}
	return p
}

// Musl gives the CPython that .ci/musl-python.sh makes, one that runs on musl's
// loader and library. cache is testcache's directory.
func Musl(t testing.TB, cache string) string {
	t.Helper()
	python := filepath.Join(cache, "musl-3.11", "bin", "python3.11")
	if _, err := os.Stat(python); err != nil {
		Lacks(t, "a Python on musl (./test makes it)")
	}
	return python
}

// pythons are those that FindPython has found, by what it looked for and where: a
// package's tests ask for the same one hundreds of times.
var pythons sync.Map

// FindPython looks for a CPython of a minor version as .ci/python does: pyenv's,
// PATH's, uv's. Its error names it and the places. In PATH a shim of pyenv's may
// stand for a version that isn't chosen, so that each one is run.
func FindPython(minor string) (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("looking for python%s: %w", minor, err)
	}
	pyenv, uv := os.Getenv("PYENV_ROOT"), os.Getenv("UV_PYTHON_INSTALL_DIR")
	if pyenv == "" {
		pyenv = filepath.Join(home, ".pyenv")
	}
	if uv == "" {
		uv = filepath.Join(home, ".local", "share", "uv", "python")
	}
	key := strings.Join([]string{minor, pyenv, uv, os.Getenv("PATH")}, "\n")
	if p, ok := pythons.Load(key); ok {
		return p.(string), nil
	}
	found, _ := filepath.Glob(filepath.Join(pyenv, "versions", minor+".*", "bin", "python"+minor))
	if p, err := exec.LookPath("python" + minor); err == nil {
		found = append(found, p)
	}
	more, _ := filepath.Glob(filepath.Join(uv, "cpython-"+minor+".*", "bin", "python"+minor))
	for _, p := range append(found, more...) {
		out, err := exec.Command(p, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
		if err == nil && strings.TrimSpace(string(out)) == minor {
			pythons.Store(key, p)
			return p, nil
		}
	}
	return "", fmt.Errorf("python%s of %s, PATH or %s", minor, pyenv, uv)
}

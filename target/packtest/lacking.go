package packtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Lacking gives an interpreter like python whose standard library is without
// some extension modules, as one is that was compiled without the headers of a
// library: whoever is started by it lacks them too, whatever flags it is given.
// Modules that python hasn't itself don't matter.
func Lacking(t testing.TB, python string, modules ...string) string {
	t.Helper()
	out, err := exec.Command(python, "-sE", "-c", "import os, sys; sys.stdout.write(os.path.dirname(os.path.realpath(os.__file__)))").Output()
	if err != nil {
		t.Fatal(err)
	}
	library := string(out)
	prefix := t.TempDir()
	var without []string
	lacking := filepath.Join(prefix, "lib", filepath.Base(library))
	link := func(from, to string, skip func(name string) bool) {
		entries, err := os.ReadDir(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if skip(e.Name()) {
				continue
			}
			if err := os.Symlink(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
				t.Fatal(err)
			}
		}
	}
	link(library, lacking, func(name string) bool { return name == "lib-dynload" || name == "site-packages" })
	link(filepath.Join(library, "lib-dynload"), filepath.Join(lacking, "lib-dynload"), func(name string) bool {
		module, _, _ := strings.Cut(name, ".")
		left := slices.Contains(modules, module)
		if left {
			without = append(without, module)
		}
		return left
	})
	real, err := filepath.EvalSymlinks(python)
	if err != nil {
		t.Fatal(err)
	}
	interpreter := filepath.Join(prefix, "bin", filepath.Base(real))
	WriteFile(t, interpreter, ReadFile(t, real))
	if err := os.Chmod(interpreter, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, m := range without {
		if exec.Command(interpreter, "-sE", "-c", "import "+m).Run() == nil {
			t.Fatalf("%s still has %s", python, m)
		}
	}
	return interpreter
}

// Optional are the extension modules that CPython's build leaves out where the
// headers of a library are missing: one at a time, and those at once that nothing
// here imports.
func Optional() [][]string {
	return [][]string{{"_ssl"}, {"_hashlib"}, {"zlib"}, {"_bz2", "bz2"}, {"_lzma"}, {"_ctypes"}, {"_uuid", "_sqlite3", "_curses", "readline", "_tkinter", "crypt", "nis", "_dbm", "_gdbm"}}
}

package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

var allPythons = []string{"2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"}

// newest are those that only a newer Debian has.
var newest = []string{"3.14", "3.15"}

// stdlibTree copies parts of an interpreter's own library, a large real
// source, into an egg, and adds what is known to be unstable.
func stdlibTree(t *testing.T, python, root string, packages ...string) {
	t.Helper()
	egg := filepath.Join(root, "eggs", "x.egg")
	check(t, os.MkdirAll(egg, 0o755))
	out, err := exec.Command(python, append([]string{"-c", copyLibrary, egg}, packages...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check(t, os.WriteFile(filepath.Join(root, "eggs/x.egg/sets.py"), []byte(unstable), 0o644))
	check(t, os.MkdirAll(filepath.Join(root, "src/dev"), 0o755))
	check(t, os.WriteFile(filepath.Join(root, "src/dev/ü.py"), []byte("# coding: utf-8\nx = u'ü'\n"), 0o644))
	check(t, os.WriteFile(filepath.Join(root, "eggs/x.egg/template.py"), []byte("x = {{ y\n"), 0o644))
}

// copyLibrary runs in the interpreter, whose files may lie in another root.
const copyLibrary = `
import os, shutil, sys
for name in sys.argv[2:]:
    src, dst = os.path.join(os.path.dirname(os.__file__), name), os.path.join(sys.argv[1], name)
    (shutil.copytree if os.path.isdir(src) else shutil.copyfile)(src, dst)
`

const unstable = `
def f(x):
    return x in {None, "", "none", "None", 0, 1.5, b"bytes", (1, None), (None, ("deep", 2)), 7}
def h(x):
    return x in {None, 1, 2, 3, 4, 5, 6, 8, "x", "y", "z"} or x in {-0.0, None, "b"} or x in {None, 9, 10, 11}
def g(x):
    return x in {"alpha", "beta", "gamma", "delta", "a b", "c d"}
class A(object):
    def m(self):
        alpha = beta = gamma = None
        def inner():
            return alpha, beta, gamma, self
        return inner
big = 123456789012345678901234567890, 1e300, 1j, True
`

// TestBytecodeDependsOnTheSourceAlone compiles the same sources twice, in
// another directory, another order, another number of processes, another hash seed.
func TestBytecodeDependsOnTheSourceAlone(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	for _, v := range append(allPythons, newest...) {
		t.Run(v, func(t *testing.T) {
			python := testroot.Python(t, v)
			a := compileTree(t, python, t.TempDir(), 1, false)
			t.Setenv("PYTHONHASHSEED", "77")
			b := compileTree(t, python, filepath.Join(t.TempDir(), "another", "longer"), 3, true)
			if len(a) != len(b) || len(a) < 50 {
				t.Fatalf("%d and %d files", len(a), len(b))
			}
			for p, data := range a {
				if !bytes.Equal(data, b[p]) {
					t.Errorf("%s differs", p)
				}
			}
		})
	}
}

func compileTree(t *testing.T, python, root string, jobs int, reverse bool) map[string][]byte {
	t.Helper()
	stdlibTree(t, python, root, "json", "logging", "email", "ctypes", "xml", "unittest", "decimal.py", "tarfile.py", "argparse.py")
	a, err := Scan(root, Rules{})
	check(t, err)
	if reverse {
		for i, j := 0, len(a.Files)-1; i < j; i, j = i+1, j-1 {
			a.Files[i], a.Files[j] = a.Files[j], a.Files[i]
		}
	}
	p, rep, err := CompileBytecode(context.Background(), &Plan{List: *a}, Compile{Python: python, Dir: t.TempDir(), Epoch: time.Unix(archive.DefaultEpoch, 0), Jobs: jobs})
	check(t, err)
	if len(rep.Skipped) == 0 {
		t.Error("the template compiled")
	}
	out := map[string][]byte{}
	for i := range p.Files {
		if f := &p.Files[i]; path.Ext(f.Path) == ".pyc" {
			data, err := os.ReadFile(f.Source)
			check(t, err)
			if bytes.Contains(data, []byte(root)) {
				t.Errorf("%s holds %s", f.Path, root)
			}
			out[f.Path] = data
		}
	}
	return out
}

// TestBytecodeIsUsed unpacks an archive on a read-only tree, imports from it
// and compares with code compiled from the source.
func TestBytecodeIsUsed(t *testing.T) {
	pythons := append(allPythons, newest...)
	if testing.Short() {
		pythons = []string{"2.7", "3.6", "3.13"}
	}
	for _, v := range pythons {
		t.Run(v, func(t *testing.T) {
			python := testroot.Python(t, v)
			root := filepath.Join(t.TempDir(), "stage")
			stdlibTree(t, python, root, "json", "logging")
			a, err := Scan(root, Rules{})
			check(t, err)
			p, err := Relocate(a, testOrigin(root), v)
			check(t, err)
			check(t, p.Report.Err())
			p, _, err = CompileBytecode(context.Background(), p, Compile{Python: python, Dir: t.TempDir(), Epoch: time.Unix(archive.DefaultEpoch, 0)})
			check(t, err)
			dir := filepath.Join(t.TempDir(), "there")
			check(t, archive.Extract(context.Background(), save(t, written(t, p, testManifest(), archive.FormatTarGz), "a.tar.gz"), dir, archive.ExtractOptions{}))
			cmd := exec.Command(python, "-sSv", "-c", fmt.Sprintf(useBytecode, dir))
			cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			said := string(out)
			if !strings.Contains(said, "same code") {
				t.Errorf("no code: %s", said)
			}
			for _, name := range []string{"json/__init__.py", "json/decoder.py", "sets.py"} {
				file := filepath.Join(dir, "eggs/x.egg", name)
				pyc := "matches " + file
				if v == "2.7" {
					pyc = file + "c matches " + file
				}
				if !strings.Contains(said, pyc) {
					t.Errorf("%s was compiled again", name)
				}
			}
		})
	}
}

// TestBytecodeInterrupted: an interrupted run says so, and doesn't blame a source.
func TestBytecodeInterrupted(t *testing.T) {
	python := findPython(t, "3.13")
	root := filepath.Join(t.TempDir(), "stage")
	stdlibTree(t, python, root, "json", "logging")
	a, err := Scan(root, Rules{})
	check(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err = CompileBytecode(ctx, &Plan{List: *a}, Compile{Python: python, Dir: t.TempDir(), Epoch: time.Unix(archive.DefaultEpoch, 0)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

const useBytecode = `
import sys, os, marshal
sys.path[:0] = [os.path.join(%q, "eggs", "x.egg")]
for name in ("json", "json.decoder", "logging", "logging.config", "sets"):
    sys.modules.pop(name, None)
import json, json.decoder, sets
def same(a, b):
    for n in dir(a):
        if not n.startswith("co_") or n in ("co_lines", "co_positions", "co_branches"):
            continue
        x, y = getattr(a, n), getattr(b, n)
        if n == "co_consts":
            assert len(x) == len(y), (a, n)
            for p, q in zip(x, y):
                if hasattr(p, "co_code"):
                    same(p, q)
                else:
                    assert p == q and type(p) is type(q) and (not isinstance(p, (float, tuple)) or repr(p) == repr(q)), (a, p, q)
        else:
            assert x == y, (a, n, x, y)
for m in (json, json.decoder, sets):
    source = m.__file__[:-1] if m.__file__.endswith("c") else m.__file__
    assert m.__file__.startswith(sys.path[0]), m.__file__
    code = compile(open(source, "rb").read(), source, "exec", 0, True)
    pyc = m.__spec__.cached if sys.version_info[0] == 3 else m.__file__
    data = open(pyc, "rb").read()
    skip = 16 if sys.version_info >= (3, 7) else 12 if sys.version_info[0] == 3 else 8
    loaded = marshal.loads(data[skip:])
    assert loaded.co_filename == os.path.relpath(source, %[1]q), loaded.co_filename
    if sys.version_info[0] == 3:
        f = sets.f.__code__.co_filename
    def strip(c):
        return c
    same_code = compile(open(source, "rb").read(), loaded.co_filename, "exec", 0, True)
    same(loaded, same_code)
assert sets.f.__code__.co_filename == os.path.join(sys.path[0], "sets.py"), sets.f.__code__.co_filename
assert sets.f(None) and sets.f((1, None)) and not sets.f("x")
print("same code")
`

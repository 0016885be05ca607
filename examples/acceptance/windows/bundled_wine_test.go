//go:build linux && wine

package windows

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack"
)

// TestBundled: Windows' Python comes along, and nothing else of it has to be on
// the server: bootstrap.cmd starts it at any place, and again after a move.
func TestBundled(t *testing.T) {
	if os.Getenv("BINARY_BUILDOUT_BUNDLED") == "" {
		t.Skip("packs and proves another archive under wine: BINARY_BUILDOUT_BUNDLED=1 runs it")
	}
	w := newWine(t)
	file := w.pack("--bundle-python")
	w.check(os.RemoveAll(w.drive("users/Jürgen")))
	w.check(os.RemoveAll(filepath.Join(w.work, "checkout")))
	w.index, w.at = "", third // where nothing looks for one

	tree := filepath.Join(w.work, "ü place", "app")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	w.program(0, "install", w.z(file), "--into", w.z(tree))
	w.underOwn(tree)
	w.clean(tree, pack.Origin{Root: stage, Interpreter: exe(build), Prefix: strings.TrimSuffix(exe(build), `\python.exe`)})
	for _, never := range []string{"lib/test", "lib/idlelib", "lib/tkinter", "lib/_testcapi.pyd", "lib/tcl86t.dll", "lib/ensurepip/_bundled", "libs", "include"} {
		if _, err := os.Stat(filepath.Join(tree, "python-3.13.5", never)); err == nil {
			t.Errorf("%s came along", never)
		}
	}

	old := tree
	tree = filepath.Join(w.work, "third")
	w.check(os.Rename(old, tree))
	if said := w.run(w.at, 0, "cmd", "/c", w.z(tree)+`\bootstrap.cmd`); !strings.Contains(said, `next: bin\buildout`) {
		t.Errorf("bootstrap.cmd: %s", said)
	}
	w.updates(tree, "")
	w.underOwn(tree)
	w.run(w.at, 0, "cmd", "/c", w.z(tree)+`\bootstrap.cmd`, "--check")

	starter := filepath.Join(tree, "bootstrap.cmd")
	text, err := os.ReadFile(starter)
	w.check(err)
	w.check(os.WriteFile(starter, []byte(strings.Replace(string(text), "MACHINES=AMD64 ARM64", "MACHINES=ARM64", 1)), 0o644))
	if said := w.run(w.at, 2, "cmd", "/c", w.z(starter)); !strings.Contains(said, "error: this archive is for cp313-win_amd64, and this machine is AMD64") {
		t.Errorf("bootstrap.cmd for another machine: %s", said)
	}
}

// underOwn runs the tree's scripts, which start the tree's own Python.
func (w *wine) underOwn(tree string) {
	w.t.Helper()
	own := w.z(tree) + `\python-3.13.5`
	said := w.run(w.at, 0, w.z(tree)+`\bin\demo.exe`)
	for _, want := range []string{"demo of " + w.z(tree) + `\src\demo\src\demo\__init__.py`, "python of " + own + `\python.exe`} {
		if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
			w.t.Errorf("bin\\demo: no %q in\n%s", want, said)
		}
	}
	const code = "import bz2, ctypes, hashlib, lzma, sqlite3, ssl, sys, zlib; ssl.create_default_context(); print(sys.prefix, ssl._ssl.__file__)"
	said = strings.ToLower(w.run(w.at, 0, w.z(tree)+`\bin\py.exe`, "-c", code))
	if own = strings.ToLower(own); !strings.HasPrefix(said, own+" "+own+`\`) {
		w.t.Errorf("bin\\py: %s", said)
	}
}

//go:build linux && wine

package windows

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack"
)

// TestVirtualenv packs a buildout that is a virtualenv, which a person made
// with venv and pip, and has it work at another place, by another Python.
func TestVirtualenv(t *testing.T) {
	w := newWine(t)
	w.tools()
	w.launchers()
	const place = `C:\users\Jürgen\checkout`
	checkout := w.drive("users/Jürgen/checkout")
	w.serve(pins(w, "testdata/app/buildout.cfg"))
	w.at = build
	w.run(build, 0, exe(build), "-sE", "-m", "venv", "--without-pip", place)
	w.check(os.CopyFS(checkout, os.DirFS("testdata/venv")))
	w.check(os.WriteFile(filepath.Join(checkout, "index.cfg"), []byte("[buildout]\nindex = "+w.index+"\n"), 0o644))
	wheels, err := filepath.Glob(filepath.Join(w.cache, "wine-wheels", "pip-*.whl"))
	w.check(err)
	w.check(os.CopyFS(filepath.Join(w.work, "unpacked"), os.DirFS(unzipped(w, wheels[0]))))
	python := place + `\Scripts\python.exe`
	w.run(build, 0, append([]string{python, "-sE", `Z:\w\unpacked\pip\__main__.py`, "-q", "--disable-pip-version-check", "install", "--ignore-installed", "--no-compile"},
		"zc.buildout==6.0.1", "setuptools==84.2.1", "pip==26.3", "wheel==0.48.0", "packaging==26.3")...)
	w.run(build, 0, python, "-sE", "-m", "pip", "-q", "--disable-pip-version-check", "install", "--no-index", "--no-build-isolation", "-e", place+`\own`)
	w.run(build, 0, place+`\Scripts\buildout.exe`, "-c", place+`\buildout.cfg`)
	said := w.run(build, 0, exe(build), `Z:\w\drive.py`, `Z:\w\binary-buildout.exe`, "pack", place, "--in-place", "--python", exe(build), "--out", `Z:\w\dist`)
	t.Logf("pack:\n%s", said)
	w.check(os.RemoveAll(w.drive("users/Jürgen")))
	w.index, w.at = "", other

	tree := filepath.Join(w.work, "ü place", "venv")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	w.program(0, "install", `Z:\w\dist\venv-1.0-cp313-win_amd64.zip`, "--into", w.z(tree), "--python", exe(other))
	w.environment(tree)
	for _, program := range []string{`\bin\buildout.exe`, `\Scripts\buildout.exe`} {
		said := w.run(w.at, 0, w.z(tree)+program, "-o")
		if !strings.Contains(said, "Updating scripts.") || strings.Contains(said, "Generated") {
			t.Errorf("%s: %s", program, said)
		}
	}
	w.clean(tree, pack.Origin{Root: place, Interpreter: exe(build), Prefix: strings.TrimSuffix(exe(build), `\python.exe`)})

	old := tree
	tree = filepath.Join(w.work, "third")
	w.check(os.Rename(old, tree))
	w.at = third
	w.bootstrap(0, tree)
	w.environment(tree)
	w.clean(tree, pack.Origin{Root: w.z(old), Interpreter: exe(other)})
}

// environment runs what a virtualenv has for its users: its Python, scripts that
// pip and buildout wrote, activate.bat.
func (w *wine) environment(tree string) {
	w.t.Helper()
	home := strings.TrimSuffix(exe(w.at), `\python.exe`)
	url := "file:///" + strings.NewReplacer(`\`, "/", "ü", "%C3%BC", " ", "%20").Replace(w.z(tree)) + "/own"
	for _, command := range [][]string{
		{`\Scripts\python.exe`, "-c", "import own; own.main()"}, {`\Scripts\own.exe`}, {`\bin\own.exe`}, {`\bin\py.exe`, "-c", "import own; own.main()"},
	} {
		said := w.run(w.at, 0, append([]string{w.z(tree) + command[0]}, command[1:]...)...)
		for _, want := range []string{"own of " + w.z(tree) + `\own\src\own.py`, "prefix " + w.z(tree), "base " + home, url} {
			if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
				w.t.Errorf("%s: no %q in\n%s", command[0], want, said)
			}
		}
	}
	if said := w.run(w.at, 0, w.z(tree)+`\Scripts\pip.exe`, "--version"); !strings.Contains(strings.ToLower(said), strings.ToLower(w.z(tree)+`\Lib\site-packages\pip`)) {
		w.t.Errorf("pip: %s", said)
	}
	data, err := os.ReadFile(filepath.Join(tree, "Scripts", "activate.bat"))
	if err != nil || !strings.Contains(string(data), `set "VIRTUAL_ENV=`+w.z(tree)+`"`) {
		w.t.Errorf("activate.bat: %v\n%s", err, data)
	}
	if w.at != third {
		return // wine's cmd reads no file in UTF-8, whatever chcp says
	}
	w.check(os.WriteFile(filepath.Join(w.work, "activated.bat"), []byte("@call \"%~1\\Scripts\\activate.bat\"\r\n@python -c \"import sys; print(sys.prefix)\"\r\n"), 0o644))
	if said := w.run(w.at, 0, "cmd", "/c", `Z:\w\activated.bat`, w.z(tree)); !strings.Contains(strings.ToLower(said), strings.ToLower(w.z(tree))) {
		w.t.Errorf("activate.bat: %s", said)
	}
}

// launchers gives the test a Python whose venv has what Scripts\python.exe is
// made of: the one in the cache is without. And without pip, which has that in
// its lib, before any site-packages.
func (w *wine) launchers() {
	w.t.Helper()
	python := filepath.Join(w.t.TempDir(), "python")
	w.check(os.CopyFS(python, os.DirFS(w.python)))
	w.python = python
	for _, pattern := range []string{"pip", "pip-*.dist-info"} { // Among the standard library, where none belongs.
		found, err := filepath.Glob(filepath.Join(python, "lib", pattern))
		w.check(err)
		for _, path := range found {
			w.check(os.RemoveAll(path))
		}
	}
	for _, name := range []string{"venvlauncher.exe", "venvwlauncher.exe"} {
		w.goBuild("./testdata/venvlauncher", filepath.Join(python, "lib/venv/scripts/nt", name))
	}
}

func unzipped(w *wine, archive string) string {
	w.t.Helper()
	dir := w.t.TempDir()
	if out, err := exec.Command("unzip", "-q", archive, "-d", dir).CombinedOutput(); err != nil {
		w.t.Fatalf("unzip: %v\n%s", err, out)
	}
	return dir
}

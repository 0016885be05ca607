package buildout

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
)

// A pip that can't be imported isn't used. One that can, but doesn't run, as
// one that is too old for its Python, is good for its packaging alone.
func TestFindPip(t *testing.T) {
	if testing.Short() {
		t.Skip("makes a virtualenv")
	}
	home := filepath.Join(t.TempDir(), "venv")
	if out, err := exec.Command(python(t, "3.12"), "-m", "venv", home).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	in := mustProbe(t, venvPython(home, "linux"))
	in.Executable = venvPython(home, "linux")
	env, dir := os.Environ(), t.TempDir()
	breaks := func(name string) {
		file := filepath.Join(home, "lib", "python3.12", "site-packages", "pip", filepath.FromSlash(name))
		if err := os.WriteFile(file, []byte("raise AttributeError\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check := func(what string, want, wantWorking bool) {
		t.Helper()
		p, err := tools.Find(t.Context(), in.tool(), env, dir)
		if err != nil {
			t.Fatal(err)
		}
		w, err := p.Working(t.Context(), in.tool(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if own := p.Wheel == ""; own != want {
			t.Errorf("%s: its own pip is found: %t", what, own)
		}
		if own := w.Wheel == ""; own != wantWorking {
			t.Errorf("%s: its own pip is taken to work: %t", what, own)
		}
		if err := w.Call(t.Context(), dir, "--version"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	check("whole", true, true)
	breaks("_internal/cli/main.py")
	check("doesn't run", true, false)
	breaks("_vendor/packaging/requirements.py")
	check("can't be imported", false, false)
}

// Plone 5.2 and Zope 4 pin pip, which zc.buildout 2.13.8 doesn't need.
func TestPipPinned27(t *testing.T) {
	if testing.Short() {
		t.Skip("downloads pip")
	}
	dir, python := t.TempDir(), mustProbe(t, python(t, "2.7"))
	own := tools.With(python.Executable, os.Environ())
	if err := own.Call(t.Context(), dir, "download", "-q", "--no-deps", "-d", dir, "pip==20.3.4"); err != nil {
		t.Fatal(err)
	}
	own.Wheel = filepath.Join(dir, "pip-20.3.4-py2.py3-none-any.whl")
	m := toolmaker{python: python, pip: own, dir: dir, env: os.Environ()}
	if err := m.fresh("wheels"); err != nil {
		t.Fatal(err)
	}
	files, err := m.download(t.Context(), []pin{{Name: "pip", Spec: "==20.3.4"}, {Name: "setuptools", Spec: "==44.1.1"}}, "2.13.8")
	if err != nil || buildoutVersion(files) != "2.13.8" {
		t.Errorf("%q, %v", files, err)
	}
}

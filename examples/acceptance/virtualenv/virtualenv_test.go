//go:build linux

// Package virtualenv holds the example hello in Plone's documented layout: a
// virtualenv beside buildout.cfg, with zc.buildout in it.
package virtualenv

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
)

func TestMain(m *testing.M) { os.Exit(acceptance.Main(m)) }

// The virtualenv's own Python is there and in the tree.
const ownPython = `test "$(bin/python -c 'import sys; print(sys.prefix)')" = "$PWD"`

var smoke = []string{`test "$(bin/hello Erde)" = "Hello, Erde!"`, ownPython, `bin/py -c 'import hello._greet, markupsafe._speedups'`}

// pack makes the virtualenv again in its stage, and puts into it what
// requirements.txt asks for.
func TestVirtualenv(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		Example: "hello", Python: "3.13", Buildout: "6.0.1", Smoke: smoke,
		Prepare: func(t *testing.T, dir, python string) {
			run(t, dir, python, "-m", "venv", "--without-pip", ".")
			write(t, dir, "requirements.txt", "zc.buildout==6.0.1\nsetuptools==84.2.1\n")
		},
		Flags: []string{"--name", "hello-venv"}, Twice: true, Rebuilt: true,
		Others: []string{"zc.buildout==4.1.12", "setuptools==70.3.0", "MarkupSafe==3.0.1"},
	})
}

// What pip notes of a package that it installed from the tree, by -e: the .pth
// and direct_url.json name the tree where it is.
const ownPackage = `bin/python -c '
import importlib.metadata, json, os, pathlib, own
assert own.__file__ == os.path.join(os.getcwd(), "own", "src", "own.py"), own.__file__
url = json.loads(importlib.metadata.distribution("own").read_text("direct_url.json"))["url"]
assert url == pathlib.Path("own").absolute().as_uri(), url'`

// A person built it, as Plone's documentation says, with a package of the tree
// in it, and pack takes it as it is.
func TestInPlace(t *testing.T) {
	acceptance.Run(t, acceptance.Case{
		// Python 3.12 itself can't start in the locale "C" where a .pth file isn't ASCII.
		Place:   "Grosse Strasse",
		Example: "hello", Config: "buildout-52.cfg", Python: "3.12", Buildout: "5.2.0", Smoke: append([]string{ownPackage}, smoke...),
		Prepare: func(t *testing.T, dir, python string) {
			run(t, dir, python, "-m", "venv", ".")
			run(t, dir, "bin/pip", "-q", "--disable-pip-version-check", "install",
				"zc.buildout==5.2.0", "setuptools==81.0.0", "pip==26.3", "wheel==0.48.0", "packaging==26.3")
			write(t, dir, "own/setup.py", "from setuptools import setup\nsetup(name='own', version='1', package_dir={'': 'src'}, py_modules=['own'])\n")
			write(t, dir, "own/src/own.py", "")
			run(t, dir, "bin/pip", "-q", "--disable-pip-version-check", "install", "--no-build-isolation", "--no-index", "-e", "own")
			run(t, dir, "bin/buildout", "-U", "-c", "buildout-52.cfg")
		},
		Flags:  []string{"--in-place", "--name", "hello-in-place"},
		Others: []string{"zc.buildout==3.3", "setuptools==80.9.0", "MarkupSafe==2.1.5"},
	})
}

func run(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, said)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

package buildout_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/target"
)

var (
	six = archive.Download{Use: archive.EggDownload, Project: "six", Version: "1.16.0", File: "six-1.16.0-py2.py3-none-any.whl",
		SHA256: "8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254"}
	setuptools = archive.Download{Use: archive.BuildDownload, Owner: "./src/plain", Project: "setuptools", Version: "80.9.0", File: "setuptools-80.9.0-py3-none-any.whl",
		SHA256: "062d34222ad13e0cc312a4c02d73f059e86a4acbfbdea8f8f76b28c99f306922"}
)

// TestHeldDownloads: a build that is held to what an earlier one fetched takes
// that, however new the index is, and refuses another file of that name before
// any of it is run; zc.buildout's own downloads, and those of pip's build
// isolation.
func TestHeldDownloads(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	altered := func(d archive.Download) archive.Download {
		d.SHA256 = strings.Repeat("0", 64)
		return d
	}
	for _, c := range []struct {
		python, buildout, recipe string
		held                     []archive.Download
		altered                  archive.Download
	}{
		{"3.13", "6.0.1", "6.0.0", []archive.Download{setuptools, six}, setuptools},
		{"3.8", "2.13.8", "2.0.7", []archive.Download{six}, six},
	} {
		t.Run(c.buildout, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"site/buildout.cfg": "[buildout]\nparts = py\ndevelop = src/plain\n\n[versions]\nzc.buildout = " + c.buildout + "\nzc.recipe.egg = " + c.recipe +
					"\n\n[py]\nrecipe = zc.recipe.egg\neggs = six\ninterpreter = py\n",
				"site/src/plain/setup.py": "from setuptools import setup\nsetup(name='plain', version='1.0', py_modules=['plain'])\n",
				"site/src/plain/plain.py": "",
			} {
				path := filepath.Join(dir, name)
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
					t.Fatal(err)
				}
			}
			o := buildout.Options{Dir: filepath.Join(dir, "site"), Stage: filepath.Join(dir, "stage"), Python: testtool.Python(t, c.python), Launcher: target.Launcher(),
				Witness: verify.InstallWitness, OS: "linux", Held: c.held}
			tree, err := buildout.Run(context.Background(), o)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range c.held {
				if !slices.Contains(tree.Downloads, d) {
					t.Errorf("%+v is not among what was fetched: %+v", d, tree.Downloads)
				}
			}
			if err := tree.Close(); err != nil {
				t.Fatal(err)
			}
			o.Held = []archive.Download{altered(c.altered)}
			tree, err = buildout.Run(context.Background(), o)
			if err == nil {
				tree.Close()
			}
			var e *buildout.Error
			if !errors.As(err, &e) || e.ExitCode() != 1 || !strings.Contains(err.Error(), c.altered.File+" has the SHA-256 "+c.altered.SHA256) {
				t.Fatalf("with another digest: %v", err)
			}
			log, err := os.ReadFile(e.Log)
			if err != nil || strings.Contains(string(log), "Got six") {
				t.Errorf("%v: the file was used:\n%s", err, log)
			}
		})
	}
}

package buildout

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseScript(t *testing.T) {
	for _, c := range []struct{ name, text, python, paths, err string }{
		{"absolute", "#!/usr/bin/python3\n\nimport sys\nsys.path[0:0] = [\n  '/srv/app/eggs/zc.buildout-2.13.8-py3.8.egg',\n  '/srv/app/eggs/setuptools-51.0-py3.8.egg',\n  ]\n",
			"/usr/bin/python3", "/srv/app/eggs/zc.buildout-2.13.8-py3.8.egg /srv/app/eggs/setuptools-51.0-py3.8.egg", ""},
		{"relative", "#!/usr/bin/python3\nsys.path[0:0] = [\n  join(base, 'eggs/zc.buildout-2.13.8-py3.8.egg'),\n  ]\n",
			"/usr/bin/python3", "/srv/app/eggs/zc.buildout-2.13.8-py3.8.egg", ""},
		{"outside", "#!/usr/bin/python3\nsys.path[0:0] = [\n  '/opt/env/lib/python3.8/site-packages',\n  ]\n",
			"/usr/bin/python3", "/opt/env/lib/python3.8/site-packages", "/opt/env/lib/python3.8/site-packages, outside"},
		{"long", "#!/bin/sh\n'''exec' /srv/long/bin/python3 \"$0\" \"$@\"\n' '''\nimport sys\n", "/srv/long/bin/python3", "", "site-packages"},
		{"spaced", "#!/bin/sh\n'''exec' \"/srv/a b/bin/python3\" \"$0\" \"$@\"\n' '''\nimport sys\n", "/srv/a b/bin/python3", "", "site-packages"},
		{"uv's", "#!/bin/sh\n'''exec' '/srv/a b/bin/python3' \"$0\" \"$@\"\n' '''\n# -*- coding: utf-8 -*-\nimport sys\n", "/srv/a b/bin/python3", "", "site-packages"},
		{"uv's, relocatable", "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\nimport sys\n", "/srv/app/bin/python", "", "site-packages"},
		{"ours, in the third line", "#!/bin/sh\n# -*- coding: utf-8 -*-\n\f#/ 2>/dev/null || exec '/srv/a b/bin/python3' -sSE \"$0\" \"$@\"\nimport sys\n", "/srv/a b/bin/python3", "", "site-packages"},
		{"pip's", "#!/opt/env/bin/python3\nimport sys\nfrom zc.buildout.buildout import main\n", "/opt/env/bin/python3", "", "site-packages (/opt/env/bin/python3), outside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := parseScript("/srv/app/bin/buildout", "/srv/app", c.text)
			if s.python != c.python || strings.Join(s.paths, " ") != c.paths {
				t.Errorf("%+v", s)
			}
			err := s.check("/srv/app")
			if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
}

// A tree that was bootstrapped by a zc.buildout in a virtualenv elsewhere
// can't be packed as it is; one whose zc.buildout lies in its eggs can.
func TestInPlace(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	py := python(t, "3.8")
	dir := hello(t, "zc.buildout = 2.13.8\nsetuptools = 51.3.3\nzc.recipe.egg = 2.0.7\n")
	env := filepath.Join(t.TempDir(), "env")
	for _, argv := range [][]string{{py, "-m", "venv", env}, {env + "/bin/pip", "install", "-q", "zc.buildout==2.13.8", "setuptools==51.3.3"},
		{env + "/bin/buildout", "-U", "bootstrap"}, {"bin/buildout", "-U"}} {
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", argv, err, out)
		}
	}
	o := Options{Dir: dir, InPlace: true, Launcher: launcher(t), OS: "linux", stageBase: t.TempDir()}
	_, err := Run(context.Background(), o)
	var e *Error
	if !errors.As(err, &e) || !strings.Contains(e.Hint(), "pack without --in-place") {
		t.Fatalf("error %v", err)
	}
	boot := "#!" + env + "/bin/python\nimport sys\nsys.path[0:0] = [\n"
	m := toolsFor(t, dir, py)
	made, _, err := m.make(context.Background())
	if err != nil {
		fail(t, err)
	}
	paths, err := placeEggs(dir, filepath.Join(dir, "eggs"), made)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		boot += "  '" + filepath.Join(dir, p) + "',\n"
	}
	boot += "  ]\nimport zc.buildout.buildout\nif __name__ == '__main__':\n    sys.exit(zc.buildout.buildout.main())\n"
	if err := os.WriteFile(filepath.Join(dir, "bin/buildout"), []byte(boot), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, dev := range []string{"zc.buildout.egg-link", "setuptools.egg-link"} {
		os.Remove(filepath.Join(dir, "develop-eggs", dev))
	}
	cmd := exec.Command("bin/buildout", "-U", "-N")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	tree, err := Run(context.Background(), o)
	if err != nil {
		fail(t, err)
	}
	t.Cleanup(func() { tree.Close() })
	if err := Gate(context.Background(), tree, nil, byConvention); err != nil {
		fail(t, err)
	}
	if tree.Buildout != "2.13.8" || len(tree.Parts) != 2 || tree.Interpreter.Prefix == env {
		t.Errorf("zc.buildout %s, parts %v, %s", tree.Buildout, tree.Parts, tree.Interpreter.Prefix)
	}
}

// Without parts bin/buildout leaves no .installed.cfg.
func TestWasRun(t *testing.T) {
	run := write(t, map[string]string{".installed.cfg": "[buildout]\n"})
	for _, c := range []struct {
		dir, parts, develop string
		want                bool
	}{
		{run, "app", "", true}, {run, "", "", true}, {t.TempDir(), "", "", true}, {t.TempDir(), "\n", "", true}, {t.TempDir(), "app", "", false}, {t.TempDir(), "", "src/app", false},
	} {
		err := Options{Dir: c.dir}.wasRun(config{Buildout: map[string]string{"parts": c.parts, "develop": c.develop}})
		if (err == nil) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func mustProbe(t *testing.T, path string) Interpreter {
	t.Helper()
	in, err := probe(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

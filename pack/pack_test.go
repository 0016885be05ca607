package pack

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

var sample = tree{
	"buildout.cfg":                   "[buildout]\nparts = app\n",
	".installed.cfg":                 "[buildout]\ninstalled_develop_eggs = ROOT/develop-eggs/x.egg-link\n\n[app]\n__buildout_installed__ = ROOT/bin/app\n\tROOT/parts/app\nargs = -L/x,ROOT/lib:ROOT2\n",
	"bin/app*":                       "#!PYBIN\nimport sys\nsys.path[0:0] = [\n  'ROOT/eggs/x.egg',\n  ]\n",
	"bin/run*":                       "#!/bin/sh\nexec ROOT/bin/app \"ROOT/etc\" # ROOT\n",
	"eggs/x.egg/x/__init__.py":       "import os\n",
	"eggs/x.egg/direct_url.json":     `{"url": "file://ROOT/src/x", "dir": "ROOT"}`,
	"parts/app/sub dir/ü ß.txt":      "plain\n",
	"parts/empty/":                   "",
	"parts/python":                   "-> PYBIN",
	"parts/abs":                      "-> ROOT/eggs/x.egg",
	"parts/include":                  "-> PREFIX/include",
	"var/log/a.log":                  "log",
	"var/data.fs":                    "data",
	".git/config":                    "x",
	"src/x/.hg":                      "x",
	"eggs/x.egg/x/__pycache__/x.pyc": "x",
}

func TestPackSample(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	sample.write(t, root)
	data, a, rep := packTree(t, root, testOrigin(root), archive.FormatTarGz)
	for p, want := range map[string]string{
		"bin/app":                    "#!" + archive.Interpreter + "\nimport sys\nsys.path[0:0] = [\n  '@binary-buildout-root+python@/eggs/x.egg',\n  ]\n",
		"bin/run":                    "#!/bin/sh\nexec @binary-buildout-root+sh@/bin/app \"" + archive.Root + "/etc\" # " + archive.Root + "\n",
		".installed.cfg":             "[buildout]\ninstalled_develop_eggs = " + archive.Root + "/develop-eggs/x.egg-link\n\n[app]\n__buildout_installed__ = " + archive.Root + "/bin/app\n\t" + archive.Root + "/parts/app\nargs = -L/x," + archive.Root + "/lib:" + root + "2\n",
		"eggs/x.egg/direct_url.json": `{"url": "file://@binary-buildout-root+url@/src/x", "dir": "@binary-buildout-root+json@"}`,
	} {
		if got := content(t, a, p); got != want {
			t.Errorf("%s:\n got %q\nwant %q", p, got, want)
		}
	}
	if len(rep.Relocated) != 6 || len(rep.Omitted) != 5 {
		t.Errorf("relocated %v, omitted %v", rep.Relocated, rep.Omitted)
	}
	dir := filepath.Join(t.TempDir(), "app")
	check(t, archive.Extract(context.Background(), save(t, data, "x.tar.gz"), dir, archive.ExtractOptions{}))
	if l, _ := os.Readlink(filepath.Join(dir, "parts/abs")); l != "../eggs/x.egg" {
		t.Errorf("parts/abs -> %q", l)
	}
	if _, err := os.Lstat(filepath.Join(dir, "parts/python")); err == nil {
		t.Error("parts/python is in the archive")
	}
	for _, r := range a.Relocations {
		if r.Path == "parts/include" && r.Link != archive.Prefix+"/include" {
			t.Errorf("parts/include: %+v", r)
		}
	}
}

func TestFormatsHoldTheSame(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	sample.write(t, root)
	var first string
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		data, _, _ := packTree(t, root, testOrigin(root), format)
		again, _, _ := packTree(t, root, testOrigin(root), format)
		if !bytes.Equal(data, again) {
			t.Errorf("%s: two runs differ", format)
		}
		p := save(t, data, "x."+format)
		if first == "" {
			first = p
		}
		check(t, archive.Extract(context.Background(), p, filepath.Join(t.TempDir(), "app"), archive.ExtractOptions{}))
		diff, err := archive.Compare(first, p)
		check(t, err)
		if len(diff) > 0 {
			t.Errorf("%s: %v", format, diff)
		}
	}
}

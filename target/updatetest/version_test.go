package updatetest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// version is a version of the small application, as an archive.
type version struct {
	python, archive string
	manifest        string // digest, as state.json has it
}

// versionFiles are the files of a version; ROOT and PY stand for the build's
// places. A path that ends with "*" is executable, with "/" a directory, and a
// content that starts with "-> " is a link, with "file: " that of another file. Behind a "|" stands another mode.
func versionFiles(number string) map[string]string {
	files := map[string]string{
		"bin/app*": "#!PY\nimport sys\nsys.path[0:0] = ['ROOT/eggs/dep-" + number + "-py3.egg', 'ROOT/src', 'ROOT/eggs/same-1.0.egg']\n" +
			"import app, dep, same\nprint(app.number + ' ' + dep.number + ' ' + same.where)\n",
		"eggs/dep-" + number + "-py3.egg/dep.py":            "number = '" + number + "'\n",
		"eggs/dep-" + number + "-py3.egg/EGG-INFO/PKG-INFO": "Name: dep\nVersion: " + number + "\n",
		"eggs/same-1.0.egg/same.py":                         "where = 'ROOT'\n",
		"eggs/same-1.0.egg/plain.py":                        "plain = 1\n",
		"src/app.py":                                        "number = '" + number + "'\n",
		"parts/inst/etc/site.conf":                          "version " + number + "\nroot ROOT\n",
		"parts/inst/etc/same.conf":                          "root ROOT\n",
		"etc/plain.txt":                                     "of " + number + "\n",
		"etc/always.txt":                                    "always\n",
		"etc/a space and ü.cfg":                             "[x]\nroot = ROOT\nversion = " + number + "\n",
		"buildout.cfg":                                      "[buildout]\nparts =\n",
		"current":                                           "-> eggs/dep-" + number + "-py3.egg",
		"root":                                              "-> ROOT/src",
		"var/log/":                                          "",
		".installed.cfg":                                    "[buildout]\ninstalled_develop_eggs = \nparts = x\n\n[x]\n__buildout_installed__ = ROOT/bin/app\nv = " + number + "\n",
		".binary-buildout/launch.json":                      `{"format": 1, "path": [], "config": "buildout.cfg", "options": []}` + "\n",
	}
	if number == "1.0" {
		files["parts/old/deep/gone.txt"] = "gone\n"
		files["etc/gone.txt"] = "root ROOT\n"
		files["turn/to/a-file"] = "file\n"
		files["back"] = "a file\n"
		files["tool"] = "#!/bin/sh\n"
	} else {
		files["parts/new/deep/come.txt"] = "come\n"
		files["etc/come.txt"] = "it came to ROOT\n"
		files["turn"] = "now a file\n"
		files["back/to/a-directory"] = "root ROOT\n"
		files["tool*"] = "#!/bin/sh\n"
	}
	return files
}

// packVersion packs a version for an interpreter.
func packVersion(t testing.TB, python, number string, change ...func(map[string]string)) version {
	t.Helper()
	base := t.TempDir()
	stage := filepath.Join(base, "stage-of-some-length", strings.Repeat("x", 60))
	files := versionFiles(number)
	for _, c := range change {
		c(files)
	}
	for path, data := range files {
		path, mode, _ := strings.Cut(path, "|")
		full := filepath.Join(stage, strings.TrimSuffix(path, "*"))
		copied, isCopy := strings.CutPrefix(data, "file: ")
		if isCopy {
			data = packtest.ReadFile(t, copied)
		} else {
			data = strings.NewReplacer("ROOT", stage, "PY", python).Replace(data)
		}
		switch link, isLink := strings.CutPrefix(data, "-> "); {
		case strings.HasSuffix(path, "/"):
			must(t, os.MkdirAll(full, 0o755))
		case isLink:
			must(t, os.MkdirAll(filepath.Dir(full), 0o755))
			must(t, os.Symlink(link, full))
		default:
			packtest.WriteFile(t, full, data)
			if strings.HasSuffix(path, "*") {
				must(t, os.Chmod(full, 0o755))
			}
		}
		if bits, err := strconv.ParseUint(mode, 8, 9); err == nil {
			must(t, os.Chmod(full, os.FileMode(bits)))
		}
	}
	about := packtest.AboutPython(t, python)
	m := archive.Manifest{Generator: "test", Name: "app", Version: number, Python: about, Target: about.ABI + "-" + about.Platform,
		BundledPython: packtest.BundledIn(t, stage)}
	a := treetest.Plan(t, stage, m, pack.Origin{Root: stage, RealRoot: stage, Interpreter: python, Prefix: filepath.Dir(filepath.Dir(python)), LibDir: "/nowhere"})
	side := filepath.Join(base, "bytecode")
	must(t, os.MkdirAll(side, 0o755))
	epoch := time.Unix(archive.DefaultEpoch, 0)
	a, _, err := pack.CompileBytecode(context.Background(), a, pack.Compile{Python: python, Dir: side, Epoch: epoch})
	must(t, err)
	var b bytes.Buffer
	m, err = a.Manifest(m)
	must(t, err)
	treetest.Write(t, &b, &a.List, m, archive.FormatTarGz)
	v := version{python: python, archive: filepath.Join(base, "app-"+number+".tar.gz")}
	must(t, os.WriteFile(v.archive, b.Bytes(), 0o644))
	r, err := archive.Open(v.archive)
	must(t, err)
	defer r.Close()
	v.manifest = r.ManifestSHA256()
	return v
}

// open opens a file until the test ends.
func open(t testing.TB, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// install unpacks and fits a version.
func (v version) install(t testing.TB, root string) {
	t.Helper()
	must(t, os.RemoveAll(root))
	must(t, archive.Extract(context.Background(), v.archive, root, archive.ExtractOptions{}))
	v.bootstrap(t, root).Must(t, "bootstrap.py of a fresh install")
}

func (v version) bootstrap(t testing.TB, root string, args ...string) packtest.Result {
	t.Helper()
	return packtest.RunIn(t, root, packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), v.python, append([]string{"-E", "bootstrap.py"}, args...)...)
}

// delta makes the delta from v to w.
func (v version) delta(t testing.TB, w version) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "delta.tar.gz")
	f, err := os.Create(path)
	must(t, err)
	defer f.Close()
	_, err = archive.WriteDelta(context.Background(), f, v.archive, w.archive, filepath.Base(w.archive), strings.Repeat("0", 64))
	must(t, err)
	return path
}

// needing is the same version for a newer glibc.
func needing(t *testing.T, v version, glibc string) version {
	t.Helper()
	stage := filepath.Join(t.TempDir(), "stage")
	must(t, archive.Extract(context.Background(), v.archive, stage, archive.ExtractOptions{}))
	a, err := pack.Scan(stage, pack.Rules{})
	must(t, err)
	r, err := archive.Open(v.archive)
	must(t, err)
	defer r.Close()
	m := r.Manifest()
	m.Relocations, m.Floors = nil, []archive.Floor{{Kind: "glibc", Version: glibc}}
	var b bytes.Buffer
	treetest.Write(t, &b, a, m, archive.FormatTarGz)
	v.archive = filepath.Join(t.TempDir(), filepath.Base(v.archive))
	must(t, os.WriteFile(v.archive, b.Bytes(), 0o644))
	return v
}

// refit fits a tree to the place where it will lie.
func (v version) refit(t testing.TB, root, place string) {
	t.Helper()
	incoming := filepath.Join(root, archive.IncomingDir)
	must(t, os.Rename(incoming, root+"-incoming"))
	v.bootstrap(t, root, "--root", place).Must(t, "--root")
	must(t, os.Rename(root+"-incoming", incoming))
}

//go:build linux && wine

package windows

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Where wine has the build, and what must not be left of it; and the Pythons
// of other places. A user is called Jürgen more often than Jurgen.
const (
	stage = `C:\users\Jürgen\AppData\Local\Temp\bb\app`
	build = "/w/Jürgen/python"
	other = "/w/ü python"
	third = "/w/other python"
)

func TestWindows(t *testing.T) {
	w := newWine(t)
	file := w.pack()
	w.check(os.RemoveAll(w.drive("users/Jürgen")))
	w.check(os.RemoveAll(filepath.Join(w.work, "checkout")))
	w.index, w.at = "", other // and no network

	// At another place, by another interpreter, each with a space and an ü.
	tree := filepath.Join(w.work, "ü place", "app")
	w.check(os.Mkdir(filepath.Dir(tree), 0o755))
	w.program(0, "install", w.z(file), "--into", w.z(tree), "--python", exe(other))
	w.runs(tree)
	w.byPowerShell(tree, file)
	for _, flag := range []string{"", "-o"} {
		w.updates(tree, flag)
	}
	w.forms(tree)
	w.clean(tree, pack.Origin{Root: stage, Interpreter: exe(build), Prefix: strings.TrimSuffix(exe(build), `\python.exe`)})

	// Another version comes by a delta, and goes again.
	w.updated(tree, w.delta(file, w.next(file)))
	w.exchanged(file)

	// A configuration of that place, and one that fails and leaves all as it was.
	w.updates(tree, "-c", w.z(tree)+`\host.cfg`)
	w.ini(tree, "port = 9090")
	w.fails(tree)

	// Moved again: all that buildout wrote there goes along.
	old := tree
	tree = filepath.Join(w.work, "third")
	w.check(os.Rename(old, tree))
	w.at = third
	if said := w.bootstrap(0, tree); !strings.Contains(said, `next: bin\buildout`) {
		t.Errorf("bootstrap.py: %s", said)
	}
	w.runs(tree)
	w.clean(tree, pack.Origin{Root: w.z(old), Interpreter: exe(other)})
	w.ini(tree, "port = 9090")

	w.refused(file)
}

// pack packs the example, and gives the archive's path.
func (w *wine) pack(flags ...string) string {
	w.t.Helper()
	w.tools()
	checkout := filepath.Join(w.work, "checkout")
	w.check(os.CopyFS(checkout, os.DirFS("testdata/app")))
	w.serve(pins(w, "testdata/app/buildout.cfg"))
	w.check(os.WriteFile(filepath.Join(checkout, "index.cfg"), []byte("[buildout]\nindex = "+w.index+"\n"), 0o644))
	w.check(os.Mkdir(filepath.Join(checkout, "tools"), 0o755))
	w.check(os.WriteFile(filepath.Join(checkout, "tools/hello.exe"),
		w.starter(exe(build), "import sys\nprint('hello from ' + sys.executable)\n"), 0o755))
	said := w.run(build, 0, append([]string{exe(build), `Z:\w\drive.py`, `Z:\w\binary-buildout.exe`, "pack", `Z:\w\checkout`, "--python", exe(build),
		"--before", exe(build) + ` Z:\w\forms.py`, "--out", `Z:\w\dist`}, flags...)...)
	w.t.Logf("pack:\n%s", said)
	file := filepath.Join(w.work, "dist/app-1.0-cp313-win_amd64.zip")
	if _, err := os.Stat(file); err != nil || !strings.Contains(said, "Proving") {
		w.t.Fatalf("%v\n%s", err, said)
	}
	return file
}

// tools puts what the test runs into its directory.
func (w *wine) tools() {
	w.t.Helper()
	w.goBuild("../../..", filepath.Join(w.work, "binary-buildout.exe"))
	for _, name := range []string{"forms.py", "drive.py"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		w.check(err)
		w.check(os.WriteFile(filepath.Join(w.work, name), data, 0o644))
	}
}

// goBuild builds a program for Windows.
func (w *wine) goBuild(dir, to string) {
	w.t.Helper()
	cmd := exec.Command("go", "build", "-o", to, dir)
	cmd.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		w.t.Fatalf("go build %s: %v\n%s", dir, err, out)
	}
}

// pins are the versions that a configuration asks for, as pip takes them.
func pins(w *wine, path string) []string {
	w.t.Helper()
	config, err := os.ReadFile(path)
	w.check(err)
	_, versions, _ := strings.Cut(string(config), "[versions]\n")
	versions, _, _ = strings.Cut(versions, "\n\n")
	return strings.Split(strings.ReplaceAll(versions, " = ", "=="), "\n")
}

// unpack extracts an archive below a directory, and gives the tree.
func (w *wine) unpack(file, dir string) string {
	w.t.Helper()
	place := filepath.Join(w.work, dir)
	w.check(os.MkdirAll(place, 0o755))
	if out, err := exec.Command("unzip", "-q", file, "-d", place).CombinedOutput(); err != nil {
		w.t.Fatalf("unzip: %v\n%s", err, out)
	}
	return filepath.Join(place, "app-1.0")
}

// exe is the interpreter of a Python at a place, as Windows calls it.
func exe(place string) string { return "Z:" + strings.ReplaceAll(place, "/", `\`) + `\python.exe` }

// program runs binary-buildout.exe.
func (w *wine) program(code int, args ...string) string {
	w.t.Helper()
	return w.run(w.at, code, append([]string{`Z:\w\binary-buildout.exe`}, args...)...)
}

// bootstrap runs a tree's bootstrap.py, or the program that starts it there.
func (w *wine) bootstrap(code int, tree string, args ...string) string {
	w.t.Helper()
	if w.bundled {
		return w.run(w.at, code, append([]string{"cmd", "/c", "cd", "/d", w.z(tree), "&&", "bootstrap.cmd"}, args...)...)
	}
	return w.run(w.at, code, append([]string{exe(w.at), w.z(tree) + `\bootstrap.py`}, args...)...)
}

// z is what Windows calls a path of the test's directory.
func (w *wine) z(path string) string {
	rel, err := filepath.Rel(w.work, path)
	w.check(err)
	return `Z:\w\` + strings.ReplaceAll(rel, "/", `\`)
}

// updates runs bin\buildout, which has to say "Updating" for each part.
func (w *wine) updates(tree string, args ...string) {
	w.t.Helper()
	if args[0] == "" {
		args = nil
	}
	before := w.compiled(tree)
	said := w.run(w.at, 0, append([]string{w.z(tree) + `\bin\buildout.exe`}, args...)...)
	for _, part := range []string{"scripts", "config"} {
		if strings.Contains(said, "Installing "+part) || !strings.Contains(said, "Updating "+part) {
			w.t.Errorf("bin\\buildout %v:\n%s", args, said)
		}
	}
	if strings.Contains(said, "Generated") {
		w.t.Errorf("bin\\buildout %v writes scripts again:\n%s", args, said)
	}
	for path, what := range before {
		if w.compiled(tree)[path] != what {
			w.t.Errorf("bin\\buildout %v: %s changed", args, path)
		}
	}
}

// interpreter is the Python that a tree's scripts start.
func (w *wine) interpreter(tree string) string {
	if !w.bundled {
		return exe(w.at)
	}
	starter, err := os.ReadFile(filepath.Join(tree, "bootstrap.cmd"))
	w.check(err)
	_, named, _ := strings.Cut(string(starter), "@set PYTHON=")
	named, _, _ = strings.Cut(named, "\r\n")
	return w.z(tree) + `\` + named
}

// demo starts setuptools' NAME.exe.
func (w *wine) demo(tree, python string) {
	w.t.Helper()
	said := w.run(w.at, 0, w.z(tree)+`\bin\demo.exe`)
	for _, want := range []string{"demo of " + w.z(tree) + `\src\demo\src\demo\__init__.py`, "markupsafe of " + w.z(tree) + `\eggs\`, "python of " + python} {
		if !strings.Contains(strings.ToLower(said), strings.ToLower(want)) {
			w.t.Errorf("bin\\demo: no %q in\n%s", want, said)
		}
	}
}

// runs starts the scripts: setuptools' NAME.exe and pip's.
func (w *wine) runs(tree string) {
	w.t.Helper()
	python := w.interpreter(tree)
	w.demo(tree, python)
	if said := w.run(w.at, 0, w.z(tree)+`\bin\py.exe`, "-c", "import demo; demo.main()"); !strings.Contains(said, "demo of ") {
		w.t.Errorf("bin\\py: %s", said)
	}
	if said := w.run(w.at, 0, w.z(tree)+`\tools\hello.exe`); !strings.Contains(said, "hello from "+python) {
		w.t.Errorf("tools\\hello: %s", said)
	}
	w.ini(tree, "root = "+w.z(tree)+"\n", "python = "+python+"\n")
}

// ini sees that the file that a part makes holds these texts.
func (w *wine) ini(tree string, texts ...string) {
	w.t.Helper()
	data, err := os.ReadFile(filepath.Join(tree, "parts/config/app.ini"))
	w.check(err)
	for _, text := range texts {
		if !strings.Contains(strings.ReplaceAll(string(data), "\r\n", "\n"), text) {
			w.t.Errorf("app.ini has no %q:\n%s", text, data)
		}
	}
}

// clean sees that nothing of another place is left, and nothing of the form
// that Windows has for long paths, which programs can't use.
func (w *wine) clean(tree string, origin pack.Origin) {
	w.t.Helper()
	places, long := pack.NewFinder(origin, "3.13.5"), regexp.MustCompile(`(//\?/|\\\\\?\\+)[A-Za-z]`)
	w.walk(tree, func(path string, data []byte) {
		if origin.Prefix == "" && strings.HasSuffix(path, ".pyc") {
			return // Python wrote it there
		}
		if found, err := places.Find(bytes.NewReader(data)); err != nil || found != "" {
			w.t.Errorf("%s holds %s %v", path, found, err)
		}
		top, _, _ := strings.Cut(path, "/")
		if strings.HasSuffix(path, ".exe") || top == "eggs" || top == "Lib" || w.bundled && top == "python-3.13.5" {
			return
		}
		if found := long.Find(data); found != nil {
			w.t.Errorf("%s holds %s", path, found)
		}
	})
	var state archive.State
	data, err := os.ReadFile(filepath.Join(tree, filepath.FromSlash(archive.StateName)))
	w.check(err)
	w.check(json.Unmarshal(data, &state))
	for path := range state.Files {
		if strings.Contains(path, `\`) {
			w.t.Errorf("state.json names %s", path)
		}
	}
}

// fails has bin\buildout fail after it has uninstalled a part.
func (w *wine) fails(tree string) {
	w.t.Helper()
	config := filepath.Join(tree, "buildout.cfg")
	was, err := os.ReadFile(config)
	w.check(err)
	broken := strings.Replace(string(was), "    MarkupSafe\n", "    MarkupSafe\n    no-such-egg\n", 1)
	w.check(os.WriteFile(config, []byte(broken), 0o644))
	before := map[string]string{}
	w.walk(tree, func(path string, data []byte) { before[path] = string(data) })
	said := w.run(w.at, 1, w.z(tree)+`\bin\buildout.exe`, "-o")
	if !strings.Contains(said, "error: part scripts: ") || !strings.Contains(said, "no-such-egg") {
		w.t.Errorf("bin\\buildout with an egg that isn't there:\n%s", said)
	}
	w.walk(tree, func(path string, data []byte) {
		if text, ok := before[path]; !ok || text != string(data) {
			if !strings.HasSuffix(path, ".pyc") {
				w.t.Errorf("after the failure %s is another one", path)
			}
		}
		delete(before, path)
	})
	for path := range before {
		w.t.Errorf("after the failure %s is gone", path)
	}
	w.check(os.WriteFile(config, was, 0o644))
}

// refused has bootstrap.py refuse a path with which a file would have 260
// characters, and take one with which it has 259.
func (w *wine) refused(file string) {
	w.t.Helper()
	tree := w.unpack(file, "long")
	data, err := os.ReadFile(filepath.Join(tree, filepath.FromSlash(archive.ManifestName)))
	w.check(err)
	var manifest archive.Manifest
	w.check(json.Unmarshal(data, &manifest))
	room := 259 - len(manifest.LongestPath) - 1 - len(`Z:\w\`)
	tooLong, longest := filepath.Join(w.work, strings.Repeat("x", room+1)), filepath.Join(w.work, strings.Repeat("x", room))
	w.check(os.Rename(tree, tooLong))
	said := w.bootstrap(2, tooLong)
	if !strings.Contains(said, "259 characters") || !strings.Contains(said, manifest.LongestPath) {
		w.t.Errorf("bootstrap.py at a path that is too long:\n%s", said)
	}
	w.check(os.Rename(tooLong, longest))
	w.bootstrap(0, longest)
	w.runs(longest)
}

// compiled reads the files of machine code that buildout must not write.
func (w *wine) compiled(tree string) map[string]string {
	found := map[string]string{}
	w.walk(tree, func(path string, data []byte) {
		if strings.HasSuffix(path, ".pyd") || strings.HasSuffix(path, ".exe") {
			info, err := os.Stat(filepath.Join(tree, path))
			w.check(err)
			found[path] = info.ModTime().String() + string(data)
		}
	})
	if len(found) < 5 {
		w.t.Errorf("%d files of machine code in %s", len(found), tree)
	}
	return found
}

// walk reads each file of a tree but those of .binary-buildout.
func (w *wine) walk(tree string, see func(path string, data []byte)) {
	w.t.Helper()
	w.check(filepath.WalkDir(tree, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		path, err := filepath.Rel(tree, full)
		if d.IsDir() && path == archive.Dir {
			return filepath.SkipDir
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(full)
		see(filepath.ToSlash(path), data)
		return err
	}))
}

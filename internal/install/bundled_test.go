package install

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// bundledArchive packs an application that says its version and its interpreter's
// prefix, with an interpreter in it if that is named.
func bundledArchive(t *testing.T, version, interpreter string, floors ...archive.Floor) string {
	t.Helper()
	python := packtest.FindPython(t, "3.13")
	stage := filepath.Join(t.TempDir(), "stage-of-some-length", strings.Repeat("x", 60))
	packtest.WriteFile(t, filepath.Join(stage, "bin/app"), "#!"+python+"\nimport sys\nprint('"+version+"', sys.prefix)\n")
	packtest.WriteFile(t, filepath.Join(stage, "buildout.cfg"), "[buildout]\nparts =\n")
	for _, own := range []string{"python-3.cfg", "python-2 (old).cfg"} { // a project's own names
		packtest.WriteFile(t, filepath.Join(stage, own), "[buildout]\n")
	}
	if interpreter != "" {
		files, starter := packtest.Bundle(t, "3.13", interpreter)
		packtest.WriteFile(t, filepath.Join(stage, "bootstrap"), string(starter))
		for path, full := range files {
			packtest.WriteFile(t, filepath.Join(stage, path), packtest.ReadFile(t, full))
			if strings.Contains(path, "/bin/") {
				os.Chmod(filepath.Join(stage, path), 0o755)
			}
		}
		os.Chmod(filepath.Join(stage, "bootstrap"), 0o755)
	}
	os.Chmod(filepath.Join(stage, "bin/app"), 0o755)
	about := packtest.AboutPython(t, python)
	m := archive.Manifest{Generator: "test", Name: "app", Version: version, Python: about, Target: about.ABI + "-" + about.Platform,
		BundledPython: packtest.BundledIn(t, stage), Floors: floors}
	var b bytes.Buffer
	treetest.Pack(t, &b, stage, m, pack.Origin{Root: stage, RealRoot: stage, Interpreter: python, Prefix: filepath.Dir(filepath.Dir(python)), LibDir: "/nowhere"}, archive.FormatTarGz)
	path := filepath.Join(t.TempDir(), "app-"+version+"-"+m.Target+".tar.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestBundled: install, update and rollback look for no Python where the archive
// has one, and for the usual one where it has none any more.
func TestBundled(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the interpreter that is made for this is one of Linux")
	}
	if testing.Short() {
		t.Skip("starts real Pythons")
	}
	bin, dir := t.TempDir(), filepath.Join(t.TempDir(), "a place ü")
	for _, name := range []string{"sh", "uname", "getconf"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		os.Symlink(path, filepath.Join(bin, name))
	}
	options := func(archive, python string) Options {
		return Options{Source: archive, Into: dir, Python: python, Env: []string{"PATH=" + bin}, OS: runtime.GOOS, Arch: runtime.GOARCH}
	}
	says := func(version, interpreter string) {
		t.Helper()
		out, err := exec.Command(filepath.Join(dir, "bin/app")).CombinedOutput()
		if want := version + " " + filepath.Join(dir, "python-"+interpreter) + "\n"; err != nil || interpreter != "" && string(out) != want {
			t.Fatalf("%v: %q, want %q", err, out, want)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "python-3.1*")); len(found) != map[bool]int{true: 1}[interpreter != ""] {
			t.Errorf("there are %q", found)
		}
	}
	one, two, none := bundledArchive(t, "1.0", "3.13.9"), bundledArchive(t, "2.0", "3.13.11"), bundledArchive(t, "3.0", "")
	python := packtest.FindPython(t, "3.13")
	ctx := context.Background()

	if _, err := Install(ctx, options(one, python)); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "the archive has an interpreter of its own, Python 3.13.9") {
		t.Errorf("--python: %v", err)
	}
	old := bundledArchive(t, "1.0", "3.13.9", archive.Floor{Kind: "glibc", Version: "2.1000"})
	if _, err := Install(ctx, options(old, "")); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "it needs glibc 2.1000; this system is linux ") {
		t.Errorf("a floor above this system: %v", err)
	}
	res, err := Install(ctx, options(one, ""))
	if err != nil || res.Python != filepath.Join(dir, "python-3.13.9/bin/python3.13") {
		t.Fatalf("install: %+v: %v", res, err)
	}
	says("1.0", "3.13.9")
	// An interpreter that is the same in another directory isn't sent again.
	delta := deltaBetween(t, one, two, "1.0")
	if fi, err := os.Stat(delta); err != nil || fi.Size() > 16<<10 {
		t.Errorf("the delta from one to the other has %d bytes: %v", fi.Size(), err)
	}
	up, err := Update(ctx, UpdateOptions{Options: options(delta, "")})
	if err != nil || up.Python != filepath.Join(dir, "python-3.13.11/bin/python3.13") {
		t.Fatalf("update: %+v: %v", up, err)
	}
	says("2.0", "3.13.11")
	if _, err := Rollback(ctx, UpdateOptions{Options: options("", "")}); err != nil {
		t.Fatal(err)
	}
	says("1.0", "3.13.9")
	if _, err := Update(ctx, UpdateOptions{Options: options(none, "")}); fault.CodeOf(err, 0) != 2 {
		t.Errorf("an update to a version without an interpreter, without a Python: %v", err)
	}
	gone := deltaBetween(t, one, none, "1.0")
	if _, err := Update(ctx, UpdateOptions{Options: options(gone, "")}); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "has no interpreter in it") {
		t.Errorf("the same by a delta: %v", err)
	}
	says("1.0", "3.13.9")
	if up, err = Update(ctx, UpdateOptions{Options: options(gone, python)}); err != nil || up.Python != python {
		t.Fatalf("update to none: %+v: %v", up, err)
	}
	says("3.0", "")
	if _, err := Rollback(ctx, UpdateOptions{Options: options("", "")}); err != nil {
		t.Fatal(err)
	}
	says("1.0", "3.13.9")
}

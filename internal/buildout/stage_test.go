package buildout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

func TestDefaultStage(t *testing.T) {
	for _, name := range []string{"site", "a name with ü", strings.Repeat("x", 60)} {
		s, err := defaultStage("/var/tmp", "binary-buildout", name, "linux")
		if err != nil || len(s.root) != StageLength || !strings.HasPrefix(s.root, "/var/tmp/binary-buildout/") {
			t.Errorf("%s: %q, %v", name, s.root, err)
		}
	}
	for _, name := range []string{"", "..", strings.Repeat("x", 80)} {
		if s, err := defaultStage("/var/tmp", "binary-buildout", name, "linux"); err == nil {
			t.Errorf("%q gives %s", name, s.root)
		}
	}
}

// Whoever builds first has the name without a number; it must not lock others out.
func TestStagesOfAnotherUser(t *testing.T) {
	base := t.TempDir()
	if got := stagesOf(base, os.Geteuid()); got != "binary-buildout" {
		t.Errorf("with nothing there: %s", got)
	}
	if err := os.Mkdir(filepath.Join(base, "binary-buildout"), 0o700); err != nil {
		t.Fatal(err)
	}
	if got := stagesOf(base, os.Geteuid()); got != "binary-buildout" {
		t.Errorf("its owner gets %s", got)
	}
	other := os.Geteuid() + 1
	want := fmt.Sprintf("binary-buildout-%d", other)
	if got := stagesOf(base, other); got != want {
		t.Errorf("another user gets %s, want %s", got, want)
	}
	mine, err := defaultStage("/var/tmp", "binary-buildout", "site", "linux")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := defaultStage("/var/tmp", want, "site", "linux")
	if err != nil || len(theirs.root) != len(mine.root) {
		t.Errorf("stages of %d and %d bytes, %v", len(mine.root), len(theirs.root), err)
	}
}

// What archives name doesn't say who built: the first user's stage, where it wasn't chosen.
func TestCanonicalStage(t *testing.T) {
	theirs, err := defaultStage("/var/tmp", "binary-buildout-1000", "site", "linux")
	if err != nil {
		t.Fatal(err)
	}
	got := canonicalStage(Options{Name: "site", OS: "linux"})
	if len(got) != len(theirs.root) || !strings.HasPrefix(got, "/var/tmp/binary-buildout/site_") {
		t.Errorf("%q", got)
	}
	for _, o := range []Options{{Name: "site", OS: "linux", Stage: "/srv/stage"}, {Name: "site", OS: "windows"}, {OS: "linux"}} {
		if got := canonicalStage(o); got != "" {
			t.Errorf("%+v: %q", o, got)
		}
	}
}

func TestPrivateDir(t *testing.T) {
	base := t.TempDir()
	open, link, file := filepath.Join(base, "open"), filepath.Join(base, "link"), filepath.Join(base, "file")
	if err := errors.Join(os.Mkdir(open, 0o700), os.Chmod(open, 0o755), os.Symlink(base, link), os.WriteFile(file, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{open, link, file} {
		var e *Error
		if err := privateDir(path); !errors.As(err, &e) || e.ExitCode() != 3 || e.Hint() == "" {
			t.Errorf("%s passes: %v", path, err)
		}
	}
	if err := errors.Join(privateDir(filepath.Join(base, "new")), privateDir(filepath.Join(base, "new"))); err != nil {
		t.Error(err)
	}
}

func TestStageClear(t *testing.T) {
	base := t.TempDir()
	s := stageAt(filepath.Join(base, "stage"), filepath.Join(base, "stage"))
	removed, err := s.clear()
	if err == nil {
		err = removed() // a removal that still runs would take what is made next
	}
	if err != nil {
		t.Fatal(err)
	}
	// A file system may refuse to move a directory that can't be written; an
	// interrupted run leaves what it moved.
	for _, dir := range []string{filepath.Join(s.root, "a/b"), filepath.Join(s.old, "0/c"), s.tmp} {
		if err := os.MkdirAll(dir, 0o500); err != nil {
			t.Fatal(err)
		}
	}
	removed, err = s.clear()
	if err != nil || exists(filepath.Join(s.root, "a")) || exists(s.tmp) {
		t.Errorf("not cleared: %v", err)
	}
	if err := removed(); err != nil || exists(s.old) {
		t.Errorf("%v, and what was there is left: %t", err, exists(s.old))
	}
	other := stageAt(filepath.Join(base, "other"), filepath.Join(base, "other"))
	if err := errors.Join(os.Mkdir(other.root, 0o700), os.WriteFile(filepath.Join(other.root, "mine"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := other.clear(); err == nil || !exists(filepath.Join(other.root, "mine")) {
		t.Error("somebody's directory was emptied")
	}
}

// What of a checkout gets into the stage.
func TestCopyTree(t *testing.T) {
	files := map[string]string{
		"buildout.cfg": "[buildout]\nbin-directory = cmd\n", "secrets.cfg": "", ".gitignore": "secrets.cfg\n*.so\n", "src/x/x.py": "", "with space/ü": "",
		"cmd/tracked": "", "cmd/script": "", "bin/own": "", "parts/p/f": "", "eggs/e.egg/f": "", "develop-eggs/l": "", ".installed.cfg": "",
		"dist/a.tar.gz": "", "dist/app.js": "", "out/a.tar.gz": "", "var/log": "", "src/x/build/lib.linux/x": "", "src/x/setup.py": "", "src/x/x.so": "",
		"src/x/x.egg-info/PKG-INFO": "", "src/build/keep": "", "env/pyvenv.cfg": "", "env/bin/python": "", "src/x/__pycache__/x.pyc": "",
	}
	dir := write(t, files)
	for _, args := range [][]string{{"init", "-q"}, {"add", "-f", "cmd/tracked", "buildout.cfg", ".gitignore", "src/x/x.py"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "src"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	to := t.TempDir()
	archives := func(dir string) []string {
		found, _ := filepath.Glob(filepath.Join(dir, "*.tar.gz"))
		for i := range found {
			found[i] = filepath.Base(found[i])
		}
		return found
	}
	left, err := Options{Dir: dir, Config: "buildout.cfg", Out: filepath.Join(dir, "out"), Wrote: archives}.copyTree(context.Background(), to)
	if err != nil {
		t.Fatal(err)
	}
	wantLeft := []LeftOut{{".installed.cfg", LeftProduct}, {"cmd/script", LeftProduct}, {"develop-eggs", LeftProduct}, {"dist/a.tar.gz", LeftOwn}, {"eggs", LeftProduct},
		{"env", LeftVirtualenv}, {"out", LeftOwn}, {"parts", LeftProduct}, {"src/x/build", LeftCompiled}, {"src/x/x.egg-info", LeftCompiled}, {"src/x/x.so", LeftCompiled}, {"var", LeftData}}
	if !slices.Equal(left, wantLeft) {
		t.Errorf("left out %v\nwant     %v", left, wantLeft)
	}
	var got []string
	filepath.WalkDir(to, func(path string, d os.DirEntry, err error) error {
		rel, _ := filepath.Rel(to, path)
		if d.Name() == ".git" {
			got = append(got, ".git")
			return filepath.SkipDir
		}
		if !d.IsDir() {
			got = append(got, rel)
		}
		return nil
	})
	want := []string{".git", ".gitignore", "bin/own", "buildout.cfg", "cmd/tracked", "dist/app.js", "link", "secrets.cfg", "src/build/keep", "src/x/setup.py", "src/x/x.py", "with space/ü"}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("copied %q\nwant   %q", got, want)
	}
	if target, _ := os.Readlink(filepath.Join(to, "link")); target != "src" {
		t.Errorf("the link points to %s", target)
	}
}

// Two that disagree are an error that names both.
func TestDemands(t *testing.T) {
	py := testtool.PythonWith(t, "3.13", "pip")
	p := tools.With(py, os.Environ())
	for _, c := range []struct{ name, flag, pinned, requirements, want string }{
		{"agree", "6.0.1", "6.0.1", "zc.buildout==6.0.1", "zc-buildout==6.0.1"},
		{"range", "", "6.0.1", "zc_buildout>=5,<7  # fine", "zc-buildout==6.0.1"},
		{"marker", "", "6.0.1", "zc.buildout==5.0 ; python_version < '3'", "zc-buildout==6.0.1"},
		{"others", "", "6.0.1", "-r more.txt\nPlone==6.0 --hash=sha256:0\n-e .\n./local\n", "zc-buildout==6.0.1"},
		{"flag against pin", "5.2.0", "6.0.1", "", "--buildout-version asks for zc-buildout==5.2.0, [versions] for zc-buildout==6.0.1"},
		{"pin against nested file", "", "6.0.1", "-c more.txt\n", "[versions] asks for zc-buildout==6.0.1, more.txt for zc-buildout==5.2.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			more := "six==1\n"
			if strings.Contains(c.name, "nested") {
				more = "zc.buildout==5.2.0\n"
			}
			dir := write(t, map[string]string{"requirements.txt": c.requirements, "more.txt": more})
			pins, err := demands(context.Background(), p, dir, c.flag, map[string]string{"zc.buildout": c.pinned, "six": "1.0"}, "versions")
			got := constraints(pins, "")
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

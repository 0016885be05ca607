//go:build unix

package install

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

// someone is a user who isn't root.
const someone = 65534

// foreignPythons are interpreters in a directory that somebody else than root
// can change, by what is done to them.
var foreignPythons = map[string]func(dir, program string) error{
	"the file is another's":        func(_, program string) error { return os.Chown(program, someone, someone) },
	"the directory is another's":   func(dir, _ string) error { return os.Chown(dir, someone, someone) },
	"one above is another's":       func(dir, _ string) error { return os.Chown(filepath.Dir(dir), someone, someone) },
	"anybody can write the file":   func(_, program string) error { return os.Chmod(program, 0o777) },
	"anybody can write the folder": func(dir, _ string) error { return os.Chmod(dir, 0o777) },
	"a group can write the folder": func(dir, _ string) error { return chownMode(dir, 0, someone, 0o775) },
	"a link through another's":     func(dir, program string) error { return linkThrough(dir, program, someone) },
}

func chownMode(path string, uid, gid int, mode os.FileMode) error {
	if err := os.Chown(path, uid, gid); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// linkThrough moves a program away, and leads to it by a link in a directory of a user's.
func linkThrough(dir, program string, uid int) error {
	theirs, away := filepath.Join(filepath.Dir(dir), "theirs"), filepath.Join(filepath.Dir(dir), "away")
	for _, err := range []error{
		os.Mkdir(theirs, 0o755), os.Rename(program, away), os.Symlink(away, filepath.Join(theirs, "link")),
		os.Chown(theirs, uid, uid), os.Symlink(filepath.Join(theirs, "link"), program),
	} {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestRootsInterpreters: root runs no interpreter that another user can change,
// unless it is named by its path: neither install nor install.sh nor its program.
func TestRootsInterpreters(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: other users' files")
	}
	s := newScript(t, packReal(t, t.TempDir(), "1.0"))
	python := installtest.Python(t, "3.13")
	if _, err := os.Stat("/usr/bin/python3.13"); err == nil {
		testtool.Lacks(t, "a /usr/bin without python3.13") // it is found too, and fits
	}
	for name, spoil := range foreignPythons {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			dir, marker := filepath.Join(base, "opt", "bin"), filepath.Join(base, "marker")
			program := filepath.Join(dir, "python3.13")
			mkfile(t, program, fmt.Sprintf("#!/bin/sh\nid -u >>%s\nexec %s \"$@\"\n", marker, python))
			chmod(t, program, 0o755)
			if err := spoil(dir, program); err != nil {
				t.Fatal(err)
			}
			env := []string{"PATH=" + dir + ":/usr/bin:/bin", "HOME=/no", "PYENV_ROOT=/no", "LC_ALL=C"}
			unrun := func(who string, err error) {
				t.Helper()
				if ran, readErr := os.ReadFile(marker); readErr == nil {
					t.Errorf("%s ran it as user %s", who, strings.TrimSpace(string(ran)))
					_ = os.Remove(marker)
				}
				if err == nil || !strings.Contains(err.Error(), "not run by root, since others can change them: "+program) {
					t.Errorf("%s: %v", who, err)
				}
			}
			o := realOptions(t, s.dist, filepath.Join(base, "app")).Options
			o.Env, o.Python = env, ""
			_, err := Install(t.Context(), o)
			unrun("install", err)
			for _, asked := range []string{"", "3.13", "python3.13"} {
				cmd := exec.Command("dash", s.path, "--into", o.Into, "--from", s.dist, "--python", asked)
				cmd.Env = env
				out, err := cmd.CombinedOutput()
				if err != nil {
					err = fmt.Errorf("%w: %s", err, out)
				}
				unrun("install.sh --python "+asked, err)
			}
			// Who names it by its path means it.
			o.Python = program
			if _, err := Install(t.Context(), o); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(marker); err != nil {
				t.Errorf("named by its path it wasn't run: %v", err)
			}
		})
	}
}

// TestScriptRootsLink: where no readlink is, root's install.sh runs no program by a link.
func TestScriptRootsLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: other users' files")
	}
	dir := t.TempDir()
	program, link, theirs := filepath.Join(dir, "program"), filepath.Join(dir, "link"), filepath.Join(dir, "theirs")
	mkfile(t, program, "")
	mkfile(t, theirs, "")
	if err := errors.Join(os.Chown(theirs, someone, someone), os.Symlink(theirs, link)); err != nil {
		t.Fatal(err)
	}
	_, roots, ok := strings.Cut(target.InstallScript(), "\nbinary_buildout_roots() (")
	roots, _, ended := strings.Cut(roots, "\n)\n")
	if !ok || !ended {
		t.Fatal("install.sh has no binary_buildout_roots")
	}
	for _, lacks := range []string{"", "readlink() { return 127; }\n"} {
		for path, want := range map[string]int{program: 0, link: 1, theirs: 1} {
			cmd := exec.Command("sh", "-c", lacks+"binary_buildout_roots() ("+roots+"\n)\nbinary_buildout_roots \"$1\"", "sh", path)
			if _ = cmd.Run(); cmd.ProcessState.ExitCode() != want {
				t.Errorf("%s%s: exit code %d, want %d", lacks, path, cmd.ProcessState.ExitCode(), want)
			}
		}
	}
}

// TestScriptSafePlace: root's install.sh doesn't work where another user could
// put something in the staging directory's place.
func TestScriptSafePlace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: other users' directories")
	}
	s := newScript(t, packReal(t, t.TempDir(), "1.0"))
	theirs := t.TempDir()
	mkfile(t, filepath.Join(theirs, "roots", "x"), "")
	chmod(t, theirs, 0o755)
	if err := os.Chown(theirs, someone, someone); err != nil {
		t.Fatal(err)
	}
	for _, into := range []string{"app", "roots/app"} {
		code, out := run(t, shell(t, []string{"dash"}), s.path, "--from", s.dist, "--into", filepath.Join(theirs, into), "--python", installtest.Python(t, "3.13"))
		if code != 2 || !strings.Contains(out, "another user could replace what root runs") || !strings.Contains(out, "run it as the user that it is for") {
			t.Errorf("%s: exit code %d\n%s", into, code, out)
		}
	}
	onlyThese(t, theirs, "roots")
	onlyThese(t, filepath.Join(theirs, "roots"), "x")
}

// asNobody runs this test once more, as somebody whom permissions stop.
func asNobody(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "binary-buildout-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	program, home := filepath.Join(dir, "test"), filepath.Join(dir, "home")
	copyFile(t, os.Args[0], program, nil)
	chmod(t, program, 0o755)
	chmod(t, dir, 0o755)
	nobody, err := lookupAccount("nobody")
	if err := errors.Join(err, os.Mkdir(home, 0o755), os.Chown(home, nobody.uid, nobody.gid)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir = home
	nobody.Run(cmd)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=" + home, "TMPDIR=" + home}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

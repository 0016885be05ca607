//go:build unix

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// nobody is a user who isn't root.
const nobody = 65534

// mainArg makes the test binary the program, which leaves in a file what it took.
const mainArg = "__main"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == asArg {
		os.Exit(New().Main(context.Background(), os.Args[1:]))
	}
	if len(os.Args) > 3 && os.Args[1] == mainArg {
		code := New().Main(context.Background(), os.Args[3:])
		// What it took at most: the rusage of a child begins with its parent's.
		status, err := os.ReadFile("/proc/self/status")
		if err := firstOf(err, os.WriteFile(os.Args[2], status, 0o644)); err != nil {
			code = 99
		}
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// yard is a directory that everybody can enter, with an interpreter in it that
// notes who runs it.
type yard struct {
	dir, python, marker string
	archives            map[string]string // by version; root's alone to read
}

func newYard(t *testing.T) yard {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: becomes another user")
	}
	dir, err := os.MkdirTemp("/var/tmp", "binary-buildout-owner-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	y := yard{dir: dir, python: filepath.Join(dir, "python3"), marker: filepath.Join(dir, "marker"), archives: map[string]string{}}
	system := testtool.Program(t, "/usr/bin/python3") // that another user can run: pyenv's are root's
	out, err := exec.Command(system, "-c", "import json, sys; v = sys.version_info; print(json.dumps({'version': '%d.%d.%d' % v[:3], 'implementation': 'cpython', 'abi': 'cp%d%d' % v[:2], 'bits': 64}))").Output()
	var python archive.Python
	if err := firstOf(err, json.Unmarshal(out, &python)); err != nil {
		t.Fatal(err)
	}
	program := fmt.Sprintf("#!/bin/sh\nid -u >>%s\nexec %s \"$@\"\n", y.marker, system)
	if err := firstOf(os.Chmod(dir, 0o755), os.WriteFile(y.marker, nil, 0o666), os.Chmod(y.marker, 0o666), os.WriteFile(y.python, []byte(program), 0o755)); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.0", "2.0"} {
		y.archives[version] = smallArchiveFor(t, t.TempDir(), version, python)
	}
	return y
}

func firstOf(errs ...error) error {
	i := slices.IndexFunc(errs, func(err error) bool { return err != nil })
	if i < 0 {
		return nil
	}
	return errs[i]
}

// run is the program as root starts it.
func (y yard) run(t *testing.T, args ...string) (code int, text string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	c := &Command{Stdin: strings.NewReader(""), Stdout: out, Stderr: out, Getenv: func(string) string { return "" }, Dir: y.dir, OS: "linux", Arch: "amd64"}
	code = c.Main(t.Context(), args)
	said, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(said)
}

// ranAs gives the users that the interpreter, or what wrote there too, ran as, and forgets them.
func (y yard) ranAs(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(y.marker)
	if err := firstOf(err, os.Truncate(y.marker, 0)); err != nil {
		t.Fatal(err)
	}
	users := strings.Fields(string(data))
	slices.Sort(users)
	return strings.Join(slices.Compact(users), " ")
}

// belongs fails the test unless all of a tree is a user's.
func belongs(t *testing.T, dir string, uid, gid uint32) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if st := info.Sys().(*syscall.Stat_t); st.Uid != uid || st.Gid != gid {
			t.Errorf("%s belongs to %d:%d", path, st.Uid, st.Gid)
		}
		n++
		return nil
	})
	if err != nil || n < 8 {
		t.Errorf("%d files in %s, %v", n, dir, err)
	}
}

// TestOwner: with --owner all of an install runs as that user, whoever's the
// place is; and update and rollback of what belongs to another user run as
// that user, whatever lies there. --stop and --start are run by root, and not there.
func TestOwner(t *testing.T) {
	y := newYard(t)
	theirs := filepath.Join(y.dir, "home")
	if err := firstOf(os.Mkdir(theirs, 0o755), os.Chown(theirs, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{filepath.Join(y.dir, "app"), filepath.Join(theirs, "app")} {
		code, out := y.run(t, "install", y.archives["1.0"], "--into", place, "--python", y.python, "--owner", "nobody")
		if ran := y.ranAs(t); code != 0 || ran != "65534" {
			t.Fatalf("exit code %d; the interpreter ran as %q:\n%s", code, ran, out)
		}
		belongs(t, place, nobody, nobody)
		if code, out = y.run(t, "install", y.archives["1.0"], "--into", place, "--python", y.python, "--owner", "65534:65534"); code != 0 || !strings.Contains(out, "is there already") {
			t.Errorf("again: exit code %d\n%s", code, out)
		}
		y.ranAs(t)
		// What the owner can do with his own: a bootstrap.py that notes who runs it.
		bootstrap := filepath.Join(place, "bootstrap.py")
		real, err := os.ReadFile(bootstrap)
		if err != nil {
			t.Fatal(err)
		}
		noting := fmt.Sprintf("import os; open(%q, 'a').write('%%d\\n' %% os.getuid())\n", y.marker)
		if err := os.WriteFile(bootstrap, append([]byte(noting), bytes.Replace(real, []byte("#!/usr"), []byte("# /usr"), 1)...), 0o755); err != nil {
			t.Fatal(err)
		}
		hooks := filepath.Join(t.TempDir(), "hooks")
		note := "echo $(id -u) $(pwd) >>" + hooks
		code, out = y.run(t, "update", place, y.archives["2.0"], "--stop", note, "--start", note)
		if ran := y.ranAs(t); code != 0 || ran != "65534" {
			t.Fatalf("update: exit code %d; bootstrap.py and the interpreter ran as %q:\n%s", code, ran, out)
		}
		code, out = y.run(t, "rollback", place, "--stop", note, "--start", note)
		if ran := y.ranAs(t); code != 0 || ran != "65534" {
			t.Fatalf("rollback: exit code %d; bootstrap.py and the interpreter ran as %q:\n%s", code, ran, out)
		}
		belongs(t, place, nobody, nobody)
		if said, err := os.ReadFile(hooks); string(said) != "0 /\n0 /\n0 /\n0 /\n" {
			t.Errorf("--stop and --start ran as %q, %v", said, err)
		}
		// What looks like an interrupted update has the interpreter of state.json run.
		journal := filepath.Join(place, archive.Dir, "transaction")
		if err := firstOf(os.Mkdir(journal, 0o700), os.Chown(journal, nobody, nobody), os.WriteFile(filepath.Join(journal, "plan.json"), []byte("{}"), 0o644)); err != nil {
			t.Fatal(err)
		}
		for _, command := range [][]string{{"update", place, y.archives["2.0"]}, {"rollback", place}} {
			code, out = y.run(t, command...)
			if ran := y.ranAs(t); code == 0 || ran != "65534" {
				t.Errorf("%q: exit code %d; the interpreter ran as %q:\n%s", command, code, ran, out)
			}
		}
	}
	// A hook that fails is said, and all is as it was.
	if err := os.RemoveAll(filepath.Join(y.dir, "app", archive.Dir, "transaction")); err != nil {
		t.Fatal(err)
	}
	code, out := y.run(t, "update", "app", y.archives["2.0"], "--start", "echo no luck; exit 1")
	if code != 1 || !strings.Contains(out, "no luck; site 1.0 is there again") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

// TestOwnerRefused: what root isn't asked to do safely it doesn't do.
func TestOwnerRefused(t *testing.T) {
	y := newYard(t)
	theirs := filepath.Join(y.dir, "home")
	mine := filepath.Join(y.dir, "mine")
	if err := firstOf(os.Mkdir(theirs, 0o755), os.Mkdir(filepath.Join(theirs, "roots"), 0o755), os.Chown(theirs, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	if code, out := y.run(t, "install", y.archives["1.0"], "--into", mine, "--python", y.python); code != 0 {
		t.Fatal(out)
	}
	y.ranAs(t)
	refused := func(want string, args ...string) {
		t.Helper()
		code, out := y.run(t, args...)
		if ran := y.ranAs(t); code != 2 || ran != "" || !strings.Contains(out, want) {
			t.Errorf("%q: exit code %d, the interpreter ran as %q:\n%s", args, code, ran, out)
		}
	}
	for _, into := range []string{"home/app", "home/roots/app", "home/roots"} {
		refused("hint: --owner USER installs it as the user that it is for", "install", y.archives["1.0"], "--into", into, "--python", y.python)
	}
	refused(`there is no user "no-such-user"`, "install", y.archives["1.0"], "--into", "other", "--owner", "no-such-user")
	if err := os.Chmod(y.python, 0o700); err != nil {
		t.Fatal(err)
	}
	refused("that this user can run", "install", y.archives["1.0"], "--into", "other", "--python", y.python, "--owner", "nobody")
	if _, err := os.Lstat(filepath.Join(y.dir, "other")); err == nil {
		t.Error("the directory was left")
	}
	if err := os.Chmod(y.python, 0o755); err != nil {
		t.Fatal(err)
	}
	// A tree of root's that another user can change, or move away.
	for name, spoil := range map[string]func() (undo func() error, err error){
		"bootstrap.py": func() (func() error, error) {
			path := filepath.Join(mine, "bootstrap.py")
			return func() error { return os.Chown(path, 0, 0) }, os.Chown(path, nobody, nobody)
		},
		"the directory": func() (func() error, error) {
			return func() error { return os.Chmod(mine, 0o755) }, os.Chmod(mine, 0o777)
		},
		"its own directory": func() (func() error, error) {
			path := filepath.Join(mine, archive.Dir)
			return func() error { return os.Chown(path, 0, 0) }, os.Chown(path, nobody, nobody)
		},
		"its own interpreter": func() (func() error, error) {
			start, own := filepath.Join(mine, "bootstrap"), filepath.Join(mine, "python-3.13.9")
			return func() error { return firstOf(os.Remove(start), os.RemoveAll(own)) }, firstOf(
				os.WriteFile(start, []byte("# binary-buildout: starts bootstrap.py\nPYTHON=python-3.13.9/bin/python3.13\n"), 0o755),
				os.Mkdir(own, 0o755), os.Mkdir(filepath.Join(own, "bin"), 0o755), os.Chown(filepath.Join(own, "bin"), nobody, nobody))
		},
		"one above": func() (func() error, error) {
			return func() error { return os.Chown(y.dir, 0, 0) }, os.Chown(y.dir, nobody, nobody)
		},
	} {
		undo, err := spoil()
		if err != nil {
			t.Fatal(name, err)
		}
		refused("run it as the user that the directory belongs to", "update", mine, y.archives["2.0"])
		refused("run it as the user that the directory belongs to", "rollback", mine)
		if err := undo(); err != nil {
			t.Fatal(name, err)
		}
	}
}

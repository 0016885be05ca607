package packtest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// EveryPython are the interpreters that bootstrap.py is run with; with -short,
// the oldest and the newest.
func EveryPython() []string {
	if testing.Short() {
		return BothPythons()
	}
	return []string{"2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"}
}

// BothPythons are one of Python 2 and one of Python 3.
func BothPythons() []string { return []string{"2.7", "3.13"} }

// ShortPythons stand for all of them where a test is repeated often; with
// -short, the newest does.
func ShortPythons() []string {
	if testing.Short() {
		return []string{"3.13"}
	}
	return []string{"2.7", "3.6", "3.13"}
}

// FindPython gives a real interpreter of a minor version. A test that lacks it is skipped.
func FindPython(t testing.TB, minor string) string {
	t.Helper()
	return testtool.Python(t, minor)
}

// RunIn runs a command with exactly this environment, for at most five minutes.
func RunIn(t testing.TB, dir string, env []string, name string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("running %s: %v", name, err)
	}
	return Result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// AboutPython asks an interpreter what the manifest says of it.
func AboutPython(t testing.TB, python string) archive.Python {
	t.Helper()
	out := RunIn(t, "", os.Environ(), python, "-c", `
import sys, struct, sysconfig
abi = "cp%d%d" % sys.version_info[:2]
abi += ("mu" if sys.maxunicode > 65535 else "m") if sys.version_info[0] == 2 else sys.abiflags
print("%d.%d.%d" % sys.version_info[:3])
print(abi)
print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))
print(struct.calcsize("P") * 8)`).Must(t, "asking python")
	f := strings.Fields(out.Out)
	bits := 64
	if f[3] == "32" {
		bits = 32
	}
	return archive.Python{Version: f[0], Implementation: "cpython", ABI: f[1], Platform: f[2], Bits: bits, Libc: "glibc"}
}

// Result is what a command left.
type Result struct {
	Code     int
	Out, Err string
}

// Must fails the test unless the command exited 0.
func (r Result) Must(t testing.TB, what string) Result {
	t.Helper()
	if r.Code != 0 {
		t.Fatalf("%s: exit %d\n%s\n%s", what, r.Code, r.Out, r.Err)
	}
	return r
}

// CEnv is an environment that has next to nothing.
func CEnv(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}, more...)
}

// BareEnv is a server's environment: no compiler on PATH, no network, and
// everything that a server may have of its own pointing the wrong way.
func BareEnv(t testing.TB, more ...string) []string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"sh", "env", "cat", "ls", "uname", "dirname", "rm", "mkdir"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	WriteFile(t, filepath.Join(home, ".buildout/default.cfg"), "[buildout]\neggs-directory = /nonexistent/eggs\nnewest = true\n")
	WriteFile(t, filepath.Join(home, ".config/pip/pip.conf"), "[global]\nindex-url = http://127.0.0.1:9/\ntarget = /nonexistent\n")
	evil := filepath.Join(home, "evil")
	for _, module := range []string{"json", "setuptools", "zc"} {
		WriteFile(t, filepath.Join(evil, module+".py"), "raise SystemExit('what PYTHONPATH holds was run')\n")
	}
	return append([]string{"PATH=" + bin, "HOME=" + home, "PYTHONPATH=" + evil, "PIP_TARGET=/nonexistent", "PIP_INDEX_URL=http://127.0.0.1:9/",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", "LC_ALL=C"}, more...)
}

// Without gives the environment without some variables.
func Without(env []string, names ...string) []string {
	var kept []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		drop := false
		for _, n := range names {
			drop = drop || n == name
		}
		if !drop {
			kept = append(kept, e)
		}
	}
	return kept
}

// Elsewhere gives the interpreter another path, one with a space and an ü.
func Elsewhere(t testing.TB, python, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "py thön", strings.Repeat("y", 240)) // more than the kernel takes in a first line
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.Symlink(python, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// OnlyUpdating fails the test unless each part was updated, and none installed.
func OnlyUpdating(t testing.TB, r Result, parts ...string) {
	t.Helper()
	r.Must(t, "bin/buildout")
	for _, p := range parts {
		if !strings.Contains(r.Out, "Updating "+p+".") {
			t.Errorf("part %s was not updated:\n%s%s", p, r.Out, r.Err)
		}
	}
	if bad := otherWork.FindString(r.Out + r.Err); bad != "" {
		t.Errorf("%q in:\n%s%s", bad, r.Out, r.Err)
	}
}

// otherWork is what buildout says when it does more than update.
var otherWork = regexp.MustCompile(`(?m)^(Installing [^']|Uninstalling|Generated|Getting).*`)

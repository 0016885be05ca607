// Package testroot runs commands in the root of another Debian, for tests.
package testroot

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// Root is the root of a Debian in the cache. What runs in it can't write there.
type Root struct{ dir string }

// Forky is a Debian with python3.14 and python3.15, their headers, and gcc.
func Forky(t testing.TB) Root {
	t.Helper()
	return Debian(t, "forky", "forky", "python3.14", "python3.14-dev", "python3.14-venv", "python3.15", "python3.15-dev", "python3.15-venv",
		"gcc", "libc6-dev", "g++", "zlib1g-dev")
}

// Python is an interpreter of a minor version: testtool's, or of those that only a
// newer Debian has Forky's.
func Python(t testing.TB, minor string) string {
	t.Helper()
	if minor == "3.14" || minor == "3.15" {
		return Forky(t).Python(t, minor)
	}
	return testtool.Python(t, minor)
}

// Debian is the root of a suite with packages, made by .ci/debian-root.sh once
// and kept under a name. A test that lacks bwrap, or debootstrap or the rights to
// make the root, is skipped; so is one of -short that would make it.
func Debian(t testing.TB, suite, name string, packages ...string) Root {
	t.Helper()
	testtool.Program(t, "bwrap")
	if dir := filepath.Join(testcache.Dir(t), "roots", name); !made(dir, suite, packages) {
		if testing.Short() {
			t.Skip("makes the root of another Debian")
		}
		testtool.Program(t, "debootstrap", "/usr/sbin/debootstrap")
		if os.Getuid() != 0 {
			testtool.Lacks(t, "the right to make "+dir)
		}
	}
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "..", "..", ".ci", "debian-root.sh")
	cmd := exec.Command("bash", append([]string{"-euo", "pipefail", script, suite, name}, packages...)...)
	cmd.Env = append(os.Environ(), "BINARY_BUILDOUT_CACHE="+testcache.Dir(t))
	cmd.Stderr = &strings.Builder{}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("making the root of Debian %s: %v\n%s", suite, err, cmd.Stderr)
	}
	return Root{strings.TrimSpace(string(out))}
}

// made reports whether a root of exactly that is there.
func made(dir, suite string, packages []string) bool {
	ready, err := os.ReadFile(filepath.Join(dir, "ready"))
	return err == nil && strings.TrimSpace(string(ready)) == strings.TrimSpace(suite+" "+strings.Join(packages, " "))
}

// Command runs in the root, with dir of this machine as /srv, its working
// directory, and nothing of this machine's environment but how the network is
// reached. Further arguments of bwrap may stand before a "--".
func (r Root) Command(dir string, argv ...string) *exec.Cmd {
	args := []string{"--ro-bind", r.dir, "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/var/tmp",
		"--bind", dir, "/srv", "--chdir", "/srv", "--die-with-parent", "--clearenv", "--cap-add", "ALL",
		"--setenv", "HOME", "/srv/home", "--setenv", "PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "--setenv", "LC_ALL", "C.UTF-8"}
	for _, p := range []string{"/etc/resolv.conf", "/etc/ssl/certs"} {
		if _, err := os.Stat(p); err != nil {
			continue
		}
		if _, err := os.Stat(filepath.Join(r.dir, p)); err == nil {
			args = append(args, "--ro-bind", p, p)
		}
	}
	for _, v := range os.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "PIP_FIND_LINKS" && (strings.HasPrefix(name, "PIP_") || strings.HasPrefix(name, "SSL_CERT") || strings.HasSuffix(strings.ToLower(name), "_proxy")) {
			args = append(args, "--setenv", name, value)
		}
	}
	return exec.Command("bwrap", append(args, argv...)...)
}

// Python is a command that runs an interpreter of the root, "3.15", with this
// machine's environment and its directory for temporary files, both under the
// names that they have here. So it stands for an interpreter of this machine
// where nobody asks for its path.
func (r Root) Python(t testing.TB, version string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "python"+version)
	tmp := os.TempDir()
	script := `#!/bin/sh
case $PWD/ in '` + tmp + `'/*) dir=$PWD ;; *) dir=/ ;; esac
exec bwrap --ro-bind '` + r.dir + `' / --dev /dev --proc /proc --tmpfs /tmp --bind '` + tmp + `' '` + tmp + `' --chdir "$dir" --die-with-parent \
    /usr/bin/python` + version + ` "$@"
`
	if err := os.WriteFile(name, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return name
}

package bundle_test

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// pipWheel is pip as the interpreter brings it, or Debian beside its own.
func pipWheel(t *testing.T) string {
	t.Helper()
	own := filepath.Join(filepath.Dir(filepath.Dir(testtool.Python(t, "3.13"))), "lib/python3.13/ensurepip/_bundled")
	for _, dir := range []string{own, "/usr/share/python-wheels"} {
		found, err := filepath.Glob(filepath.Join(dir, "pip-*.whl"))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("there is no wheel of pip in %s, nor in /usr/share/python-wheels", own)
	return ""
}

// behaves has a moved copy do what applications count on: testdata/behave.py.
func behaves(t *testing.T, o bundle.Options, b *bundle.Bundle, place string) {
	t.Helper()
	script, err := filepath.Abs("testdata/behave.py")
	if err != nil {
		t.Fatal(err)
	}
	pip := pipWheel(t)
	relocate(t, b, place, o.Root, place)
	work := t.TempDir()
	cmd := exec.Command(filepath.Join(place, filepath.FromSlash(b.Executable)), "-Bs", script, filepath.Join(place, b.Directory), o.Prefix, work, pip)
	cmd.Env = []string{"PATH=/nonexistent", "LC_ALL=C.UTF-8", "HOME=" + work, "PYTHONDONTWRITEBYTECODE=1"}
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%s: %v\n%s", o.Executable, err, out)
	}
	if _, err := os.Stat(filepath.Join(work, "an environment ü")); err != nil {
		t.Error(err)
	}
}

// behavesElsewhere has a copy do the same on a Debian 13 and on a system of BusyBox
// and glibc alone. place is moved to /srv there.
func behavesElsewhere(t *testing.T, o bundle.Options, b *bundle.Bundle, place string) {
	t.Helper()
	dir, there := filepath.Dir(place), "/srv/"+filepath.Base(place)
	relocate(t, b, place, place, there)
	files := map[string]string{"behave.py": "testdata/behave.py", "pip.whl": pipWheel(t)}
	for name, from := range files {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, command := range map[string]func(t *testing.T, argv ...string) *exec.Cmd{
		"debian 13": func(t *testing.T, argv ...string) *exec.Cmd {
			return testroot.Debian(t, "trixie", "newcomer-trixie", "git", "curl", "ca-certificates").Command(dir, argv...)
		},
		"busybox": func(t *testing.T, argv ...string) *exec.Cmd { return bare(t, dir, argv...) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
				t.Fatal(err)
			}
			cmd := command(t, "--setenv", "PATH", "/nonexistent", "--", path.Join(there, b.Executable), "-Bs", "/srv/behave.py", path.Join(there, b.Directory), o.Prefix, "/srv/"+name, "/srv/pip.whl")
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%s: %v\n%s", o.Executable, err, out)
			}
		})
	}
}

// bare runs in a root that has BusyBox and glibc, and dir as /srv.
func bare(t *testing.T, dir string, argv ...string) *exec.Cmd {
	t.Helper()
	loader := testtool.Loader(t)
	real, err := filepath.EvalSymlinks(loader)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--tmpfs", "/", "--dir", "/tmp", "--proc", "/proc", "--dev", "/dev", "--ro-bind", testtool.Program(t, "busybox"), "/bin/sh",
		"--ro-bind", real, loader, "--bind", dir, "/srv", "--die-with-parent", "--clearenv", "--setenv", "HOME", "/srv", "--setenv", "LC_ALL", "C.UTF-8"}
	for _, name := range []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1", "libresolv.so.2", "libgcc_s.so.1"} {
		lib := filepath.Join(filepath.Dir(real), name)
		args = append(args, "--ro-bind-try", lib, lib)
	}
	return exec.Command(testtool.Program(t, "bwrap"), append(args, argv...)...)
}

// relocate brings what names the tree to the place that it was moved to, as bootstrap.py does.
func relocate(t *testing.T, b *bundle.Bundle, place, from, to string) {
	t.Helper()
	for _, f := range b.Files {
		if !strings.HasPrefix(path.Base(f.Path), "_sysconfigdata") {
			continue
		}
		file := filepath.Join(place, filepath.FromSlash(f.Path))
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(file, bytes.ReplaceAll(text, []byte(from), []byte(to)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

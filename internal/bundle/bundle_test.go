package bundle_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/pack"
)

// promised are glibc's own libraries, and some that each policy has beside them.
func promised(name string) bool {
	return slices.ContainsFunc([]string{"libc.so", "libm.so", "libdl.so", "libpthread.so", "libutil.so", "librt.so", "libresolv.so", "libgcc_s.so", "libz.so", "libexpat.so"},
		func(start string) bool { return strings.HasPrefix(name, start) })
}

// options are those of an interpreter of this machine.
func options(t *testing.T, python string) bundle.Options {
	t.Helper()
	const code = `
import json, os, platform, sys
sys.stdout.write(json.dumps({"Executable": sys.executable, "Prefix": sys.prefix, "Stdlib": os.path.dirname(os.__file__), "Version": platform.python_version()}))
`
	out, err := exec.Command(python, "-sE", "-c", code).Output()
	if err != nil {
		t.Fatalf("%s: %v", python, err)
	}
	none := func(string) bool { return false }
	o := bundle.Options{OS: runtime.GOOS, Root: filepath.Join(t.TempDir(), "the tree"), Promised: promised, Included: none, Excluded: none}
	o.Dir = o.Root
	if err := json.Unmarshal(out, &o.Interpreter); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return o
}

// pythons are the interpreters that are copied: one of pyenv's and the system's.
func pythons(t *testing.T) []string {
	all := []string{testtool.Python(t, "3.13")}
	if _, err := os.Stat("/usr/bin/python3"); err == nil {
		all = append(all, "/usr/bin/python3")
	}
	return all
}

// told is what a copy says of itself.
type told struct {
	Prefix, Version, Executable, LibDir, Purelib, CAFile string
	Path, Mapped, Spawned                                []string
	Zone                                                 float64
}

const tellPy = `
import json, multiprocessing, os, sys, sysconfig
def where(_):
    return sys.executable
if __name__ == "__main__":
    import ctypes, sqlite3, ssl, lzma, bz2, readline, zoneinfo, hashlib, uuid
    sqlite3.connect(":memory:").execute("select 1")
    context = ssl.create_default_context()
    spawned = []
    for method in ("spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(1) as pool:
            spawned += pool.map(where, [0])
    mapped = sorted(set(l.split(None, 5)[5].strip() for l in open("/proc/self/maps") if ".so" in l))
    json.dump({"Prefix": sys.prefix, "Version": sys.version.split()[0], "Executable": sys.executable, "LibDir": sysconfig.get_config_var("LIBDIR"),
               "Purelib": sysconfig.get_path("purelib"), "CAFile": ssl.get_default_verify_paths().cafile or "",
               "Path": [p for p in sys.path if p], "Mapped": mapped, "Spawned": spawned}, sys.stdout)
`

// TestMake copies interpreters of this machine, and moves the copies to a path
// with a space and a letter that isn't ASCII. There each finds itself, its
// libraries and its modules in its own directory; nothing names its build.
func TestMake(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the libraries of the interpreter are found on Linux alone")
	}
	for _, python := range pythons(t) {
		o := options(t, python)
		b, err := bundle.Make(context.Background(), o)
		if err != nil {
			t.Errorf("%s: %v", python, err)
			continue
		}
		if len(b.Missing) > 0 || len(b.Libraries) < 8 {
			t.Errorf("%s: without %v, with %d libraries", python, b.Missing, len(b.Libraries))
		}
		checkFiles(t, o, b)
		place := filepath.Join(t.TempDir(), "Ort ü")
		if err := os.Rename(o.Dir, place); err != nil {
			t.Fatal(err)
		}
		checkCopy(t, o, b, place)
		certificates(t, filepath.Join(place, filepath.FromSlash(b.Executable)))
		behaves(t, o, b, place)
		behavesElsewhere(t, o, b, place)
	}
}

// checkFiles looks for what may not be in the copy's files.
func checkFiles(t *testing.T, o bundle.Options, b *bundle.Bundle) {
	t.Helper()
	size := int64(0)
	for _, f := range b.Files {
		if f.Type == archive.TypeDir {
			continue
		}
		size += f.Size
		name := strings.TrimPrefix(f.Path, b.Directory+"/")
		for _, never := range []string{"/test/", "/tests/", "_pydecimal", "_osx_support", "idlelib", "tkinter", "_bundled", "-packages/", "sitecustomize", "__pycache__", "libtk", "libX11", "config-"} {
			if strings.Contains(name, never) {
				t.Errorf("%s is in the copy", f.Path)
			}
		}
		data, err := os.ReadFile(f.Source)
		if err != nil {
			t.Fatal(err)
		}
		if o.Prefix != "/usr" && bytes.Contains(data, []byte(o.Prefix)) {
			t.Errorf("%s names %s", f.Path, o.Prefix)
		}
	}
	for _, reason := range []string{"tests of the interpreter", "the interpreter's editor and demonstrations", "for compiling against the interpreter"} {
		found := false
		for _, omission := range b.Omitted {
			found = found || omission.Reason == reason
		}
		if !found {
			t.Errorf("%s: nothing is left out for being %s", o.Executable, reason)
		}
	}
	if size > 30_500_000 { // pyenv's 3.13 and Debian's 3.11 have less than 28, Debian 13's 3.13 has 30
		t.Errorf("%s: the copy has %d bytes", o.Executable, size)
	}
	t.Logf("%s: %d files, %d bytes, %d libraries", o.Executable, len(b.Files), size, len(b.Libraries))
}

func checkCopy(t *testing.T, o bundle.Options, b *bundle.Bundle, place string) {
	t.Helper()
	script := filepath.Join(t.TempDir(), "tell.py")
	if err := os.WriteFile(script, []byte(tellPy), 0o600); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(place, filepath.FromSlash(b.Executable))
	cmd := exec.Command(exe, "-BsE", script)
	cmd.Env = []string{"PATH=/nonexistent", "LC_ALL=C.UTF-8", "HOME=" + place}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var got told
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", o.Executable, err, errs.String())
	}
	prefix := filepath.Join(place, b.Directory)
	if got.Prefix != prefix || got.Version != o.Version || !slices.Equal(got.Spawned, []string{exe, exe}) {
		t.Errorf("%s: prefix %q, version %q, children %q", o.Executable, got.Prefix, got.Version, got.Spawned)
	}
	for _, p := range append(got.Path, got.Purelib) {
		if !strings.HasPrefix(p, prefix+"/") && p != filepath.Dir(script) || strings.Contains(p, "dist-packages") {
			t.Errorf("%s looks for modules in %s", o.Executable, p)
		}
	}
	if want := filepath.Join(o.Root, b.Directory); !strings.HasPrefix(got.LibDir, want+"/") { // bootstrap.py brings it here
		t.Errorf("%s: LIBDIR is %q, not below %q", o.Executable, got.LibDir, want)
	}
	for _, lib := range got.Mapped {
		name, _, _ := strings.Cut(filepath.Base(lib), ".so")
		if !strings.HasPrefix(lib, prefix+"/") && !slices.Contains([]string{"libc", "libm", "libdl", "libpthread", "libutil", "librt", "libresolv", "libgcc_s", "ld-linux-x86-64", "ld-linux-aarch64"}, name) {
			t.Errorf("%s loads %s", o.Executable, lib)
		}
	}
}

const certificatesPy = `
import os, sys
import _ssl
own, wanted, place = sys.argv[1:4]
_ssl.get_default_verify_paths = lambda: ("SSL_CERT_FILE", "/nonexistent/cert.pem", "SSL_CERT_DIR", place)
import ssl
ssl._CERTIFICATES[:] = ["/nonexistent/a.pem", own]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
loaded = []
class Context(ssl.SSLContext):
    def load_verify_locations(self, cafile=None, *rest):
        loaded.append(cafile)
Context(ssl.PROTOCOL_TLS_CLIENT).load_default_certs()
found = [own] if wanted == "yes" else []
assert loaded == found, loaded
assert (ssl.get_default_verify_paths().cafile == own) == bool(found)
`

// certificates holds ssl of a copy to where it looks: at the distributions'
// places where the compiled-in ones have nothing and no variable names others.
func certificates(t *testing.T, exe string) {
	t.Helper()
	dir := t.TempDir()
	own, empty, hashed := filepath.Join(dir, "own.pem"), filepath.Join(dir, "empty"), filepath.Join(dir, "hashed")
	for _, d := range []string{empty, hashed} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []string{own, filepath.Join(hashed, "0123abcd.0"), filepath.Join(empty, "ca-bundle.crt")} {
		if err := os.WriteFile(f, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ wanted, place, variable string }{
		{"yes", "/nonexistent", "X=1"}, {"yes", empty, "X=1"}, {"no", hashed, "X=1"},
		{"no", empty, "SSL_CERT_FILE=" + filepath.Join(hashed, "0123abcd.0")}, {"no", empty, "SSL_CERT_DIR=" + empty},
	} {
		cmd := exec.Command(exe, "-BISc", certificatesPy, own, tt.wanted, tt.place)
		cmd.Env = []string{tt.variable, "PATH=/nonexistent"}
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%+v: %v\n%s", tt, err, out)
		}
	}
}

// TestMusl: an interpreter on musl with everything compiled in, and so with
// nothing in lib-dynload, finds itself too.
func TestMusl(t *testing.T) {
	o := options(t, testtool.Musl(t, testcache.Dir(t)))
	o.Promised = func(name string) bool { return strings.Contains(name, "musl") || name == "libc.so" }
	b, err := bundle.Make(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.Loader, "ld-musl-") || len(b.Libraries) > 0 {
		t.Errorf("loader %s, libraries %v", b.Loader, b.Libraries)
	}
	for start, end := range map[string]string{
		"_ssl (": "without OpenSSL (libssl-dev, openssl-devel)", "_lzma (": "(liblzma-dev, xz-devel)", "_sqlite3 (": "(libsqlite3-dev, sqlite-devel)",
	} {
		if !slices.ContainsFunc(b.Missing, func(m string) bool { return strings.HasPrefix(m, start) && strings.HasSuffix(m, end) }) {
			t.Errorf("%s...%s isn't in %q", start, end, b.Missing)
		}
	}
}

// TestFree: what the tree has already isn't written over.
func TestFree(t *testing.T) {
	list := &pack.List{Files: []pack.File{{Path: "bin", Type: "dir"}, {Path: "python-3.13.9", Type: "dir"}}}
	if err := bundle.Free(list, "python-3.13.10", "bootstrap"); err != nil {
		t.Error(err)
	}
	err := bundle.Free(list, "python-3.13.9", "bootstrap")
	if fault.CodeOf(err, 0) != 1 || !strings.Contains(fault.HintOf(err, ""), "--exclude python-3.13.9") {
		t.Error(err)
	}
}

// TestIncluded: what is left out comes back when it is asked for, and nothing else
// with it. The prefix is a link, as manylinux's in /opt/python are.
func TestIncluded(t *testing.T) {
	python, prefix := testtool.Python(t, "3.13"), filepath.Join(t.TempDir(), "cp313-cp313")
	built := filepath.Dir(filepath.Dir(python))
	if err := os.Symlink(built, prefix); err != nil {
		t.Fatal(err)
	}
	o := options(t, filepath.Join(prefix, "bin/python3.13"))
	if o.Prefix != prefix {
		t.Fatalf("the prefix is %s", o.Prefix)
	}
	o.Promised = func(string) bool { return true }
	o.Included = func(p string) bool { return strings.HasPrefix(p, "python-"+o.Version+"/lib/python3.13/test/support") }
	o.Excluded = func(p string) bool { return strings.HasSuffix(p, "/lib/python3.13/xmlrpc") }
	b, err := bundle.Make(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	support := 0
	for _, f := range b.Files {
		// A system's Python names /usr in its own text, whatever its prefix is.
		if data, err := os.ReadFile(f.Source); f.Type == archive.TypeFile && (err != nil || bytes.Contains(data, []byte(prefix)) || built != "/usr" && bytes.Contains(data, []byte(built))) {
			t.Errorf("%s names the prefix: %v", f.Path, err)
		}
		_, test, _ := strings.Cut(f.Path, "/lib/python3.13/test/")
		if strings.HasPrefix(test, "support/") {
			support++
		} else if test != "" || strings.Contains(f.Path, "/xmlrpc/") {
			t.Errorf("%s is in the copy", f.Path)
		}
	}
	if support == 0 {
		t.Error("test/support isn't in the copy")
	}
}

// TestRefused: what can't be copied is said, with what to give instead.
func TestRefused(t *testing.T) {
	o := options(t, testtool.Python(t, "3.13"))
	o.OS, o.Framework = "darwin", "Python"
	_, err := bundle.Make(context.Background(), o)
	if fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "framework build of macOS") || !strings.Contains(fault.HintOf(err, ""), "--bundle-python=DIR") {
		t.Error(err)
	}
	if left, _ := os.ReadDir(o.Dir); len(left) > 0 {
		t.Errorf("%d files were copied", len(left))
	}
}

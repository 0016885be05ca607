package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// compiler fails as the variable FAULT says: always, for the sources in it, or when it links.
// It works without optimising, since the tests look at what is there and not at how fast it is,
// and ccache remembers what came of the same source.
const compiler = `#!/bin/sh
stop() { echo "planted: error: not today: $1" >&2; exit 1; }
case $FAULT in
always) stop "$*" ;;
link) for arg do [ "$arg" != -shared ] || stop "the link"; done ;;
*) for arg do
    case $arg in *.c|*.cpp) for source in $FAULT; do
        case $arg in *"$source") stop "$arg" ;; esac
    done ;; esac
done ;;
esac
case $0 in *c++) real=g++ ;; *) real=gcc ;; esac
exec ccache $real "$@" -O0 -g0 -w -I'@INCLUDE@' -L'@LIB@'
`

// rustc stands before the compiler for the package's own crates, and fails likewise; what cargo asks it is answered.
const rustc = `#!/bin/sh
for arg do case $arg in *.rs)
    case $FAULT in always) echo "planted: error: not today: $arg" >&2; exit 1 ;; esac
    for source in $FAULT; do
        case $arg in *"$source") echo "planted: error: not today: $arg" >&2; exit 1 ;; esac
    done ;;
esac; done
exec "$@"
`

// linker is what rustc calls to link, as itself a shared library.
const linker = `#!/bin/sh
case $FAULT in link) echo "planted: error: not today: the link" >&2; exit 1 ;; esac
exec gcc "$@"
`

// debs unpacks packages of the distribution, with what they depend on by names that begin with
// lib, into the cache: development packages that this machine needn't have.
func debs(t *testing.T, name string, packages ...string) string {
	t.Helper()
	root := filepath.Join(verifytest.Cache(t), name)
	if _, err := os.Stat(root); err == nil {
		return root
	}
	dir := scratch(t, filepath.Dir(root))
	cmd := exec.Command("sh", "-c", `set -e
apt-get download -q "$@"
for f in *.deb; do dpkg -x "$f" root; done`, "sh")
	cmd.Args = append(cmd.Args, packages...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetching %q from the distribution: %v\n%s", packages, err, out)
	}
	_ = os.Rename(filepath.Join(dir, "root"), root)
	return root
}

// scratch is a new directory in another one, for what is renamed within it.
func scratch(t *testing.T, in string) string {
	t.Helper()
	if err := os.MkdirAll(in, 0o755); err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(in, "new")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// program writes a script, whole or not at all: another test process may be using it.
func program(t *testing.T, name, text string) string {
	t.Helper()
	tmp := filepath.Join(scratch(t, filepath.Dir(name)), "x")
	if err := os.WriteFile(tmp, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tmp, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// compilers gives the environment of a build whose compiler has a fault.
func compilers(t *testing.T, fault string) []string {
	t.Helper()
	yaml := debs(t, "libyaml", "libyaml-dev", "libyaml-0-2")
	libs, _ := filepath.Glob(filepath.Join(yaml, "usr", "lib", "*-linux-gnu"))
	if len(libs) != 1 {
		t.Fatalf("libraries of libyaml in %q", libs)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("@INCLUDE@", filepath.Join(yaml, "usr", "include"), "@LIB@", libs[0]).Replace(compiler)
	cc, cxx := program(t, filepath.Join(dir, "cc"), text), program(t, filepath.Join(dir, "c++"), text)
	return append(os.Environ(), "CC="+cc, "CXX="+cxx, "LDSHARED="+cc+" -shared", "FAULT="+fault,
		"CCACHE_DIR="+filepath.Join(verifytest.Cache(t), "ccache"), "CCACHE_BASEDIR=/", "CCACHE_NOHASHDIR=1", "MYPY_CACHE_DIR="+filepath.Join(verifytest.Cache(t), "mypy"))
}

// rust gives the environment of a build whose rustc has a fault. The crates that it depends on are compiled once, without
// optimising, into the cache. A package's own are forgotten each time: cargo takes them for the same, wherever they lie.
func rust(t *testing.T, python string) []string {
	t.Helper()
	dir := filepath.Join(verifytest.Cache(t), "rust")
	target := filepath.Join(dir, "target-"+python)
	forget := func() {
		for _, own := range []string{"objects_py", "pack_py", "diff_tree_py", "objects-py", "pack-py", "diff-tree-py", "jellyfish"} {
			for _, pattern := range []string{"*/*" + own + "-*", "*/*" + own + ".*", "*" + own + ".*"} {
				found, _ := filepath.Glob(filepath.Join(target, "release", pattern))
				for _, f := range found {
					os.RemoveAll(f)
				}
			}
		}
	}
	forget()
	t.Cleanup(forget)
	return []string{"CARGO_HOME=" + filepath.Join(dir, "cargo"), "CARGO_TARGET_DIR=" + target, "CARGO_INCREMENTAL=0",
		"CARGO_PROFILE_RELEASE_OPT_LEVEL=0", "CARGO_PROFILE_RELEASE_LTO=off", "CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16",
		"RUSTC_WORKSPACE_WRAPPER=" + program(t, filepath.Join(dir, "rustc"), rustc),
		"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=" + program(t, filepath.Join(dir, "linker"), linker)}
}

// backends are what the builds import, in the cache: pip's build isolation would install them again for each.
func backends(t *testing.T, python string) []string {
	t.Helper()
	dir := filepath.Join(verifytest.Cache(t), "backends-5-"+python)
	if _, err := os.Stat(dir); err != nil {
		tmp := scratch(t, verifytest.Cache(t))
		cmd := exec.Command(verifytest.Python(t, python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", filepath.Join(tmp, "new"),
			"setuptools==82.0.1", "wheel==0.48.0", "cython==3.3.1", "hatchling==1.33.0", "hatch-requirements-txt", "scikit-build-core==1.1.2", "meson-python==0.22.1",
			"meson==1.12.1", "ninja==1.13.2", "cffi==2.1.1", "setuptools-scm==10.3.4", "zope.proxy==7.3", "maturin==1.16.0", "setuptools-rust==1.13.0", "mypy==2.4.1", "poetry-core==2.4.1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("fetching build backends: %v\n%s", err, out)
		}
		_ = os.Rename(filepath.Join(tmp, "new"), dir)
	}
	return []string{"PYTHONPATH=" + dir, "PATH=" + filepath.Join(dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
}

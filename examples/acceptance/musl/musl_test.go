//go:build linux

// Package musl packs hello and cmmi by a Python that is linked to musl, with a
// compiler for musl, and tries the archives there and on glibc.
package musl

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// The Python has no OpenSSL: what hello and cmmi need lies in a folder. Wheels for musl, and
// sdists of what they compile.
var (
	wheels = []string{
		"zc.buildout==6.0.1", "zc.recipe.egg==6.0.0", "setuptools==84.2.1", "pip==26.3", "wheel==0.48.0", "packaging==26.3", "platformdirs==4.14.7",
		"collective.recipe.template==3.0.0", "MarkupSafe==3.0.3",
		"zc.buildout==4.2.0", "setuptools==75.8.2", "pip==25.0.1", "wheel==0.45.1", "packaging==24.2", "zc.recipe.egg==3.0.0", "zc.recipe.cmmi==5.1", "Cython==3.2.4", "PyYAML==6.0.3",
	}
	sdists = []string{"MarkupSafe==3.0.3", "PyYAML==6.0.3"}
)

// place is where a test of this package packs and installs.
type place struct {
	t                   *testing.T
	dir, python, folder string
	environment         []string
}

func newPlace(t *testing.T) place {
	t.Helper()
	if os.Getenv("BINARY_BUILDOUT_MUSL") == "" {
		t.Skip("takes a minute: BINARY_BUILDOUT_MUSL=1 runs it, and .ci/machines.sh musl")
	}
	p := place{t: t, dir: t.TempDir(), python: testtool.Musl(t, testcache.Dir(t)), folder: folder(t)}
	compiler := testtool.Program(t, "musl-gcc")
	bin := filepath.Join(p.dir, "bin")
	for _, name := range []string{"gcc", "cc", "x86_64-linux-musl-gcc"} {
		p.write(filepath.Join("bin", name), "#!/bin/sh\nexec "+compiler+" \"$@\"\n")
	}
	p.environment = []string{"PATH=" + bin + ":/usr/bin:/bin", "HOME=" + p.dir, "PIP_NO_INDEX=1", "PIP_FIND_LINKS=" + p.folder,
		"BINARY_BUILDOUT_CACHE=" + testcache.Dir(t)}
	build := exec.Command("go", "build", "-o", filepath.Join(p.dir, "binary-buildout"), "../../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return p
}

func (p place) write(name, text string) {
	p.t.Helper()
	full := filepath.Join(p.dir, name)
	err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o755))
	if err != nil {
		p.t.Fatal(err)
	}
}

// run runs a script of sh in the place; the exit code has to be the wanted one.
func (p place) run(code int, script string) string {
	p.t.Helper()
	cmd := exec.Command("sh", "-euc", script)
	cmd.Dir, cmd.Env = p.dir, p.environment
	said, err := cmd.CombinedOutput()
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		p.t.Fatal(err)
	}
	if got != code {
		p.t.Fatalf("%s: exit code %d, want %d\n%s", script, got, code, said)
	}
	return string(said)
}

// packed packs an example with what the folder has, and gives what was said.
func (p place) packed(example string, flags string) string {
	p.t.Helper()
	p.run(0, "cp -r "+absolute(p.t, "../../"+example)+" .")
	p.write(filepath.Join(example, "musl.cfg"), "[buildout]\nextends = buildout.cfg\nfind-links = "+p.folder+"\nindex = file://"+p.folder+"/none\n")
	return p.run(0, fmt.Sprintf("./binary-buildout pack %[1]s --config musl.cfg --name %[1]s --version 1 --python %[2]s --out out --require-isolation --stage %[3]s/stage %[4]s", example, p.python, p.dir, flags))
}

// moves installs the archive at a path with a space, and moves it.
func (p place) moves(example, command string) {
	p.t.Helper()
	p.run(0, fmt.Sprintf(`./binary-buildout install out/%[1]s-1-cp311-linux_x86_64.tar.gz --into 'a place' --python %[2]s
		cd 'a place'; bin/buildout; %[3]s
		cd ..; mv 'a place' %[1]s-moved; cd %[1]s-moved; %[2]s bootstrap.py; bin/buildout; %[3]s`, example, p.python, command))
}

func TestHello(t *testing.T) {
	p := newPlace(t)
	if said := p.packed("hello", ""); !strings.Contains(said, "musl 1.") || strings.Contains(said, "Needs       glibc") {
		t.Errorf("the floor isn't musl's:\n%s", said)
	}
	p.moves("hello", "bin/hello World")

	// No way installs it for glibc's Python, and each says what to have built.
	glibc := testtool.Python(t, "3.11")
	archive := "out/hello-1-cp311-linux_x86_64.tar.gz"
	p.run(0, "mkdir release; cp out/*.gz out/*.json release; ./binary-buildout release --prepare --dir release --tag v1 --repo example/hello")
	for script, want := range map[string][]string{
		"./binary-buildout install " + archive + " --into x --python " + glibc: {"it is for musl", "cp311-manylinux_2_28_x86_64"},
		"sh release/install.sh --into x --from release --python " + glibc:      {"it is for musl", "cp311-manylinux_2_28_x86_64"},
		"tar -xzf " + archive + "; cd hello-1; " + glibc + " bootstrap.py":     {"for musl, and this system has glibc", "hello-1-cp311-manylinux_2_28_x86_64"},
	} {
		said := p.run(2, script)
		for _, w := range want {
			if !strings.Contains(said, w) {
				t.Errorf("%s doesn't say %q:\n%s", script, w, said)
			}
		}
	}
}

// TestCMMI: a C library by configure and make, and extensions that find it where the tree lies.
func TestCMMI(t *testing.T) {
	p := newPlace(t)
	p.packed("cmmi", "--before 'sh sources.sh' --exclude downloads")
	p.moves("cmmi", `bin/yamlversion | grep -F "$PWD/parts/libyaml/lib/libyaml"`)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	full, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return full
}

// folder is the folder of wheels and sdists, filled once by an interpreter of this machine.
func folder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(testcache.Dir(t), "musl-wheels")
	if _, err := os.Stat(filepath.Join(dir, "ready")); err == nil {
		return dir
	}
	python := testtool.Python(t, "3.11")
	download := []string{"-m", "pip", "-q", "download", "-d", dir, "--no-deps"}
	for _, w := range wheels { // one by one, since there are two versions of some
		args := append(download[:len(download):len(download)], "--only-binary=:all:", "--platform", "musllinux_1_2_x86_64", "--platform", "any", "--python-version", "3.11", w)
		if said, err := exec.Command(python, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", w, err, said)
		}
	}
	for _, s := range sdists {
		if said, err := exec.Command(python, append(download[:len(download):len(download)], "--no-binary=:all:", s)...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", s, err, said)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "ready"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}

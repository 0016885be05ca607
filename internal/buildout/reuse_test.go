package buildout

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// What was made with something else is not reused, and why is said.
func TestUnlike(t *testing.T) {
	made := map[string]string{"cc": "(Debian 12.2.0-14) 12.2.0", "CFLAGS": digestMark + "00", toolsKey: "setuptools 81.0.0"}
	m := archive.Manifest{Target: "cp313-manylinux_2_28_x86_64", Python: archive.Python{Version: "3.13.0", ABI: "cp313", Platform: "linux_x86_64", Libc: "glibc"}, Toolchain: made}
	for _, c := range []struct {
		name, why string
		change    func(*builder)
	}{
		{"the same", "", func(*builder) {}},
		{"ABI", "it is for cp313 on linux_x86_64 (glibc), and this Python builds for cp312", func(b *builder) { b.in.ABI = "cp312" }},
		{"libc", "builds for cp313 on linux_x86_64 (musl)", func(b *builder) { b.in.Libc = "musl" }},
		{"patch version", "it was built with Python 3.13.0, and this one is 3.13.1", func(b *builder) { b.in.Version = "3.13.1" }},
		{"target", "it is for cp313-manylinux_2_28_x86_64, and cp313-linux_x86_64 is built", func(b *builder) { b.o.Target = "cp313-linux_x86_64" }},
		{"label", `its label is "", and this build's is "debian12"`, func(b *builder) { b.o.Label = "debian12" }},
		{"compiler", `cc was "(Debian 12.2.0-14) 12.2.0", and is "14.2.0" now`, func(b *builder) { b.made["cc"] = "14.2.0" }},
		{"flags", "CFLAGS is another one now", func(b *builder) { b.made["CFLAGS"] = digestMark + "01" }},
		{"new flags", "LDFLAGS is another one now", func(b *builder) { b.made["LDFLAGS"] = digestMark + "01" }},
		{"program", "it was packed by , and this is binary-buildout 2.0", func(b *builder) { b.o.Generator = "binary-buildout 2.0" }},
	} {
		b := &builder{made: map[string]string{}, in: Interpreter{Version: "3.13.0", ABI: "cp313", Platform: "linux_x86_64", Libc: "glibc"}}
		for k, v := range made {
			b.made[k] = v
		}
		delete(b.made, toolsKey) // they aren't known yet
		b.o.Dir, b.o.Target = t.TempDir(), m.Target
		c.change(b)
		if why := b.unlike(m); why != c.why && (c.why == "" || !strings.Contains(why, c.why)) {
			t.Errorf("%s: %q, want %q", c.name, why, c.why)
		}
	}
}

// The flags of a build never stand in the archive as they are: they name
// directories of the build machine.
func TestMadeWith(t *testing.T) {
	b := &builder{o: Options{Env: []string{"CFLAGS=-I/home/me/include", "PATH=" + os.Getenv("PATH")}, Before: []string{"make secret"}}}
	made := b.madeWith(t.Context(), os.Getenv("PATH"))
	for name, value := range made {
		if strings.Contains(value, "/home/me") || strings.Contains(value, "secret") {
			t.Errorf("%s = %s", name, value)
		}
	}
	if made["cc"] == "" || !strings.HasPrefix(made["CFLAGS"], digestMark) || !strings.HasPrefix(made["before"], digestMark) || made["LDFLAGS"] != "" {
		t.Errorf("%v", made)
	}
}

// Eggs and parts that something was missing of are built again: it is missed
// again, with the compiler's lines, or there at last.
func TestDoubtful(t *testing.T) {
	missing := []any{map[string]any{"kind": "missing"}}
	m := archive.Manifest{Verification: map[string]any{
		"waived":   []any{map[string]any{"egg": "Markup_Safe", "part": "web", "problems": missing}},
		"warnings": []any{map[string]any{"egg": "Other", "problems": []any{map[string]any{"kind": "import"}}}},
		"compiled": []any{map[string]any{"egg": "Fine", "problems": missing}},
	}}
	got := doubtful(m)
	if !got["egg markup-safe"] || !got["part web"] || got["egg other"] || got["egg fine"] {
		t.Errorf("%v", got)
	}
}

// A develop package is built again unless its sources are the same, and what
// else the archive has there are products of its build.
func TestSameDevelop(t *testing.T) {
	source := map[string]string{"src/own/setup.py": "from setuptools import setup\nsetup()\n", "src/own/own.py": "1\n", "src/own/_own.c": "int x;\n"}
	products := map[string]string{"src/own/_own.cpython-313-x86_64-linux-gnu.so": "ELF", "src/own/own.egg-info/PKG-INFO": "Name: own\n"}
	for _, c := range []struct {
		name     string
		now, was map[string]string // beside source and products
		same     bool
	}{
		{"the same", nil, nil, true},
		{"changed", map[string]string{"src/own/_own.c": "int y;\n"}, nil, false},
		{"a new source", map[string]string{"src/own/new.py": ""}, nil, false},
		{"a source that is gone", nil, map[string]string{"src/own/gone.py": ""}, false},
		{"a binary that no build declared", nil, map[string]string{"src/own/lib.so": "ELF"}, false},
		{"bytecode", nil, map[string]string{"src/own/own.pyc": ""}, true},
		{"a version from git", map[string]string{"src/own/setup.py": "use_scm_version=True"}, map[string]string{"src/own/setup.py": "use_scm_version=True"}, false},
		{"a file above", map[string]string{"src/own/setup.py": "open('../VERSION')"}, map[string]string{"src/own/setup.py": "open('../VERSION')"}, false},
	} {
		merged := func(maps ...map[string]string) string {
			all := map[string]string{}
			for _, m := range maps {
				for k, v := range m {
					all[k] = v
				}
			}
			return write(t, all)
		}
		b := &builder{s: stage{root: merged(source, c.now)}}
		l := &last{dir: merged(source, products, c.was), manifest: archive.Manifest{Builds: []archive.Build{{Project: "own", Directory: "src/own", Modules: []string{"_own"}}}}}
		d := &reusableDevelop{}
		if same := l.sameDevelop(b, d, filepath.Join(b.s.root, "src/own")); same != c.same || same && (!d.Compiled || !slices.Contains(d.Products, "own.egg-info/PKG-INFO")) {
			t.Errorf("%s: %v, %+v", c.name, same, d)
		}
	}
}

// Most backends leave nothing beside the sources; py/reuse.py still gets a list.
func TestSameDevelopWithoutProducts(t *testing.T) {
	source := map[string]string{"src/own/pyproject.toml": "[build-system]\nbuild-backend = \"flit_core.buildapi\"\n", "src/own/own.py": "1\n"}
	b := &builder{s: stage{root: write(t, source)}}
	l, d := &last{dir: write(t, source)}, &reusableDevelop{}
	if !l.sameDevelop(b, d, filepath.Join(b.s.root, "src/own")) {
		t.Fatal("it is built again")
	}
	if data, err := json.Marshal(d.Products); err != nil || string(data) != "[]" {
		t.Errorf("%s, %v", data, err)
	}
}

// A part counts as changed if a file of the checkout that its options name is
// another one; one that the archive left out has to be pinned by its digest.
func TestInputs(t *testing.T) {
	root := write(t, map[string]string{"sources/a.tar.gz": "a", "patches/p.patch": "new", "patches/same.patch": "same", "downloads/d.tar.gz": "d"})
	old := write(t, map[string]string{"sources/a.tar.gz": "a", "patches/p.patch": "old", "patches/same.patch": "same"})
	b := &builder{s: stage{root: root}}
	l := &last{dir: old, develop: map[string]*reusableDevelop{}}
	tree := &Tree{Root: root, config: config{Buildout: map[string]string{"parts-directory": root + "/parts"}}}
	for _, c := range []struct {
		options map[string]string
		same    bool
	}{
		{map[string]string{"url": root + "/sources/a.tar.gz", "patch": "patches/same.patch"}, true},
		{map[string]string{"url": "file://" + root + "/sources/a.tar.gz", "patch": "patches/p.patch"}, false},
		{map[string]string{"patches": "patches/same.patch\npatches/p.patch"}, false},
		{map[string]string{"url": root + "/downloads/d.tar.gz"}, false},
		{map[string]string{"url": root + "/downloads/d.tar.gz", "md5sum": "8277e0910d750195b448797616e091ad"}, true},
		{map[string]string{"directory": root, "location": root + "/parts/x", "extra": "--with-x"}, true},
		{map[string]string{"path": "patches"}, false},
	} {
		if same := l.unchangedInputs(b, tree, Installed{Part: "x", Options: c.options}); same != c.same {
			t.Errorf("%v: %v", c.options, same)
		}
	}
}

// What a part installs outside of its own directory isn't in .installed.cfg.
func TestWritesElsewhere(t *testing.T) {
	root := write(t, map[string]string{"etc/given.conf": "a"})
	b := &builder{s: stage{root: root}}
	l := &last{}
	tree := &Tree{Root: root, config: config{Buildout: map[string]string{"parts-directory": root + "/parts"}}}
	for option, want := range map[string]bool{
		"--prefix=" + root + "/parts/nginx": false, "--conf-path=" + root + "/etc/nginx.conf": true, "--conf-path=" + root + "/etc/given.conf": false,
		"-L/usr/lib": false, root: false, "--with-x " + root + "/var/x.pid": true,
	} {
		if got := l.writesElsewhere(b, tree, Installed{Options: map[string]string{"extra_options": option}}); got != want {
			t.Errorf("%s: %v", option, got)
		}
	}
}

package binfmt_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// run runs a command and gives its standard output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, stderr.String())
	}
	return string(out)
}

// cc compiles source into dir/name.
func cc(t *testing.T, dir, name, source string, args ...string) string {
	t.Helper()
	c := filepath.Join(dir, name+".c")
	out := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(c), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(c, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, testtool.Program(t, "gcc"), append([]string{"-o", out, c}, args...)...)
	return out
}

func read(t *testing.T, path string) *binfmt.Image {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	images, err := binfmt.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &images[0]
}

// edit applies what f gives to the file at path, through a new file, and checks that its length stays.
func edit(t *testing.T, path string, f func(b *bytes.Reader, size int64) ([]binfmt.Edit, error)) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edits, err := f(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	n := len(b)
	for _, e := range edits {
		copy(b[e.Offset:], e.New)
	}
	if len(b) != n {
		t.Fatal("length changed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o755); err != nil {
		t.Fatal(err)
	}
}

func setRunpath(to func(string) string) func(*bytes.Reader, int64) ([]binfmt.Edit, error) {
	return func(r *bytes.Reader, size int64) ([]binfmt.Edit, error) { return binfmt.SetRunpath(r, size, to) }
}

const pad = "/nowhere/a-path-that-was-padded-so-that-any-other-one-fits/lib"

// facts are the symbols, names and versions as readelf sees them.
func facts(t *testing.T, path string) string {
	t.Helper()
	return run(t, "readelf", "--wide", "--dyn-syms", "--version-info", path)
}

func TestReadELFAgreesWithReadelf(t *testing.T) {
	dir := t.TempDir()
	lib := cc(t, dir, "libx.so", "#include <math.h>\n#include <stdio.h>\nint PyInit_x(double d){return printf(\"%f\",pow(d,d));}", "-shared", "-fPIC",
		"-Wl,-soname,libx.so.1", "-Wl,-rpath,"+pad+":$ORIGIN", "-Wl,--enable-new-dtags", "-Wl,--no-as-needed", "-lm")
	m := read(t, lib)
	if m.Kind != binfmt.ELF || m.Type != binfmt.TypeShared || m.Soname != "libx.so.1" || !m.HasDynamic || m.Interp != "" {
		t.Errorf("%+v", m)
	}
	if want := []string{pad, "$ORIGIN"}; !slices.Equal(m.Runpath, want) || m.Rpath != nil {
		t.Errorf("runpath %q, rpath %q", m.Runpath, m.Rpath)
	}
	if want := []string{"libm.so.6", "libc.so.6"}; !slices.Equal(m.Needed, want) {
		t.Errorf("needed %q", m.Needed)
	}
	if !m.Exported("PyInit_x") || !m.Imported("pow") || m.Imported("PyInit_x") {
		t.Errorf("exports %q, imports %v", m.Exports, m.Imports)
	}
	for _, s := range m.Imports {
		if s.Name == "pow" && (!strings.HasPrefix(s.Version, "GLIBC_") || s.Library != "libm.so.6") {
			t.Errorf("pow: %+v", s)
		}
	}
	want := run(t, "readelf", "--wide", "--version-info", lib)
	for _, v := range m.Versions {
		if !strings.Contains(want, "Name: "+v.Version) || !strings.Contains(want, "File: "+v.File) {
			t.Errorf("readelf knows no %+v", v)
		}
	}
	if len(m.Versions) != strings.Count(want, "Flags: ")-strings.Count(want, "BASE") {
		t.Errorf("%d versions, readelf says\n%s", len(m.Versions), want)
	}
	exe := read(t, cc(t, dir, "exe", "int main(){return 0;}"))
	if exe.Type != binfmt.TypeExecutable || !strings.Contains(exe.Interp, "ld-") {
		t.Errorf("%+v", exe)
	}
	static := read(t, cc(t, dir, "static", "int main(){return 0;}", "-static"))
	if static.Type != binfmt.TypeExecutable || static.HasDynamic {
		t.Errorf("%+v", static)
	}
	if obj := read(t, cc(t, dir, "obj.o", "int f(){return 0;}", "-c")); obj.Type != binfmt.TypeObject {
		t.Errorf("%+v", obj)
	}
}

// TestSymbolsOfEveryHashStyle: the number of dynamic symbols stands in the hash table alone once section headers are gone.
func TestSymbolsOfEveryHashStyle(t *testing.T) {
	for _, style := range []string{"gnu", "sysv", "both"} {
		lib := cc(t, t.TempDir(), "lib.so", "extern int e(void); int a(){return e();} int b(){return 1;}", "-shared", "-fPIC", "-Wl,--hash-style="+style)
		b, err := os.ReadFile(lib)
		if err != nil {
			t.Fatal(err)
		}
		clear(b[40:48]) // e_shoff
		images, err := binfmt.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		if m := images[0]; !m.Exported("a") || !m.Exported("b") || !m.Imported("e") {
			t.Errorf("%s: exports %q, imports %v", style, m.Exports, m.Imports)
		}
	}
}

func TestX86Level(t *testing.T) {
	dir := t.TempDir()
	for march, want := range map[string]int{"x86-64-v2": 2, "x86-64-v3": 3} {
		lib := cc(t, dir, march+".so", "int f(){return 0;}", "-shared", "-fPIC", "-march="+march, "-Wl,-z,"+march)
		if got := read(t, lib).X86Level; got != want {
			t.Errorf("%s: level %d", march, got)
		}
	}
}

// TestSetRunpathIsLoaded builds a library against another, moves both, and has the loader load the edited one.
func TestSetRunpathIsLoaded(t *testing.T) {
	for _, tags := range []string{"enable", "disable"} {
		dir := t.TempDir()
		old := filepath.Join(dir, strings.Repeat("o", 60))
		cc(t, old, "libdep.so", "int dep(){return 42;}", "-shared", "-fPIC", "-Wl,-soname,libdep.so")
		lib := cc(t, old, "libuse.so", "extern int dep(void); int use(){return dep();}", "-shared", "-fPIC", filepath.Join(old, "libdep.so"),
			"-Wl,-rpath,"+old+":"+pad, "-Wl,--"+tags+"-new-dtags")
		before := facts(t, lib)
		edit(t, lib, setRunpath(func(s string) string {
			if s != old+":"+pad {
				t.Errorf("the old path is %q", s)
			}
			return "$ORIGIN"
		}))
		if after := facts(t, lib); after != before {
			t.Errorf("symbols or versions changed:\n%s\n%s", before, after)
		}
		if got := strings.TrimSpace(run(t, testtool.Program(t, "patchelf"), "--print-rpath", lib)); got != "$ORIGIN" {
			t.Errorf("patchelf reads %q", got)
		}
		if raw, _ := os.ReadFile(lib); bytes.Contains(raw, []byte(old)) {
			t.Error("the old path is still in the file")
		}
		now := filepath.Join(dir, "new")
		if err := os.Rename(old, now); err != nil {
			t.Fatal(err)
		}
		load(t, filepath.Join(now, "libuse.so"), "use")
	}
}

// load has the loader load a library and calls its function, which gives 42.
func load(t *testing.T, lib, function string) {
	t.Helper()
	exe := cc(t, t.TempDir(), "load", `#include <dlfcn.h>
#include <stdio.h>
int main(int c,char**v){void*h=dlopen(v[1],RTLD_NOW);if(!h){puts(dlerror());return 1;}
int(*f)(void)=dlsym(h,v[2]);return f()==42?0:2;}`, "-ldl")
	run(t, exe, lib, function)
}

func TestSetRunpathRemoves(t *testing.T) {
	lib := cc(t, t.TempDir(), "lib.so", "#include <stdlib.h>\nint f(){return atoi(\"42\");}", "-shared", "-fPIC", "-Wl,-rpath,"+pad, "-Wl,-soname,libf.so")
	edit(t, lib, setRunpath(func(string) string { return "" }))
	m := read(t, lib)
	if m.Runpath != nil || m.Rpath != nil || m.Soname != "libf.so" || !slices.Contains(m.Needed, "libc.so.6") {
		t.Errorf("%+v", m)
	}
	if out := run(t, "readelf", "-d", lib); strings.Contains(out, "PATH") {
		t.Error(out)
	}
	if raw, _ := os.ReadFile(lib); bytes.Contains(raw, []byte(pad)) {
		t.Error("the path is still in the file")
	}
	load(t, lib, "f")
}

// TestSharedTails: a symbol, and a SONAME, that are the path's last bytes, stay what they are.
func TestSharedTails(t *testing.T) {
	lib := cc(t, t.TempDir(), "lib.so", "int tail(){return 42;}", "-shared", "-fPIC", "-Wl,-rpath,"+pad+"/tail", "-Wl,-soname,ail")
	raw, _ := os.ReadFile(lib)
	if bytes.Count(raw, []byte("\x00tail\x00")) != 1 { // .strtab, not .dynstr
		t.Fatal("this linker doesn't merge suffixes: the test tests nothing")
	}
	before := facts(t, lib)
	edit(t, lib, setRunpath(func(string) string { return "$ORIGIN/lib" }))
	if m := read(t, lib); m.Soname != "ail" || !m.Exported("tail") || !slices.Equal(m.Runpath, []string{"$ORIGIN/lib"}) {
		t.Errorf("%+v", m)
	}
	if after := facts(t, lib); after != before {
		t.Errorf("changed:\n%s\n%s", before, after)
	}
	load(t, lib, "tail")

	// As long as the old one, it would run into the symbol's name.
	lib = cc(t, t.TempDir(), "lib.so", "int tail(){return 42;}", "-shared", "-fPIC", "-Wl,-rpath,"+pad+"/tail")
	raw, _ = os.ReadFile(lib)
	_, err := binfmt.SetRunpath(bytes.NewReader(raw), int64(len(raw)), func(s string) string { return strings.Repeat("x", len(s)) })
	var hinted interface{ Hint() string }
	if !errors.Is(err, binfmt.ErrNotInPlace) || !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "patchelf") {
		t.Errorf("error %v", err)
	}
	// But one with the same tail fits.
	edit(t, lib, setRunpath(func(s string) string { return strings.Repeat("x", len(s)-4) + "tail" }))
	if !read(t, lib).Exported("tail") {
		t.Error("the symbol is gone")
	}
}

// TestPathIsATail: the path itself is the tail of something else, so no byte of it may change.
func TestPathIsATail(t *testing.T) {
	lib := cc(t, t.TempDir(), "lib.so", "int f(){return 42;}", "-shared", "-fPIC", "-Wl,-rpath,/x/lib", "-Wl,-soname,a/x/lib")
	raw, _ := os.ReadFile(lib)
	_, err := binfmt.SetRunpath(bytes.NewReader(raw), int64(len(raw)), func(string) string { return "/y" })
	if !errors.Is(err, binfmt.ErrNotInPlace) {
		t.Errorf("error %v", err)
	}
	edit(t, lib, setRunpath(func(string) string { return "lib" })) // stands in the file
	if m := read(t, lib); m.Soname != "a/x/lib" || !slices.Equal(m.Runpath, []string{"lib"}) {
		t.Errorf("%+v", m)
	}
	edit(t, lib, setRunpath(func(string) string { return "" }))
	if m := read(t, lib); m.Soname != "a/x/lib" || m.Runpath != nil {
		t.Errorf("%+v", m)
	}
}

func TestRunpathUnchangedIsNoEdit(t *testing.T) {
	lib := cc(t, t.TempDir(), "lib.so", "int f(){return 42;}", "-shared", "-fPIC", "-Wl,-rpath,$ORIGIN")
	raw, _ := os.ReadFile(lib)
	edits, err := binfmt.SetRunpath(bytes.NewReader(raw), int64(len(raw)), func(s string) string { return s })
	if err != nil || edits != nil {
		t.Errorf("%v, %v", edits, err)
	}
	_, err = binfmt.SetRunpath(bytes.NewReader(raw), int64(len(raw)), func(s string) string { return s + "/longer" })
	if !errors.Is(err, binfmt.ErrNotInPlace) {
		t.Errorf("error %v", err)
	}
}

func TestDropNeeded(t *testing.T) {
	dir := t.TempDir()
	dep := cc(t, dir, "libpython2.7.so.1.0", "int p(){return 1;}", "-shared", "-fPIC", "-Wl,-soname,libpython2.7.so.1.0")
	lib := cc(t, dir, "lib.so", "#include <stdlib.h>\nint f(){return abs(-42);}", "-shared", "-fPIC", "-Wl,--no-as-needed", dep)
	if !slices.Contains(read(t, lib).Needed, "libpython2.7.so.1.0") {
		t.Fatal("nothing to drop")
	}
	edit(t, lib, func(r *bytes.Reader, size int64) ([]binfmt.Edit, error) {
		return binfmt.DropNeeded(r, size, func(s string) bool { return strings.HasPrefix(s, "libpython") })
	})
	if m := read(t, lib); !slices.Equal(m.Needed, []string{"libc.so.6"}) {
		t.Errorf("needed %q", m.Needed)
	}
	if err := os.Remove(dep); err != nil {
		t.Fatal(err)
	}
	load(t, lib, "f")

	versioned := cc(t, dir, "v.so", "#include <stdio.h>\nint f(){return puts(\"\");}", "-shared", "-fPIC")
	raw, _ := os.ReadFile(versioned)
	_, err := binfmt.DropNeeded(bytes.NewReader(raw), int64(len(raw)), func(s string) bool { return s == "libc.so.6" })
	if !errors.Is(err, binfmt.ErrNotInPlace) {
		t.Errorf("error %v", err)
	}
}

func TestDamagedELF(t *testing.T) {
	lib := cc(t, t.TempDir(), "lib.so", "int f(){return 42;}", "-shared", "-fPIC", "-Wl,-rpath,"+pad)
	raw, _ := os.ReadFile(lib)
	for n := 0; n < len(raw); n += 97 {
		b := raw[:n]
		if _, err := binfmt.Read(bytes.NewReader(b), int64(n)); err == nil {
			t.Errorf("the first %d of %d bytes are read without an error", n, len(raw))
		}
	}
	for _, text := range []string{"", "#!/bin/sh\n", "MZ is how this text starts, and it goes on for a while, more than 64 bytes"} {
		_, err := binfmt.Read(strings.NewReader(text), int64(len(text)))
		if !errors.Is(err, binfmt.ErrFormat) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

package binfmt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

func putRunpath(path string) func(*bytes.Reader, int64) ([]binfmt.Edit, error) {
	return func(r *bytes.Reader, size int64) ([]binfmt.Edit, error) { return binfmt.PutRunpath(r, size, path) }
}

// TestPutRunpathIsLoaded: a library that has no run path, one that has a short
// one, and one that has a long one, in each layout that GNU ld makes, find what
// they need beside them after the edit. Nothing else of them changes.
func TestPutRunpathIsLoaded(t *testing.T) {
	for _, layout := range []string{"separate-code", "noseparate-code"} {
		for _, old := range []string{"", "/x", pad} {
			dir := t.TempDir()
			cc(t, dir, "libdep.so", "int dep(){return 42;}", "-shared", "-fPIC", "-Wl,-soname,libdep.so")
			args := []string{"-shared", "-fPIC", filepath.Join(dir, "libdep.so"), "-Wl,-z," + layout}
			if old != "" {
				args = append(args, "-Wl,-rpath,"+old)
			}
			lib := cc(t, dir, "libuse.so", "extern int dep(void); static char big[70000]={1}; int use(){return dep()+big[69999];}", args...)
			before := facts(t, lib)
			edit(t, lib, putRunpath("$ORIGIN/../here:$ORIGIN"))
			if after := facts(t, lib); after != before {
				t.Errorf("%s, %q: symbols or versions changed:\n%s\n%s", layout, old, before, after)
			}
			if m := read(t, lib); !slices.Equal(m.Runpath, []string{"$ORIGIN/../here", "$ORIGIN"}) || !slices.Contains(m.Needed, "libdep.so") {
				t.Errorf("%s, %q: the run path is %q", layout, old, m.Runpath)
			}
			load(t, lib, "use")
			// Again, which has room for it by now.
			edit(t, lib, putRunpath("$ORIGIN"))
			load(t, lib, "use")
		}
	}
}

// TestPutRunpathOfPrograms: a program with a run path still runs.
func TestPutRunpathOfPrograms(t *testing.T) {
	dir := t.TempDir()
	cc(t, dir, "libdep.so", "int dep(){return 0;}", "-shared", "-fPIC", "-Wl,-soname,libdep.so")
	for _, kind := range []string{"-pie", "-no-pie"} {
		exe := cc(t, dir, "use"+kind, "extern int dep(void); int main(){return dep();}", "-fPIE", kind, filepath.Join(dir, "libdep.so"))
		edit(t, exe, putRunpath("$ORIGIN"))
		run(t, exe)
	}
	static := cc(t, dir, "static", "int main(){return 0;}", "-static")
	edit(t, static, putRunpath("$ORIGIN"))
	run(t, static)
}

// TestStrip: a program and a library run without their debug information, say
// the same of themselves, and can be edited as before.
func TestStrip(t *testing.T) {
	dir := t.TempDir()
	lib := cc(t, dir, "libdep.so", "int dep(){return 42;}", "-g", "-shared", "-fPIC", "-Wl,-soname,libdep.so")
	exe := cc(t, dir, "use", "extern int dep(void); int main(){return dep()-42;}", "-g", lib)
	for _, file := range []string{lib, exe} {
		before := facts(t, file)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out := binfmt.Strip(b)
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out, 0o755); err != nil {
			t.Fatal(err)
		}
		if len(out) >= len(b) || bytes.Contains(out, []byte(dir)) {
			t.Errorf("%s: %d bytes of %d, with %v", file, len(out), len(b), bytes.Contains(out, []byte(dir)))
		}
		if !bytes.Equal(binfmt.Strip(out), out) {
			t.Errorf("%s: a second time gives another file", file)
		}
		if after := facts(t, file); after != before {
			t.Errorf("%s: symbols or versions changed:\n%s\n%s", file, before, after)
		}
		if said := run(t, "readelf", "--wide", "--sections", file); strings.Contains(said, ".debug") || !strings.Contains(said, ".dynsym") {
			t.Errorf("%s: %s", file, said)
		}
		edit(t, file, putRunpath("$ORIGIN"))
	}
	run(t, exe)
	for _, b := range [][]byte{nil, []byte("text"), tinyPE(), tinyELF()} {
		if !bytes.Equal(binfmt.Strip(b), b) {
			t.Errorf("%q is changed", b[:min(len(b), 8)])
		}
	}
}

// TestStripUnloaded: a library that no loader takes, since it has no program headers,
// keeps its ELF header.
func TestStripUnloaded(t *testing.T) {
	le, names := binary.LittleEndian, "\x00.debug_info\x00.shstrtab\x00"
	section := func(name, typ uint32, off, size uint64) []byte {
		return put(le, name, typ, uint64(0), uint64(0), off, size, uint32(0), uint32(0), uint64(1), uint64(0))
	}
	b := put(le, "\x7fELF\x02\x01\x01\x00", uint64(0), uint16(3), uint16(62), uint32(1), uint64(0), uint64(0), uint64(64+400+len(names)),
		uint32(0), uint16(64), uint16(0), uint16(0), uint16(64), uint16(3), uint16(2), make([]byte, 400), names)
	b = append(b, make([]byte, 64)...)
	b = append(b, section(1, 1, 64, 400)...)
	b = append(b, section(13, 3, 464, uint64(len(names)))...)
	out := binfmt.Strip(b)
	if len(out) >= len(b) || !bytes.Equal(out[:40], b[:40]) {
		t.Errorf("%d bytes of %d: %q", len(out), len(b), out[:min(len(out), 64)])
	}
}

// TestPutRunpathRefused: without a spare entry, or without room, nothing is edited.
func TestPutRunpathRefused(t *testing.T) {
	for _, args := range [][]string{{"-Wl,-z,separate-code", "-Wl,--spare-dynamic-tags=0"}} {
		lib := cc(t, t.TempDir(), "lib.so", "int f(){return 42;}", append(args, "-shared", "-fPIC")...)
		b, err := os.ReadFile(lib)
		if err != nil {
			t.Fatal(err)
		}
		edits, err := binfmt.PutRunpath(bytes.NewReader(b), int64(len(b)), "$ORIGIN")
		if !errors.Is(err, binfmt.ErrNotInPlace) || edits != nil {
			t.Errorf("%v: %v, %v", args, edits, err)
		}
		edits, err = binfmt.PutRunpath(bytes.NewReader(b), int64(len(b)), "$ORIGIN/"+strings.Repeat("x", 70000))
		if !errors.Is(err, binfmt.ErrNotInPlace) || edits != nil {
			t.Errorf("a long path: %v, %v", edits, err)
		}
	}
	for _, text := range []string{"", "a\x00b"} {
		if _, err := binfmt.PutRunpath(bytes.NewReader(tinyELF()), int64(len(tinyELF())), text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
	if _, err := binfmt.PutRunpath(bytes.NewReader(tinyPE()), int64(len(tinyPE())), "$ORIGIN"); err == nil {
		t.Error("a PE file: no error")
	}
}

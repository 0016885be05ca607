package binfmt_test

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"os"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

func renew(r *bytes.Reader, size int64) ([]binfmt.Edit, error) { return binfmt.RenewBuildID(r, size) }

// TestRenewBuildID: two libraries that were linked with two run paths have the same bytes once
// both are edited, and still load; another one has another ID.
func TestRenewBuildID(t *testing.T) {
	var libs [2][]byte
	for i, place := range []string{"a", "b"} {
		dir := t.TempDir()
		lib := cc(t, dir, "lib.so", "int f(){return 42;}", "-shared", "-fPIC", "-Wl,--build-id=sha1", "-Wl,-rpath,"+pad+"/"+place)
		edit(t, lib, setRunpath(func(string) string { return "$ORIGIN" }))
		linked := noteOf(t, lib)
		edit(t, lib, renew)
		if got := noteOf(t, lib); len(got) != 40 || got == linked {
			t.Errorf("the build ID is %s, the linker's was %s", got, linked)
		}
		again := noteOf(t, lib)
		edit(t, lib, renew)
		if got := noteOf(t, lib); got != again {
			t.Errorf("renewed once more, the build ID is %s, and was %s", got, again)
		}
		load(t, lib, "f")
		libs[i], _ = os.ReadFile(lib)
	}
	if !bytes.Equal(libs[0], libs[1]) {
		t.Error("libraries that differed in their run path alone differ still")
	}
	other := cc(t, t.TempDir(), "lib.so", "int f(){return 43;}", "-shared", "-fPIC", "-Wl,--build-id=sha1")
	edit(t, other, renew)
	if bytes.Contains(libs[0], []byte(noteOf(t, other))) {
		t.Error("another library has the same build ID")
	}
}

// TestBuildIDKept: one that was given by hand stays, and a file without one isn't edited.
func TestBuildIDKept(t *testing.T) {
	for option, want := range map[string]string{"0x1234": "1234", "none": ""} {
		lib := cc(t, t.TempDir(), "lib.so", "int f(){return 42;}", "-shared", "-fPIC", "-Wl,--build-id="+option)
		edit(t, lib, renew)
		if got := noteOf(t, lib); got != want {
			t.Errorf("--build-id=%s: %q", option, got)
		}
	}
	object := cc(t, t.TempDir(), "lib.o", "int f(){return 42;}", "-c")
	edit(t, object, renew)
}

// noteOf is the build ID as readelf's kind of reader finds it, by section.
func noteOf(t *testing.T, lib string) string {
	t.Helper()
	f, err := elf.Open(lib)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := f.Section(".note.gnu.build-id")
	if s == nil {
		return ""
	}
	data, err := s.Data()
	if err != nil || len(data) < 16 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	return hex.EncodeToString(data[16 : 16+f.ByteOrder.Uint32(data[4:])])
}

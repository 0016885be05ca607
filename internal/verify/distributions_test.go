package verify

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// TestFloorOfNewerHeaders: what forky's headers make of strtol needs glibc 2.38, and the symbol is named with the file.
func TestFloorOfNewerHeaders(t *testing.T) {
	dir := tree{"old.c": "int old(void) { return 1; }\n", "new.c": "#include <stdlib.h>\nlong new(char *s) { return strtol(s, 0, 10); }\n"}.write(t)
	compile := testroot.Forky(t).Command(dir, "sh", "-euc", "for s in old new; do gcc -shared -fPIC -o lib$s.so $s.c; done")
	if said, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	r := check(t, Input{Source: Dir(dir), Floor: "2.37"})
	if len(r.Floors) != 1 || r.Floors[0].Version != "2.38" || filepath.Base(r.Floors[0].File) != "libnew.so" {
		t.Errorf("%+v", r.Floors)
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); !strings.Contains(text, "glibc 2.38, by libnew.so (__isoc23_strtol)") {
		t.Error(text)
	}
	if found := messages(r.Foreign); !strings.Contains(found, "it needs glibc 2.38 (__isoc23_strtol); the floor asked for allows no more than 2.37") {
		t.Error(found)
	}
	// The loader agrees: below that version it refuses the file, and from there on loads it.
	const load = "import ctypes, os; print(os.confstr('CS_GNU_LIBC_VERSION').split()[1]); ctypes.CDLL('./libold.so'); ctypes.CDLL('./libnew.so')"
	here := exec.Command(verifytest.Python(t, "3.13"), "-c", load)
	here.Dir = dir
	for _, cmd := range []*exec.Cmd{here, testroot.Forky(t).Command(dir, "python3.15", "-c", load)} {
		out, err := cmd.CombinedOutput()
		glibc, said, _ := strings.Cut(string(out), "\n")
		if (err == nil) != (matrix.CompareVersions(glibc, "2.38") >= 0) || err != nil && !strings.Contains(said, "`GLIBC_2.38' not found (required by ./libnew.so)") {
			t.Errorf("with glibc %s: %v: %s", glibc, err, said)
		}
	}
}

// TestFloorOfPackedRelocations: packed relative relocations need glibc 2.36,
// also in a file that needs nothing of libc, and so says so nowhere else.
func TestFloorOfPackedRelocations(t *testing.T) {
	testtool.Program(t, "gcc")
	dir := tree{"plain.c": "static int x; int *plain = &x;\n"}.write(t)
	for name, options := range map[string][]string{"libplain.so": nil, "libpacked.so": {"-Wl,-z,pack-relative-relocs"}} {
		args := append([]string{"-shared", "-fPIC", "-nostdlib", "-o", name, "plain.c"}, options...)
		cmd := exec.Command("gcc", args...)
		cmd.Dir = dir
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
	}
	r := check(t, Input{Source: Dir(dir), Floor: "2.31"})
	if len(r.Floors) != 1 || r.Floors[0].Version != "2.36" || r.Floors[0].File != "libpacked.so" {
		t.Errorf("%+v", r.Floors)
	}
	if found := messages(r.Foreign); !strings.Contains(found, "it needs glibc 2.36 (DT_RELR); the floor asked for allows no more than 2.31") {
		t.Error(found)
	}
}

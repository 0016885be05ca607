package packtest

import (
	"debug/elf"
	"io"
	"strings"
	"testing"
)

// Loader is the program interpreter of this system's sh.
func Loader(t testing.TB) string {
	t.Helper()
	f, err := elf.Open("/bin/sh")
	if err != nil {
		t.Fatalf("reading sh, as on Linux: %v", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			data, err := io.ReadAll(p.Open())
			if err != nil {
				t.Fatal(err)
			}
			return strings.TrimRight(string(data), "\x00")
		}
	}
	t.Fatal("sh has no program interpreter")
	return ""
}

package testtool

import (
	"debug/elf"
	"io"
	"strings"
	"testing"
)

// Loader is the program interpreter (the dynamic linker) of this system's sh.
func Loader(t testing.TB) string {
	t.Helper()
	f, err := elf.Open("/bin/sh")
	if err != nil {
		Lacks(t, "a sh that is an ELF program")
		return ""
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
	Lacks(t, "a sh with a program interpreter")
	return ""
}

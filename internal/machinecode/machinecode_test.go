package machinecode

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestChanges(t *testing.T) {
	root := t.TempDir()
	at := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	write := func(name, data string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(at(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at(name), []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range map[string]string{
		"bin/tool": "\x7fELF", "x.pyd": "MZ", "a.dylib": "\xcf\xfa\xed\xfe", "same": "\x7fELFsame", "again": "MZ\x90\x00",
		"named": "x", "text.so": "/* a linker's script */", "empty.so": "", ".git/x": "\x7fELF",
	} {
		write(name, data)
	}
	read := func() Files {
		t.Helper()
		files, err := Read(root, ".git", map[string]bool{"named": true, "missing": true})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	before := read()
	if len(before) != 6 {
		t.Errorf("found %v", before)
	}
	if changes := before.Changes(read()); changes != nil {
		t.Errorf("nothing was done, and %q", changes)
	}
	write("bin/tool", "\x7fELFx")
	write("named", "")
	write("new", "\xca\xfe\xba\xbe")
	write("text.so", "another text")
	past := time.Unix(1e9, 0)
	for _, err := range []error{os.Remove(at("x.pyd")), os.Rename(at("a.dylib"), at("b.dylib")), os.Chtimes(at("again"), past, past)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"a.dylib is gone", "again was written again", "b.dylib is new", "bin/tool has other content", "named has other content", "new is new", "x.pyd is gone"}
	if got := before.Changes(read()); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

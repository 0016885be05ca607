package machinecode

import (
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"
	"time"
)

// TestReader: a further reading finds what a first one would, also of a file that was
// changed in place with its size and time kept; and opens no file that is the same.
func TestReader(t *testing.T) {
	root := t.TempDir()
	past := time.Unix(1e9, 0)
	write := func(name, data string) {
		t.Helper()
		path := filepath.Join(root, name)
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, past, past); err != nil {
			t.Fatal(err)
		}
	}
	files := map[string]string{"tool": "\x7fELF", "kept": "\x7fELFkept", "text": "text", "named": "x"}
	for name, data := range files {
		write(name, data)
	}
	r := &Reader{Skip: ".git", Named: map[string]bool{"named": true}}
	read := func() Files {
		t.Helper()
		got, err := r.Read(root)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Read(root, ".git", r.Named)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v: read %v, want %v", err, got, want)
		}
		return got
	}
	// The stamps are sure to differ after a change only where the last one is a while ago.
	settle := func() {
		for name := range files {
			for sure := false; !sure && runtime.GOOS == "linux"; time.Sleep(20 * time.Millisecond) {
				info, err := os.Lstat(filepath.Join(root, name))
				if err != nil {
					t.Fatal(err)
				}
				_, sure = stampOf(info)
			}
		}
	}
	settle()
	read()
	write("tool", "\x7fElf")
	write("text", "\x7fELF")
	write("named", "y")
	settle()
	if got := read(); len(got) != 3 {
		t.Errorf("it has %v", got)
	}
	if runtime.GOOS != "linux" {
		return
	}
	was := r.known["kept"]
	was.file.SHA256 = "as it was read before"
	r.known["kept"] = was
	if got, err := r.Read(root); err != nil || got["kept"].SHA256 != was.file.SHA256 {
		t.Errorf("%v: a file that is the same was read again: %v", err, got)
	}
}

package scratch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestCopy: a new file isn't put over another one, a replaced one keeps nothing.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for name, text := range map[string]string{from: "short", to: "something longer"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Copy(from, to, os.O_EXCL, 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over another file: %v", err)
	}
	if err := Copy(from, to, os.O_TRUNC, 0o600); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "short" {
		t.Errorf("%q, %v", got, err)
	}
	if err := Copy(filepath.Join(dir, "none"), to, os.O_TRUNC, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("of no file: %v", err)
	}
	if got, err := os.ReadFile(to); err != nil || string(got) != "short" {
		t.Errorf("after that: %q, %v", got, err)
	}
}

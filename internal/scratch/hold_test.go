//go:build unix

package scratch

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestHeld(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"kept", "gone"} {
		must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	h, err := Hold(dir)
	must(t, err)
	if _, err := Hold(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("a second one gets %v", err)
	}
	must(t, h.Clear("kept"))
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 || left[0].Name() != LockName || left[1].Name() != "kept" {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := Hold(dir); !errors.Is(err, ErrHeld) {
		t.Errorf("once it is cleared a second one gets %v", err)
	}
	h.Release()
	h, err = Hold(dir)
	must(t, err)
	h.Remove()
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("it is left: %v", err)
	}
}

// TestLockOfARemovedFile: who opened it before it was removed with its directory
// doesn't hold what is made in its place.
func TestLockOfARemovedFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), LockName)
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	must(t, os.Remove(name))
	if err := claim(f, name); err == nil {
		t.Error("a file that was removed is locked")
	}
	next, err := Lock(name)
	must(t, err)
	defer next.Close()
	if err := claim(f, name); err == nil {
		t.Error("two have it")
	}
	must(t, os.Remove(name), os.Symlink("elsewhere", name))
	if _, err := Lock(name); err == nil {
		t.Error("a link is followed")
	}
}

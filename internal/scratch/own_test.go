//go:build unix

package scratch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestMake: what is there is taken if it is a directory of this user's, and nobody else gets at it.
func TestMake(t *testing.T) {
	base := t.TempDir()
	at := func(name string) string { return filepath.Join(base, name) }
	must(t, os.Mkdir(at("private"), 0o700), os.Mkdir(at("readable"), 0o700), os.Chmod(at("readable"), 0o755),
		os.Mkdir(at("writable"), 0o700), os.Chmod(at("writable"), 0o775), os.Symlink(at("private"), at("link")), os.WriteFile(at("file"), nil, 0o600))
	for _, c := range []struct {
		name             string
		private, writing bool // whether it is good enough where others may not even read, and where they may
	}{
		{"new", true, true}, {"private", true, true}, {"readable", false, true}, {"writable", false, false}, {"link", false, false}, {"file", false, false},
	} {
		for denied, good := range map[os.FileMode]bool{0o077: c.private, 0o022: c.writing} {
			if err := Make(at(c.name), denied); (err == nil) != good || err != nil && !errors.Is(err, ErrForeign) {
				t.Errorf("%s, denied %04o: %v", c.name, denied, err)
			}
		}
	}
	if info, err := os.Stat(at("new")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info, err)
	}
	if err := Make(filepath.Join(at("missing"), "x"), 0o077); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestRemoveAll: as root nothing is read-only, so another user removes it.
func TestRemoveAll(t *testing.T) {
	base := t.TempDir()
	must(t, os.Chmod(filepath.Dir(base), 0o711), os.Chmod(base, 0o777))
	out, err := exec.Command(os.Args[0], removeArg, base).CombinedOutput()
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
	left, err := os.ReadDir(base)
	if err != nil || len(left) != 1 || left[0].Name() != "kept" {
		t.Errorf("left: %v, %v", left, err)
	}
	if info, err := os.Stat(filepath.Join(base, "kept")); err != nil || info.Mode().Perm() != 0o500 {
		t.Errorf("what a link leads to: %v, %v", info, err)
	}
}

// removeArg makes the test binary a process that removes a tree, as a user who isn't root.
const removeArg = "__remove"

func removeReadOnly(base string) error {
	if os.Geteuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	tree, kept := filepath.Join(base, "tree"), filepath.Join(base, "kept")
	return errors.Join(os.MkdirAll(filepath.Join(tree, "a", "b"), 0o700), os.WriteFile(filepath.Join(tree, "a", "b", "c"), nil, 0o400), os.Mkdir(kept, 0o500),
		os.Symlink(kept, filepath.Join(tree, "a", "out")), os.Chmod(filepath.Join(tree, "a", "b"), 0), os.Chmod(filepath.Join(tree, "a"), 0o500),
		RemoveAll(tree), RemoveAll(filepath.Join(base, "missing")))
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

package partfiles

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestChanges: what becomes of files is told by path, type, mode and content, and what lies
// in a directory that is gone goes without saying.
func TestChanges(t *testing.T) {
	root := t.TempDir()
	bin, parts := filepath.Join(root, "bin"), filepath.Join(root, "parts")
	put := func(name, text string) {
		path := filepath.Join(root, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin/same", "bin/gone", "bin/mode", "bin/kind", "bin/content", "parts/a/b/c", "parts/a/x.pyc", "parts/x.log"} {
		put(name, "x")
	}
	if err := os.Symlink("one", filepath.Join(bin, "link")); err != nil {
		t.Fatal(err)
	}
	dirs := []string{bin, parts, filepath.Join(root, "none")}
	before, err := Read(root, dirs, nil)
	if err != nil {
		t.Fatal(err)
	}
	same := filepath.Join(bin, "same")
	later := time.Now().Add(time.Hour)
	err = errors.Join(os.Remove(filepath.Join(bin, "gone")), os.Chmod(filepath.Join(bin, "mode"), 0o600), os.Remove(filepath.Join(bin, "kind")),
		os.Mkdir(filepath.Join(bin, "kind"), 0o755), os.RemoveAll(filepath.Join(parts, "a")), os.Remove(filepath.Join(bin, "link")),
		os.Symlink("two", filepath.Join(bin, "link")), os.Chtimes(same, later, later), os.Remove(filepath.Join(parts, "x.log")))
	if err != nil {
		t.Fatal(err)
	}
	put("bin/content", "y")
	put("parts/new/deep", "z")
	after, err := Read(root, dirs, before)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range before.Changes(after) {
		got = append(got, c.String())
	}
	want := []string{"bin/content has other content", "bin/gone is gone", "bin/kind is another kind of file", "bin/link has other content",
		"bin/mode has another mode", "parts/a is gone", "parts/new is new"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestOwners(t *testing.T) {
	root := t.TempDir()
	text := strings.ReplaceAll(`[buildout]
installed_develop_eggs = ROOT/develop-eggs/_a.pth
	ROOT/develop-eggs/a.egg-link
parts = one two command

[one]
__buildout_installed__ = ROOT/bin/one
	parts/etc

[two]
__buildout_installed__ = ROOT/parts/etc/two

[command]
__buildout_installed__ =
`, "ROOT", root)
	if err := os.WriteFile(filepath.Join(root, ".installed.cfg"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	p, err := ReadParts(root)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"bin/one": "one", "parts/etc/x": "one", "parts/etc/two/y": "two", "parts/two/z": "two", "parts/etcetera": "command",
		"develop-eggs/_a.pth": "develop", "develop-eggs/a.egg-link": "develop", "develop-eggs/x": "command",
	} {
		parts, develop := p.Owners(path)
		if develop {
			parts = append(parts, "develop")
		}
		if got := strings.Join(parts, " "); got != want {
			t.Errorf("%s belongs to %q, want %q", path, got, want)
		}
	}
	if p, err := ReadParts(t.TempDir()); err != nil || len(p.List) != 0 {
		t.Errorf("%v, %v", p, err)
	}
}

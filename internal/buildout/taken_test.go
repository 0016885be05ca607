package buildout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The part that took an egg away is named, and none that made one, moved none,
// or came after an egg was put back.
func TestTakenEggs(t *testing.T) {
	root := write(t, map[string]string{"eggs/a.egg/x": "", "eggs/b.egg/x": "", "develop-eggs/c.egg-link": ""})
	e := watchEggs(root, filepath.Join(root, "eggs"), filepath.Join(root, "develop-eggs"))
	w := &watcher{parted: e.look}
	say := func(line string) {
		t.Helper()
		if _, err := w.Write([]byte(line + "\n")); err != nil {
			t.Fatal(err)
		}
	}
	remove := func(name string) {
		t.Helper()
		if err := os.RemoveAll(filepath.Join(root, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	remove("eggs/b.egg")
	say("Installing first.")
	if path, part := e.missed(func(string) bool { return true }); part != "" {
		t.Errorf("before any part: %s took %s", part, path)
	}
	remove("eggs/a.egg")
	say("Installing clean.")
	remove("develop-eggs/c.egg-link")
	say("Updating last.")
	e.look(w.current)
	for _, c := range []struct{ name, part string }{{"eggs/a.egg", "first"}, {"develop-eggs/c.egg-link", "clean"}} {
		path, part := e.missed(func(p string) bool { return p == c.name })
		if path != c.name || part != c.part {
			t.Errorf("%s: %q, %q", c.name, path, part)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, "eggs", "a.egg"), 0o755); err != nil {
		t.Fatal(err)
	}
	e.look("more")
	if path, _ := e.missed(func(p string) bool { return strings.HasPrefix(p, "eggs/") }); path != "" {
		t.Errorf("%s is there again", path)
	}
}

func TestUndeveloped(t *testing.T) {
	dir := write(t, map[string]string{".gitmodules": "[submodule \"sub\"]\n\tpath = src/sub\n"})
	said := "Develop: 'src/a'\nCouldn't develop 'src/sub' (not found)\nCouldn't develop 'src/other' (not found)\n"
	got := undeveloped(dir, said)
	if len(got) != 2 || !strings.Contains(got[0], "submodule src/sub isn't checked out") || strings.Contains(got[1], "submodule") || !strings.Contains(got[1], "names src/other, which isn't there") {
		t.Errorf("%q", got)
	}
}

package packtest

import (
	"path/filepath"
	"strings"
	"testing"
)

// Installed is a site that was unpacked and bootstrapped.
type Installed struct {
	Site
	Root string
	Env  []string // of a server that has next to nothing
}

// Install builds the site of a line, and installs it in a directory of its own.
func Install(t testing.TB, l Line) Installed {
	t.Helper()
	return InstallAt(t, SiteOf(t, l), filepath.Join(t.TempDir(), "srv"))
}

// InstallAt unpacks and bootstraps a site at root.
func InstallAt(t testing.TB, s Site, root string) Installed {
	t.Helper()
	in := Installed{s, root, BareEnv(t)}
	CopyDir(t, s.Archive, in.Root)
	RunIn(t, in.Root, in.Env, s.Python, "bootstrap.py").Must(t, "bootstrap.py")
	return in
}

// Buildout runs bin/buildout.
func (in Installed) Buildout(t testing.TB, args ...string) Result {
	t.Helper()
	return RunIn(t, in.Root, in.Env, filepath.Join(in.Root, "bin/buildout"), args...)
}

// Path is where the tree has a file.
func (in Installed) Path(rel string) string { return filepath.Join(in.Root, rel) }

// Change replaces text in a file of the tree.
func (in Installed) Change(t testing.TB, rel, old, new string) {
	t.Helper()
	data := ReadFile(t, in.Path(rel))
	if !strings.Contains(data, old) {
		t.Fatalf("%s doesn't hold %q", rel, old)
	}
	WriteFile(t, in.Path(rel), strings.Replace(data, old, new, 1))
}

// Buildouts notes what belongs to buildout: all that a failed run must leave as it was.
func (in Installed) Buildouts(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for path, what := range Contents(t, in.Root) {
		top, _, _ := strings.Cut(path, "/")
		switch top {
		case "bin", "parts", "eggs", "develop-eggs", ".installed.cfg":
			if !strings.HasSuffix(path, ".pyc") && !strings.HasSuffix(path, "__pycache__") {
				found[path] = what
			}
		}
	}
	return found
}

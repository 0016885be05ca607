//go:build linux

package acceptance

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// Pair packs the case's example, proves the archive as Run does, and then
// installs it a second time beside the first, with host as the configuration
// of that place. The command together runs in the second tree with the first
// one as $1. absent are globs of files that the server has not, although this
// machine may have them.
func Pair(t *testing.T, c Case, host, together string, absent ...string) {
	if testing.Short() {
		t.Skip("packs a whole buildout")
	}
	s, archive, manifest := install(t, c, glob(t, absent)...)
	s.move()
	s.installed(manifest, c)

	first, before := s.tree, everything(t, s.tree)
	s.unpack(archive, "neighbour")
	s.installed(manifest, c)
	s.writeInTree("host.cfg", host)
	compiled := extensions(t, s.tree)
	s.run("bin/buildout", "-c", "host.cfg")
	for _, change := range changes(compiled, extensions(t, s.tree)) {
		t.Errorf("bin/buildout -c host.cfg: %s", change)
	}
	for _, change := range changes(before, everything(t, first)) {
		t.Errorf("installing the second tree changed the first: %s", change)
	}
	s.run("/bin/sh", "-c", together, "sh", first)
}

// glob expands patterns.
func glob(t *testing.T, patterns []string) []string {
	t.Helper()
	var found []string
	for _, pattern := range patterns {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, paths...)
	}
	return found
}

// writeInTree puts a file into the tree, as the server's user.
func (s *server) writeInTree(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.tree, name)
	err := os.WriteFile(path, []byte(text), 0o644)
	if err == nil && os.Getuid() == 0 {
		err = os.Chown(path, nobody, nobody)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// everything reads what a tree holds: type, mode, digest or target, time of change.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		what := ""
		switch {
		case d.Type() == fs.ModeSymlink:
			what, err = os.Readlink(path)
		case d.Type().IsRegular():
			var content []byte
			content, err = os.ReadFile(path)
			what = fmt.Sprintf("%x", sha256.Sum256(content))
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		found[name] = fmt.Sprintf("%v %v %s", info.Mode(), info.ModTime(), what)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

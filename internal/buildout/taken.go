package buildout

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// eggWatch knows which part took an egg away that was there before it. A
// command like "rm -rf bin eggs" works, and what misses the egg is another
// part, or the next bin/buildout.
type eggWatch struct {
	root  string
	dirs  []string          // of the eggs and of the links to develop packages
	seen  map[string]bool   // relative paths
	taken map[string]string // path to the part that removed it
}

func watchEggs(root string, dirs ...string) *eggWatch {
	e := &eggWatch{root: root, dirs: dirs, seen: map[string]bool{}, taken: map[string]string{}}
	e.look("")
	return e
}

// look compares the directories with what was there; part is what was made since.
func (e *eggWatch) look(part string) {
	if e == nil {
		return
	}
	there := map[string]bool{}
	for _, dir := range e.dirs {
		entries, _ := os.ReadDir(dir) // one that isn't there has no eggs
		for _, entry := range entries {
			if name := entry.Name(); strings.HasSuffix(name, ".egg") || strings.HasSuffix(name, ".egg-link") {
				if rel, err := filepath.Rel(e.root, filepath.Join(dir, name)); err == nil {
					there[filepath.ToSlash(rel)] = true
				}
			}
		}
	}
	for path := range e.seen {
		if _, known := e.taken[path]; !there[path] && !known {
			e.taken[path] = part
		}
	}
	for path := range there {
		e.seen[path] = true
		delete(e.taken, path)
	}
}

// missed gives the first path that a part took away and that need names, with
// the part; "" if there is none.
func (e *eggWatch) missed(need func(path string) bool) (path, part string) {
	if e == nil {
		return "", ""
	}
	for _, path := range slices.Sorted(maps.Keys(e.taken)) {
		if part := e.taken[path]; part != "" && need(path) {
			return path, part
		}
	}
	return "", ""
}

const keepEggs = "leave the eggs of the buildout alone: a stage begins empty, so there is nothing to clean up"

// keptEggs refuses a tree that lacks an egg because a part removed it: one that
// bin/buildout, a recipe or a develop package needs.
func (b *builder) keptEggs(t *Tree) error {
	installed, _, err := readInstalled(t.installedCfg())
	if err != nil {
		return surroundings("reading .installed.cfg", "", err)
	}
	needed := slices.Clone(t.Launch.Path)
	for _, i := range installed {
		needed = append(needed, i.Signature...)
	}
	path, part := b.eggs.missed(func(path string) bool {
		return strings.HasSuffix(path, ".egg-link") ||
			slices.ContainsFunc(needed, func(n string) bool { return filepath.Base(n) == filepath.Base(path) })
	})
	if path == "" {
		return nil
	}
	return &Error{Doing: "building part " + part, Err: fmt.Errorf("it removed %s, which bin/buildout needs", path), Tip: keepEggs, Code: 1, Log: b.log()}
}

// hintOfTaken names the part that took an egg away, if the build failed after that.
func (b *builder) hintOfTaken(e *Error) {
	if path, part := b.eggs.missed(func(string) bool { return true }); path != "" {
		e.Tip = fmt.Sprintf("part %s removed %s: %s", part, path, keepEggs)
	}
}

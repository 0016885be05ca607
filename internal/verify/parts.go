package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// partOf is the part that made an egg, or the first that asks for it; empty if
// it is there because another egg needs it.
func (c *checker) partOf(e *egg) string {
	for _, part := range c.in.Parts {
		if slices.ContainsFunc(part.Installed, func(p string) bool {
			rel, ok := c.installed(p)
			return ok && rel == e.base
		}) {
			return part.Name
		}
	}
	for _, part := range c.in.Parts {
		if slices.ContainsFunc(part.Eggs, func(name string) bool { return pydist.PlainName(name) == e.key() }) {
			return part.Name
		}
	}
	return ""
}

// byParts: what .installed.cfg says that a part made.
func (c *checker) byParts() {
	for _, part := range c.in.Parts {
		for _, p := range part.Installed {
			rel, ok := c.installed(p)
			if !ok || rel == "." || c.scan.dirs[rel] || c.there(rel) || c.in.Skip != nil && c.in.Skip(rel) {
				continue
			}
			c.report.Missing = append(c.report.Missing, Item{Kind: "part", Part: part.Name, Path: rel, Witnesses: []string{".installed.cfg"},
				Problems: []Problem{{Kind: "missing", Message: fmt.Sprintf("part %s (%s) says that it installed %s, which isn't there", part.Name, part.Recipe, rel),
					Hint: "read the build's log for that part; buildout's exit code proves nothing"}}})
		}
	}
}

// installed is a path of .installed.cfg, below the tree's top; false if it lies elsewhere.
func (c *checker) installed(p string) (string, bool) {
	rel, ok := strings.ReplaceAll(p, `\`, "/"), true
	if strings.HasPrefix(rel, "/") || len(rel) > 1 && rel[1] == ':' {
		rel, ok = c.loader.inTree(rel)
	}
	return path.Clean(rel), ok
}

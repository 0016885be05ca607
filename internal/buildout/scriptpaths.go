package buildout

import (
	"os"
	"path/filepath"
	"slices"
)

// ScriptPaths gives what each script of the bin directory puts on sys.path, in
// its order: relative to the root, or absolute where it lies outside. Scripts
// with the same list count once; what zc.buildout didn't write has none.
func (t *Tree) ScriptPaths() ([][]string, error) {
	var groups [][]string
	for _, script := range t.Scripts {
		file := filepath.Join(t.Root, filepath.FromSlash(script))
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, surroundings("reading the scripts", "", err)
		}
		var group []string
		for _, p := range parseScript(file, t.Root, string(data)).paths {
			group = append(group, t.rel(p))
		}
		if len(group) > 0 && !slices.ContainsFunc(groups, func(g []string) bool { return slices.Equal(g, group) }) {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

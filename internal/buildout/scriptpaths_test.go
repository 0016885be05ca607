package buildout

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestScriptPaths: what zc.buildout writes, with and without relative-paths,
// and scripts of others.
func TestScriptPaths(t *testing.T) {
	root := write(t, map[string]string{
		"bin/relative": "#!/usr/bin/python\nimport os\njoin = os.path.join\nbase = os.path.dirname(os.path.abspath(os.path.realpath(__file__)))\nbase = os.path.dirname(base)\n\n" +
			"import sys\nsys.path[0:0] = [\n  join(base, 'eggs/c-1.0.egg'),\n  join(base, 'src'),\n  ]\n",
		"bin/shell": "#!/bin/sh\nexec true\n",
	})
	for _, name := range []string{"plain", "same"} {
		text := "#!/usr/bin/python\n\nimport sys\nsys.path[0:0] = [\n  '" + root + "/eggs/a-1.0.egg',\n  '/opt/b.egg',\n  ]\n\nimport " + name + "\n"
		if err := os.WriteFile(filepath.Join(root, "bin", name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	tree := &Tree{Root: root, Scripts: []string{"bin/plain", "bin/relative", "bin/same", "bin/shell"}}
	got, err := tree.ScriptPaths()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"eggs/a-1.0.egg", "/opt/b.egg"}, {"eggs/c-1.0.egg", "src"}}
	if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("%q, want %q", got, want)
	}
}

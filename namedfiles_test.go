package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// named is the path of a file of ours, as a comment or a page names it.
var named = regexp.MustCompile(`(?:^|[\s(` + "`" + `"])((?:internal|pack|archive|matrix|release|target|examples|bench)/[\w./-]+\.(?:go|py|sh|json|txtar|md))\b`)

// TestNamedFilesAreThere fails where a comment, a docstring or a page names a file
// that was moved or removed since. Tests name files that aren't there on purpose.
func TestNamedFilesAreThere(t *testing.T) {
	found := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "testdata" || strings.HasPrefix(name, ".") && path != "."):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go") || name == "CHANGELOG.md":
			return nil
		}
		ends := filepath.Ext(name)
		if ends != ".go" && ends != ".py" && ends != ".md" && ends != ".sh" {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i, line := range strings.Split(string(data), "\n") {
			if _, comment, ok := strings.Cut(line, "//"); ends == ".go" && !ok {
				continue
			} else if ok && ends == ".go" {
				line = comment
			}
			for _, m := range named.FindAllStringSubmatch(line, -1) {
				found++
				if _, err := os.Stat(m[1]); err != nil {
					t.Errorf("%s:%d names %s, which isn't there", path, i+1, m[1])
				}
			}
		}
		return nil
	})
	if err != nil || found < 100 {
		t.Fatalf("%d names, %v", found, err)
	}
}

package target_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestRules: docs/design.md has a table of the target's rules, in which each
// module of src is the place of one, and nothing else is.
func TestRules(t *testing.T) {
	text, err := os.ReadFile("../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| rule | the one place |")
	table, _, _ = strings.Cut(table, "\n\n")
	named := map[string]int{}
	for _, row := range strings.Split(table, "\n") {
		if cells := strings.Split(row, "|"); len(cells) > 3 {
			for _, m := range regexp.MustCompile("`(\\w+\\.py)`").FindAllStringSubmatch(cells[2], -1) {
				named[m[1]]++
			}
		}
	}
	modules, err := filepath.Glob("src/*.py")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range modules {
		named[filepath.Base(path)] += 10
	}
	for name, n := range named {
		if n == 11 {
			continue
		}
		t.Errorf("%s: 11 is a module with one row, 10 one without, 1 a row without a module; it is %d", name, n)
	}
}

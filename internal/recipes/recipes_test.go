package recipes

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTable: docs/design.md has each quirk, and the file that deals with it names
// the recipe.
func TestTable(t *testing.T) {
	design, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range Table() {
		row := fmt.Sprintf("| %s | %s | %s | %s | `%s` |", q.Recipe, q.Does, q.Done, q.Versions, q.Where)
		if !strings.Contains(string(design), row+"\n") {
			t.Errorf("docs/design.md lacks\n%s", row)
		}
		text, err := os.ReadFile(filepath.Join("../..", filepath.FromSlash(q.Where)))
		if err != nil || !strings.Contains(string(text), q.Recipe) {
			t.Errorf("%s says nothing of %s (%v)", q.Where, q.Recipe, err)
		}
	}
}

// TestOneRoom: no other Go code compares with the name of a recipe.
func TestOneRoom(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "recipes" || d.Name() == "examples" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2):
			return fs.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, _ := strconv.Unquote(lit.Value)
			if slices.ContainsFunc(Table(), func(q Quirk) bool { return text == q.Recipe }) {
				t.Errorf("%s names the recipe %s", path, text)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEggs(t *testing.T) {
	for _, tt := range []struct {
		part, recipe string
		options      map[string]string
		want         string
	}{
		{"app", "zc.recipe.egg", nil, "app"},
		{"app", "zc.recipe.egg:scripts", map[string]string{"eggs": "demo >=1\nother[x]"}, "demo other"},
		{"lxml", "zc.recipe.egg:custom", map[string]string{"egg": "lxml"}, "lxml"},
		{"conf", "collective.recipe.template", nil, ""},
	} {
		if got := strings.Join(Eggs(tt.part, tt.recipe, tt.options), " "); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.recipe, got, tt.want)
		}
	}
}

package cli

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/binary-buildout/binary-buildout/"

// TestImports compares the imports of every package with the table in
// docs/design.md, which has no more and no less, and the three GitHub libraries
// with their one importer. Tests may import what they need.
func TestImports(t *testing.T) {
	table := importTable(t)
	only := map[string]string{
		"github.com/google/go-github":           "release",
		"golang.org/x/oauth2":                   "release",
		"github.com/sethvargo/go-githubactions": "internal/cli",
	}
	packages := packageImports(t)
	for pkg, imports := range packages {
		var ours []string
		for _, imp := range imports {
			if name, ok := strings.CutPrefix(imp, module); ok {
				ours = append(ours, strings.TrimPrefix(name, "internal/"))
			}
			for lib, owner := range only {
				if strings.HasPrefix(imp, lib) && pkg != owner {
					t.Errorf("%s imports %s; only %s does", pkg, imp, owner)
				}
			}
		}
		slices.Sort(ours)
		said, ok := table[pkg]
		if ours = slices.Compact(ours); !ok || !slices.Equal(ours, said) {
			t.Errorf("%s imports %q, and the table in docs/design.md says %q", pkg, ours, said)
		}
	}
	for pkg := range table {
		if _, ok := packages[pkg]; !ok {
			t.Errorf("the table in docs/design.md has %s, which isn't there", pkg)
		}
	}
}

// TestDependencies holds the modules that go.mod asks for by itself against the
// table in docs/design.md, which says why each is there.
func TestDependencies(t *testing.T) {
	read := func(name, row string) []string {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, m := range regexp.MustCompile(row).FindAllStringSubmatch(string(data), -1) {
			found = append(found, m[1])
		}
		slices.Sort(found)
		return found
	}
	asked := read("../../go.mod", `(?m)^\t(\S+) v\S+$`)
	explained := read("../../docs/design.md", `(?m)^\| ((?:github\.com|golang\.org)/\S+) \| [^|]{10,} \|$`)
	if len(asked) < 5 || !slices.Equal(asked, explained) {
		t.Errorf("go.mod asks for\n%q\nand docs/design.md explains\n%q", asked, explained)
	}
}

// importTable reads the rows "| `package` | sentence | imports |", where
// internal/ is left out before an import's name.
func importTable(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/design.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\| [^|]+ \\| ([^|]+) \\|$")
	table := map[string][]string{}
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		imports := strings.Split(strings.TrimSpace(m[2]), ", ")
		if slices.Equal(imports, []string{"none"}) {
			imports = nil
		}
		slices.Sort(imports)
		table[m[1]] = imports
	}
	if len(table) < 10 {
		t.Fatalf("the table of packages has %d rows", len(table))
	}
	return table
}

// packageImports reads the imports of all files but tests, by package.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "examples" || d.Name() == "dist" || strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("../..", filepath.Dir(name))
		if err != nil {
			return err
		}
		pkg := filepath.ToSlash(rel)
		if pkg == "." {
			pkg = "main"
		}
		if _, ok := found[pkg]; !ok {
			found[pkg] = nil
		}
		for _, spec := range file.Imports {
			imp, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			found[pkg] = append(found[pkg], imp)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

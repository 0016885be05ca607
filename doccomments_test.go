package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// declared is a declaration at a file's top level, with its doc comment.
type declared struct {
	names []string
	doc   *ast.CommentGroup
}

// TestDocCommentsStandWhereTheyBelong fails where a doc comment begins with the
// name of another declaration of its package: it was left behind when what it
// documents was moved, or what it documents was put below another comment.
func TestDocCommentsStandWhereTheyBelong(t *testing.T) {
	files := token.NewFileSet()
	packages := map[string][]declared{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != "."):
			return fs.SkipDir
		case filepath.Ext(path) != ".go":
			return nil
		}
		file, err := parser.ParseFile(files, path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		packages[dir] = append(packages[dir], declarations(file)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, all := range packages {
		for _, place := range torn(all) {
			t.Errorf("%s: the comment begins with another declaration's name (package in %s)", files.Position(place), dir)
		}
	}
}

// torn gives the places of the doc comments that begin with the name of another declaration.
func torn(all []declared) []token.Pos {
	known := map[string]bool{}
	for _, d := range all {
		for _, name := range d.names {
			known[name] = true
		}
	}
	var places []token.Pos
	for _, d := range all {
		first, _, _ := strings.Cut(d.doc.Text(), " ")
		first = strings.TrimSuffix(strings.TrimRight(first, ",.:\n"), "'s")
		if known[first] && !slices.Contains(d.names, first) {
			places = append(places, d.doc.Pos())
		}
	}
	return places
}

func declarations(file *ast.File) []declared {
	var all []declared
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			all = append(all, declared{[]string{decl.Name.Name}, decl.Doc})
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				all = append(all, ofSpec(spec, decl))
			}
		}
	}
	return all
}

// ofSpec reads a type, constant or variable; alone, it has its declaration's comment.
func ofSpec(spec ast.Spec, decl *ast.GenDecl) declared {
	var d declared
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		d = declared{[]string{spec.Name.Name}, spec.Doc}
	case *ast.ValueSpec:
		for _, name := range spec.Names {
			d.names = append(d.names, name.Name)
		}
		d.doc = spec.Doc
	}
	if d.doc == nil && len(decl.Specs) == 1 {
		d.doc = decl.Doc
	}
	return d
}

// The linter itself sees a comment that was left behind, and none that isn't.
func TestTorn(t *testing.T) {
	const source = "package p\n\n// Proof is what was seen.\n// Failure is one that failed.\nfunc (f *Failure) Error() string { return \"\" }\n\n" +
		"type Proof struct{}\n\n// Failure's text is short.\ntype Failure struct{}\n\n// Two words for two names.\nconst One, Two = 1, 2\n\n// nothing is the same.\nvar nothing int\n"
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "p.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	places := torn(declarations(file))
	if len(places) != 1 || files.Position(places[0]).Line != 3 {
		t.Errorf("%d places: %v", len(places), places)
	}
}

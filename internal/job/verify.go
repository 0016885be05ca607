package job

import (
	"context"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/bundle"
	"github.com/binary-buildout/binary-buildout/internal/recipes"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Listed is a tree with the list of what travels.
type Listed struct {
	*Gated
	List *pack.List
	// Bundled is the copy of the interpreter, and bundleDir where it lies; nil without one.
	Bundled   *bundle.Bundle
	bundleDir string
}

// List lists what of a tree goes into the archive, with a copy of the
// interpreter where one was asked for.
func List(ctx context.Context, g *Gated) (*Listed, error) {
	list, err := pack.Scan(g.Tree.Root, g.rules())
	if err != nil {
		return nil, err
	}
	l := &Listed{Gated: g, List: list}
	if g.BundlePython != "" {
		if err := l.bundle(ctx); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Verified is a list with what was found of its extensions. Whether that is
// good says the report's Err; Relocate takes no report that has one.
type Verified struct {
	*Listed
	Report   *verify.Report
	declared []verify.Declaration // what the tree's builds declared
}

// Verify compares the extensions that are there with those that are expected.
func Verify(ctx context.Context, l *Listed) (*Verified, error) {
	declared, compiles, err := verify.ReadLogs(l.Tree.Declared, l.Tree.Compiler)
	if err != nil {
		return nil, err
	}
	in := verify.Input{
		Source: verify.Dir(l.Tree.Root), Roots: []string{l.Tree.Root}, Skip: l.unverified(),
		Python: l.Tree.Python, Platform: l.Made.Platform,
		Witnessed: !l.Build.InPlace, Declared: declared, Compiles: compiles, Parts: Parts(l.Tree),
		Expect: l.Checks.Expect, Waive: l.Checks.Waive, SystemLibraries: l.Checks.SystemLibraries, Floor: l.Checks.Floor,
	}
	if l.Bundled != nil {
		in.Source, in.Bundled = verify.Both(in.Source, verify.Dir(l.bundleDir)), l.Bundled.Directory
	}
	in.IndexWheel = func(project, version string) []string { return l.Tree.IndexWheel(ctx, project, version) }
	if !l.Checks.NoImport {
		if in.Import, err = ImportOf(l.Tree); err != nil {
			return nil, err
		}
		in.Import.Skip = l.ofInterpreter // which imports them itself
	}
	report, err := verify.Tree(ctx, in)
	if err != nil {
		return nil, err
	}
	return &Verified{l, report, declared}, nil
}

// buildProducts is where distutils builds, below build/ of a source tree.
// Nothing imports the copies there.
var buildProducts = regexp.MustCompile(`(^|/)build/(lib|temp|bdist)[^/]*(/|$)`)

// unverified tells which files don't count: what doesn't travel, and what
// setuptools keeps in build/ for zc.buildout 1.x and 2.x.
func (l *Listed) unverified() func(string) bool {
	return func(name string) bool { return l.leftOut(name) || buildProducts.MatchString(name) }
}

// leftOut tells whether a file of the tree doesn't travel.
func (l *Listed) leftOut(name string) bool {
	_, ok := l.List.Find(name)
	return !ok
}

// Parts are a tree's parts as verify wants them.
func Parts(t *buildout.Tree) []verify.Part {
	var parts []verify.Part
	for _, i := range t.Installed {
		parts = append(parts, verify.Part{Name: i.Part, Recipe: i.Recipe, Installed: i.Paths, Eggs: recipes.Eggs(i.Part, i.Recipe, i.Options)})
	}
	return parts
}

// ImportOf says how the extensions of a tree are imported here: in groups of
// paths, what each script puts on sys.path. What belongs to no script is
// imported with all distributions of the tree, the last group.
func ImportOf(t *buildout.Tree) (*verify.Import, error) {
	groups, err := t.ScriptPaths()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, egg := range t.Eggs {
		all = append(all, egg.Path)
	}
	return &verify.Import{Interpreter: t.Interpreter.Executable, Prefix: t.Interpreter.BasePrefix, Root: t.Root, Paths: append(groups, all)}, nil
}

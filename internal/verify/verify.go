package verify

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
)

// Input is what is verified, and against what.
type Input struct {
	Source Source
	// Skip says which files don't count, by path: what pack leaves out. May be nil.
	Skip func(path string) bool
	// Roots are absolute paths that mean the tree's top: the stage. Paths below
	// them in run paths and in Parts count as the tree's own.
	Roots []string

	Python   archive.Python
	Platform string // "manylinux_2_28_x86_64"; empty is the Python's own

	// Witnessed says that the build of this tree was watched: Declared is then
	// all that was built, and every other egg came ready made.
	Witnessed bool
	Declared  []Declaration
	Compiles  []Compile
	Parts     []Part

	Expect          []string // modules, as "lxml.etree" or "EGG:MODULE", with * and ?
	Waive           []string // the same, or an egg's name, or a path
	SystemLibraries []string // libraries that the target will have, with * and ?
	Floor           string   // "glibc 2.28", or "2.28"

	// IndexWheel gives the compiled files of the wheel that the index has of a project's version for this Python,
	// relative to site-packages; none if it has none, or can't be asked. May be nil.
	IndexWheel func(project, version string) []string

	// Bundled is the directory of the interpreter that the archive brings for
	// itself, relative; empty for none. Its extensions count as any others.
	Bundled string

	// Relocated says that the tree is as it will lie on the target: a libpython
	// that is still needed then is a finding, not a warning.
	Relocated bool

	Import *Import // how to import the extensions; nil is not at all
}

// Part is a section that buildout installed, with what .installed.cfg says it made.
type Part struct {
	Name, Recipe string
	Installed    []string // paths, relative or under one of Roots
	Eggs         []string // the distributions that its options ask for
}

// checker is one run of Tree.
type checker struct {
	in     Input
	target target
	scan   *scan
	eggs   []*egg
	owners *owners
	loader *loader
	floors *floors
	report *Report

	extensions []*extension
	byFile     map[string]*extension
	binaries   map[string]int // by egg base
}

// Tree verifies a tree or an archive. The report is complete even if it has
// findings; the error says only that something couldn't be read. Findings are
// the report's Err.
func Tree(ctx context.Context, in Input) (*Report, error) {
	t, err := newTarget(in.Python, in.Platform)
	if err != nil {
		return nil, err
	}
	fl, err := newFloors(t, in.Floor)
	if err != nil {
		return nil, err
	}
	s, err := read(ctx, in.Source, in.Skip)
	if err != nil {
		return nil, fmt.Errorf("verifying: %w", err)
	}
	c := &checker{in: in, target: t, scan: s, floors: fl, eggs: s.eggs(), byFile: map[string]*extension{}, binaries: map[string]int{}}
	c.owners = newOwners(c.eggs)
	c.report = &Report{Format: Format, Python: in.Python.Version, ABI: in.Python.ABI, Platform: t.platform,
		Eggs: len(c.eggs), Files: len(s.all), Witnessed: in.Witnessed, Imported: in.Import != nil}
	c.loader = newLoader(s, t, in.Roots, in.SystemLibraries, c.owners.of)
	c.findExtensions()
	c.loadAll()
	imports := map[string][]Problem{}
	if in.Import != nil {
		if imports, err = c.importAll(ctx); err != nil {
			return nil, err
		}
	}
	c.judge(imports)
	c.expect()
	c.system()
	c.waive()
	c.report.sort()
	return c.report, nil
}

// findExtensions sorts out which binaries are extension modules, and whose.
func (c *checker) findExtensions() {
	for _, f := range c.scan.sortedFiles() {
		binary := len(f.images) > 0 || f.err != nil
		n, ok := asExtension(f)
		if !ok && (f.fake || f.err != nil) {
			n, ok = pymodule.NameOf(f.path)
			ok = ok && (n.ABI != pymodule.Plain || strings.HasSuffix(f.path, ".pyd"))
		}
		if !binary && !ok {
			continue // metadata and sources are most of a large tree
		}
		e := c.owners.of(f.path)
		if binary && e != nil {
			c.binaries[e.base]++
		}
		if !ok {
			continue
		}
		x := &extension{file: f, egg: e, name: n}
		x.image, _ = f.fitting(c.target)
		base := ""
		if e != nil {
			base = e.base
			e.extensions = append(e.extensions, x)
		} else {
			base = c.scan.guessBase(f.path)
		}
		x.module = x.moduleFrom(base)
		c.extensions = append(c.extensions, x)
		c.byFile[f.path] = x
	}
}

// loadAll has the loader follow every file: extensions and programs first, then
// the libraries that none of them uses, as plugins are.
func (c *checker) loadAll() {
	root := func(f *file) bool {
		m, ok := f.fitting(c.target)
		return ok && (c.byFile[f.path] != nil || m.Type == binfmt.TypeExecutable)
	}
	files := c.scan.sortedFiles()
	for _, f := range files {
		if root(f) && !c.spare(f) {
			c.loader.load(f)
		}
	}
	for _, f := range files {
		if m, ok := f.fitting(c.target); ok && !root(f) && !c.loader.used[f.path] && m.Type != binfmt.TypeObject && m.Type != binfmt.TypeArchive && m.Type != binfmt.TypeOther {
			c.loader.load(f)
		}
	}
}

// spare says whether an extension is for another interpreter, so that nothing here loads it.
func (c *checker) spare(f *file) bool {
	x := c.byFile[f.path]
	return x != nil && (x.forOther(c.target) || c.ofOtherPython(f.path))
}

// judge puts each binary into its list.
func (c *checker) judge(imports map[string][]Problem) {
	for _, f := range c.scan.sortedFiles() {
		if f.inits != nil || f.meta != nil {
			continue
		}
		x := c.byFile[f.path]
		switch {
		case f.fake, f.err != nil:
			c.damaged(f, x)
		case x != nil:
			c.judgeExtension(x, imports[f.path])
		default:
			c.judgeLibrary(f)
		}
	}
}

// damaged is a binary that can't be read, or something else under a binary's name.
func (c *checker) damaged(f *file, x *extension) {
	item := c.item(f, x)
	p := Problem{Kind: "damaged", Hint: "build or fetch its egg again"}
	switch {
	case f.fake && f.size == 0:
		p.Message = "the file is empty"
	case f.fake:
		p.Message = "it has the name of a compiled file, and isn't one"
	case f.err == nil:
		return
	default:
		p.Message = f.err.Error()
	}
	item.Problems = []Problem{p}
	if x == nil && (inTests(f.path) || !looksBinary(f.path)) {
		c.report.Warnings = append(c.report.Warnings, item)
		return
	}
	c.report.Foreign = append(c.report.Foreign, item)
}

func (c *checker) judgeExtension(x *extension, imports []Problem) {
	f := x.file
	if c.spare(f) {
		if c.ofOtherPython(f.path) || x.name.ABI == pymodule.Other || x.otherPlatform(c.target) || c.hasVariant(x) {
			c.report.Other++
			return
		}
		item := c.item(f, x)
		whose := x.name.Describe()
		if x.name.ABI == pymodule.ABI3 {
			whose += " by a name that Python 3.15 and newer look for"
		}
		item.Problems = []Problem{{Kind: "abi", Message: fmt.Sprintf("it is for %s, and there is none for %s", whose, c.in.Python.ABI),
			Hint: "build or fetch its egg for Python " + c.target.python()}}
		c.report.Foreign = append(c.report.Foreign, item)
		return
	}
	problems := x.abiProblems(c.target, c.symbols(x))
	item := c.item(f, x)
	if m, ok := f.fitting(c.target); ok {
		c.report.Binaries++
		problems = append(problems, c.loader.missing[f.path]...)
		problems = append(problems, c.floors.add(f.path, m, c.fromTree(f, m))...)
		if _, ok := pymodule.Entry(x.name, m.Exported); ok {
			problems = append(problems, c.pythonLink(item, m)...)
		}
	}
	item.Problems = append(problems, imports...)
	if len(item.Problems) > 0 {
		c.report.Foreign = append(c.report.Foreign, item)
		return
	}
	c.report.Compiled = append(c.report.Compiled, item)
}

// hasVariant says whether the same module is there for the target too.
func (c *checker) hasVariant(x *extension) bool {
	return slices.ContainsFunc(c.extensions, func(y *extension) bool {
		return y != x && y.egg == x.egg && y.module == x.module && path.Dir(y.file.path) == path.Dir(x.file.path) && !y.forOther(c.target)
	})
}

// pythonLink is what there is to say of a libpython that an extension needs, on Linux and macOS.
func (c *checker) pythonLink(item Item, m *binfmt.Image) []Problem {
	for _, lib := range m.Needed {
		v := elfPython.FindStringSubmatch(lib)
		if v == nil {
			continue
		}
		if _, ok := c.loader.find(&node{path: item.Path, image: m}, lib); ok {
			continue
		}
		major, minor := v[1]+v[4], v[2]+v[5]
		p := Problem{Kind: "libpython", Library: lib, Message: "it links to " + lib + ", which only another Python of the same build has",
			Hint: "extensions don't need libpython: link it without -lpython"}
		if minor != "" && major+"."+minor != c.target.python() {
			p.Message, p.Hint = "it links to "+lib+", another Python's", "rebuild it for Python "+c.target.python()
			return []Problem{p}
		}
		if c.in.Relocated {
			return []Problem{p}
		}
		p.Message, p.Hint, p.mended = "it links to "+lib+"; the archive will be without that link", "", true
		item.Problems = []Problem{p}
		c.report.Warnings = append(c.report.Warnings, item)
	}
	return nil
}

// judgeLibrary is for libraries and programs.
func (c *checker) judgeLibrary(f *file) {
	m, ok := f.fitting(c.target)
	if !ok {
		c.report.Other++
		return
	}
	if m.Type == binfmt.TypeObject || m.Type == binfmt.TypeArchive || m.Type == binfmt.TypeOther {
		return
	}
	c.report.Binaries++
	if m.Type == binfmt.TypeShared && (m.Soname != "" || c.loader.used[f.path]) {
		c.report.Libraries = append(c.report.Libraries, Library{Path: f.path, Soname: m.Soname, Used: c.loader.used[f.path]})
	}
	problems := append(slices.Clone(c.loader.missing[f.path]), c.floors.add(f.path, m, c.fromTree(f, m))...)
	if len(problems) == 0 {
		return
	}
	item := c.item(f, nil)
	item.Problems = problems
	if inTests(f.path) {
		c.report.Warnings = append(c.report.Warnings, item)
		return
	}
	c.report.Foreign = append(c.report.Foreign, item)
}

// fromTree says of a library's name whether f finds it in the tree.
func (c *checker) fromTree(f *file, m *binfmt.Image) func(string) bool {
	n := &node{path: f.path, image: m}
	return func(lib string) bool {
		_, ok := c.loader.find(n, lib)
		return ok
	}
}

// symbols are those of the tree's libraries that an extension needs.
func (c *checker) symbols(x *extension) map[string]bool {
	all := map[string]bool{}
	m, ok := x.file.fitting(c.target)
	if !ok || !x.name.Stable() {
		return all
	}
	for _, lib := range m.Needed {
		if p, ok := c.loader.find(&node{path: x.file.path, image: m}, lib); ok {
			for _, f := range c.scan.files[p].images {
				for _, s := range f.Exports {
					all[s] = true
				}
			}
		}
	}
	return all
}

// item is the report's entry of a file.
func (c *checker) item(f *file, x *extension) Item {
	i := Item{Path: f.path, Kind: "library", Arch: archs(f)}
	e := c.owners.of(f.path)
	if x != nil {
		i.Kind, i.Module, e = "extension", x.module, x.egg
		switch {
		case x.name.Stable():
			i.ABI = x.name.ABI.String()
		case x.name.ABI == pymodule.CPython:
			i.ABI = x.name.Describe()
		}
	} else if m, ok := f.fitting(c.target); ok && m.Type == binfmt.TypeExecutable {
		i.Kind = "executable"
	}
	if e != nil {
		i.Egg, i.Version = e.name, e.version
	}
	return i
}

// system fills in the floors and the system's libraries.
func (c *checker) system() {
	c.report.Floors, c.report.Versions = c.floors.lists()
	c.report.FloorSymbols = c.floors.symbols
	for _, name := range sortedKeys(c.loader.system) {
		listed := matchAny(c.in.SystemLibraries, name) || matchAny(c.in.SystemLibraries, path.Base(name))
		if !listed && (c.target.os != "linux" || basic(name)) {
			continue
		}
		c.report.SystemLibraries = append(c.report.SystemLibraries,
			archive.SystemLibrary{Name: name, NeededBy: c.loader.system[name], Package: loadTables().packageOf(name)})
	}
	for _, name := range sortedKeys(c.loader.tolerated) {
		item := Item{Path: c.loader.tolerated[name], Kind: "library", Problems: []Problem{{Kind: "library", Library: name, Package: loadTables().packageOf(name),
			Message: "it needs " + name + ", which the target may lack (" + loadTables().tolerated[strings.ToLower(name)] + ")",
			Hint:    "install " + loadTables().packageOf(name) + " on the target"}}}
		if e := c.owners.of(item.Path); e != nil {
			item.Egg, item.Version = e.name, e.version
		}
		c.report.Warnings = append(c.report.Warnings, item)
	}
	if l := c.floors.level; l.Version != "" {
		c.report.Warnings = append(c.report.Warnings, Item{Path: l.File, Kind: "library",
			Problems: []Problem{{Kind: "floor", Message: "it is marked to need a processor of x86-64-v" + l.Version}}})
	}
}

var testDirs = []string{"test", "tests", "testing", "testdata", "example", "examples", "docs", "doc", "samples", "benchmarks"}

// inTests says whether a path lies in a directory of tests or examples.
func inTests(p string) bool {
	for _, d := range strings.Split(path.Dir(p), "/") {
		if slices.Contains(testDirs, d) {
			return true
		}
	}
	return false
}

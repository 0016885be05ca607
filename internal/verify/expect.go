package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// expect compares what witnesses say with what was found.
func (c *checker) expect() {
	c.adopt()
	c.declared()
	sources := c.sources()
	for _, e := range c.eggs {
		c.byMetadata(e)
		c.bySources(e, sources[e])
	}
	c.byCompilers()
	c.byUser()
	c.byParts()
}

// has says whether an egg has an extension of that name, usable or not.
func has(e *egg, module string) bool {
	return slices.ContainsFunc(e.extensions, func(x *extension) bool { return sameModule(x, module) })
}

// sameModule compares dotted names: a develop directory may lie deeper than its modules' names.
func sameModule(x *extension, module string) bool {
	return sameName(x.module, module)
}

// sameName says whether one of two dotted names ends with the other. A compiled
// __init__ is the package.
func sameName(a, b string) bool {
	a, b = strings.TrimSuffix(a, ".__init__"), strings.TrimSuffix(b, ".__init__")
	return a == b || strings.HasSuffix(a, "."+b) || strings.HasSuffix(b, "."+a)
}

// miss adds a missing extension, or another witness of it.
func (c *checker) miss(e *egg, module, witness string, more Item) *Item {
	module = strings.TrimSuffix(module, ".__init__")
	for i := range c.report.Missing {
		m := &c.report.Missing[i]
		if m.Kind == "extension" && e != nil && m.Egg == e.name && m.Version == e.version && sameName(m.Module, module) {
			if len(module) > len(m.Module) {
				m.Module = module // a witness that knows its package too
			}
			m.Witnesses = union(m.Witnesses, []string{witness})
			return m
		}
	}
	more.Module, more.Kind, more.Witnesses = module, "extension", []string{witness}
	if e != nil {
		more.Egg, more.Version, more.Part = e.name, e.version, c.partOf(e)
	}
	c.report.Missing = append(c.report.Missing, more)
	return &c.report.Missing[len(c.report.Missing)-1]
}

// hintFor reads a compiler's lines for what a person can do.
func (c *checker) hintFor(lines []string, eggName, module string) string {
	waive := fmt.Sprintf("if the application can do without it: waive = %s:%s", eggName, module)
	for _, l := range lines {
		if h := explain.KnownHeader(l); h != "" {
			return "install the development package of " + h + " on the build system: " + syspackages.HeaderHint(h, strings.Replace(c.target.os, "macos", "darwin", 1)) + "; " + waive
		}
	}
	for _, l := range lines {
		switch {
		case strings.Contains(l, "can't find Rust compiler"):
			return "install Rust (cargo and rustc) on the build system; " + waive
		case explain.GoneHeader(l):
			return "its C sources don't compile with this Python, which has no such header any more: pin a newer version of " + eggName + ", or build with an older Python; " + waive
		case strings.Contains(l, "No such file") && strings.Contains(l, ".h"):
			return "install the development package that has the header, on the build system; " + waive
		case strings.Contains(l, "cannot find -l"):
			return "install the development package of that library, on the build system; " + waive
		case strings.Contains(l, "ommand not found") || strings.Contains(l, "unable to execute") || strings.Contains(l, "No such file or directory: '"):
			return "install a compiler on the build system; " + waive
		}
	}
	if len(lines) > 0 {
		return "see the compiler's lines; " + waive
	}
	return "read the build's log (bin/buildout -vv); " + waive
}

// byMetadata: RECORD, native_libs.txt and WHEEL of an egg.
func (c *checker) byMetadata(e *egg) {
	for _, p := range e.record {
		if p = unpackedPath(p); looksBinary(p) && !c.there(p) && !c.there(path.Join(e.base, path.Base(path.Dir(p)), path.Base(p))) {
			c.missFile(e, p, "RECORD")
		}
	}
	for _, n := range e.native {
		if p := path.Join(e.base, n); looksBinary(p) && !c.there(p) {
			c.missFile(e, p, "native_libs.txt")
		}
	}
	if e.wheel && !e.pure && c.binaries[e.base] == 0 && e.whole && !c.isMissing(e) {
		for _, t := range e.tags {
			if parts := strings.Split(t, "-"); len(parts) == 3 && strings.HasPrefix(parts[0], "cp") && parts[1] != "none" && parts[2] != "any" {
				message, hint := "it is tagged "+t+" and holds nothing compiled", "build it again and read the log"
				if names := e.dropped(); len(names) > 0 {
					message, hint = message+": "+e.brings(names)+", and zc.buildout keeps no programs of wheels", e.hintOfPrograms()
				}
				c.miss(e, "", "the tag "+t+" of its WHEEL", Item{Path: e.base, Problems: []Problem{{Kind: "missing",
					Message: message, Hint: fmt.Sprintf("%s; if the application can do without it: waive = %s", hint, e.name)}}})
				return
			}
		}
	}
	c.withoutPrograms(e)
}

// isMissing says whether something of the egg is missing already.
func (c *checker) isMissing(e *egg) bool {
	return slices.ContainsFunc(c.report.Missing, func(i Item) bool { return i.Egg == e.name && i.Version == e.version })
}

// unpackedPath is where a file of a wheel's .data directory goes.
func unpackedPath(p string) string {
	for _, d := range []string{".data/platlib/", ".data/purelib/"} {
		if before, after, ok := strings.Cut(p, d); ok {
			return path.Join(path.Dir(before), after)
		}
	}
	return p
}

func (c *checker) there(p string) bool {
	_, ok := c.scan.resolve(p)
	return ok
}

func (c *checker) missFile(e *egg, p, witness string) {
	n, ok := pymodule.ParseName(path.Base(p))
	if !ok {
		n.Stem = path.Base(p)
	}
	c.miss(e, moduleName(p, e.base, n.Stem), witness, Item{Path: p, Problems: []Problem{{Kind: "missing",
		Message: "its " + witness + " lists " + p + ", which isn't there", Hint: "build or fetch the egg again"}}})
}

// sources are the files that define a module's init function, less those of tests, by
// their egg and in order. They are sorted once, and not again for each of 5,000 eggs.
func (c *checker) sources() map[*egg][]*file {
	found := map[*egg][]*file{}
	for _, f := range c.scan.sortedFiles() {
		if f.inits == nil || inTests(f.path) {
			continue
		}
		e := c.owners.of(f.path)
		found[e] = append(found[e], f)
	}
	return found
}

// bySources: sources in the tree that define a module's init function, for eggs
// that no build of this run declared and no wheel's RECORD vouches for.
func (c *checker) bySources(e *egg, sources []*file) {
	if c.declaredEgg(e) || e.wheel && (c.in.Witnessed || !e.pure) {
		return
	}
	for _, f := range sources {
		if e.wheel && path.Ext(f.path) == ".pyx" {
			continue // many a pure wheel ships its .pyx
		}
		for _, name := range f.inits {
			if c.definesInit(e, name) {
				continue
			}
			module := moduleName(f.path, e.base, name)
			c.miss(e, module, "the source "+f.path, Item{Path: f.path, Problems: []Problem{{Kind: "missing",
				Message: f.path + " defines the module " + name + ", and no compiled one is there", Hint: c.hintFor(nil, e.name, module)}}})
		}
	}
	if len(sources) == 0 && !e.wheel && !c.in.Witnessed {
		c.bySourceList(e)
	}
}

// bySourceList: SOURCES.txt of an egg that kept no source and has nothing compiled.
func (c *checker) bySourceList(e *egg) {
	if c.binaries[e.base] > 0 {
		return
	}
	for _, s := range e.sources {
		if !sourceSuffix[path.Ext(s)] || inTests(s) {
			continue
		}
		p := strings.TrimPrefix(strings.TrimPrefix(s, "src/"), "lib/")
		stem := strings.TrimSuffix(path.Base(p), path.Ext(p))
		module := moduleName(path.Join(e.base, p), e.base, stem)
		c.miss(e, module, "SOURCES.txt", Item{Path: e.base, Problems: []Problem{{Kind: "missing",
			Message: "its SOURCES.txt lists " + s + ", and it holds nothing compiled", Hint: c.hintFor(nil, e.name, module)}}})
	}
}

func (c *checker) declaredEgg(e *egg) bool {
	return slices.ContainsFunc(c.in.Declared, func(d Declaration) bool { return pydist.PlainName(d.Project) == e.key() && len(d.Modules) > 0 })
}

// definesInit says whether an egg has the module, under whichever file's name.
func (c *checker) definesInit(e *egg, name string) bool {
	return slices.ContainsFunc(e.extensions, func(x *extension) bool {
		if x.name.Stem == name {
			return true
		}
		m, ok := x.file.fitting(c.target)
		return ok && exportsAny(m, pymodule.Entries(name, c.target.version()))
	})
}

// byCompilers: a compiler that failed in the build of an egg that is there nevertheless.
func (c *checker) byCompilers() {
	for _, run := range c.in.Compiles {
		src := sourceOf(run.Argv)
		stem := strings.TrimSuffix(path.Base(src), path.Ext(src))
		if src == "" || probe(src) {
			continue
		}
		e := c.eggOf(run)
		if e == nil || c.pure(e) || slices.ContainsFunc(e.extensions, func(x *extension) bool { return x.name.Stem == stem }) {
			continue
		}
		out := lastLines(run.Stderr)
		if i := slices.IndexFunc(c.report.Missing, func(m Item) bool {
			return m.Egg == e.name && m.Version == e.version && (strings.HasSuffix(m.Module, stem) || c.sourceOfModule(e, m.Module, src))
		}); i >= 0 {
			m := &c.report.Missing[i]
			m.Witnesses, m.Lines = union(m.Witnesses, []string{"the compiler, at " + src}), longer(m.Lines, out)
			m.Problems[0].Hint = c.hintFor(m.Lines, e.name, m.Module)
			continue
		}
		if c.declaredEgg(e) {
			continue // a probe, or an attempt that another one made good
		}
		c.miss(e, stem, "the compiler, at "+src, Item{Path: e.base, Lines: out, Problems: []Problem{{Kind: "missing",
			Message: "compiling " + src + " failed, and the build went on without", Hint: c.hintFor(out, e.name, stem)}}})
	}
}

func (c *checker) sourceOfModule(e *egg, module, src string) bool {
	for _, d := range c.in.Declared {
		if pydist.PlainName(d.Project) == e.key() && slices.ContainsFunc(d.Sources[module], func(s string) bool { return path.Base(s) == path.Base(src) }) {
			return true
		}
	}
	return false
}

func sourceOf(argv []string) string {
	for i := len(argv) - 1; i >= 0; i-- {
		if sourceSuffix[path.Ext(argv[i])] && !strings.HasPrefix(argv[i], "-") {
			return strings.ReplaceAll(argv[i], `\`, "/")
		}
	}
	return ""
}

// probe says whether a source is one that a configure script wrote to try something.
func probe(src string) bool {
	base := path.Base(src)
	return strings.HasPrefix(base, "conftest") || strings.HasPrefix(base, "_configtest") || strings.Contains(src, "CMakeScratch") ||
		strings.Contains(src, "CMakeFiles") || strings.Contains(src, "meson-private") || strings.HasPrefix(base, "tmp") || strings.HasPrefix(base, "check_")
}

// eggOf is the egg in whose build a compiler ran: as the build said, or by the directory's name.
func (c *checker) eggOf(run Compile) *egg {
	name := c.buildOf(run)
	for _, e := range c.eggs {
		if name == "" && (c.namedAfter(e, run.Cwd) || c.namedAfter(e, path.Dir(sourceOf(run.Argv)))) || name != "" && e.key() == name {
			return e
		}
	}
	return nil
}

// namedAfter says whether a directory is called as an egg's source tree is: NAME-VERSION, or pip's NAME_ and 32 digits.
func (c *checker) namedAfter(e *egg, directory string) bool {
	return slices.ContainsFunc(strings.Split(strings.ReplaceAll(directory, `\`, "/"), "/"), func(dir string) bool {
		d := pydist.PlainName(dir)
		return d == e.key()+"-"+pydist.PlainName(e.version) || strings.HasPrefix(d, e.key()+"-") && len(d) == len(e.key())+33
	})
}

// pure says whether an egg's build was watched, and declared nothing: lost has judged that.
func (c *checker) pure(e *egg) bool {
	watched := func(d Declaration) bool { return pydist.PlainName(d.Project) == e.key() && d.Looked }
	return slices.ContainsFunc(c.in.Declared, watched) && !c.declaredEgg(e)
}

func lastLines(s string) []string {
	all := lines([]byte(s))
	return all[max(0, len(all)-40):]
}

// byUser: the modules that the user expects.
func (c *checker) byUser() {
	for _, want := range c.in.Expect {
		eggName, module, both := strings.Cut(want, ":")
		if !both {
			eggName, module = "", want
		}
		if slices.ContainsFunc(c.extensions, func(x *extension) bool {
			if eggName != "" && (x.egg == nil || x.egg.key() != pydist.PlainName(eggName)) {
				return false
			}
			ok, _ := path.Match(module, x.module)
			return ok || x.module == module
		}) {
			continue
		}
		item := Item{Module: module, Egg: eggName, Kind: "extension", Witnesses: []string{"expect"}, Problems: []Problem{{Kind: "missing",
			Message: "expect names it, and no such extension is there", Hint: "check the name, as Python imports it, and that its egg is in the buildout"}}}
		if i := slices.IndexFunc(c.report.Missing, func(m Item) bool { return m.Module == module }); i >= 0 {
			c.report.Missing[i].Witnesses = union(c.report.Missing[i].Witnesses, item.Witnesses)
			continue
		}
		c.report.Missing = append(c.report.Missing, item)
	}
}

package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
)

// lost looks at the modules that a build has sources of and didn't declare. One is missing if a compiler failed in the
// build, which then went on without, or if the index's wheel of the same version has it. Else it is a warning: the
// project may mean it.
func (c *checker) lost(e *egg, d *Declaration) {
	undeclared := slices.DeleteFunc(slices.Clone(d.Unbuilt), func(m string) bool { return c.definesInit(e, m) || has(e, m) })
	some := c.declaredEgg(e) // by a line of another version too: a tag comes later
	if len(undeclared) == 0 || !some && c.lostByCompiler(e, d, undeclared) || c.lostByWheel(e, undeclared) || some || len(e.extensions) > 0 {
		return
	}
	for _, module := range undeclared {
		c.report.Warnings = append(c.report.Warnings, Item{Module: module, Kind: "extension", Egg: e.name, Version: e.version, Part: c.partOf(e),
			Problems: []Problem{{Kind: "missing", Message: "its sources define this module, and its build compiles none",
				Hint: "if the application needs it, see what its setup.py asks for (Cython, a variable), and name it in expect"}}})
	}
}

// lostByCompiler: a compiler that failed in a build that declared nothing.
func (c *checker) lostByCompiler(e *egg, d *Declaration, modules []string) bool {
	i := slices.IndexFunc(c.in.Compiles, func(run Compile) bool { return c.buildOf(run) == pydist.PlainName(d.Project) })
	if i < 0 {
		return false
	}
	run := c.in.Compiles[i]
	call := strings.Join(run.Argv, " ")
	said := lastLines(run.Stderr)
	if len(said) == 0 {
		said = []string{fmt.Sprintf("the compiler ended with %d: %s", run.Exit, call)}
	}
	for _, module := range modules {
		c.miss(e, module, "a source of its build, and the compiler", Item{Path: e.base, Lines: said, Problems: []Problem{{Kind: "missing",
			Message: "its sources define it; its build tried a compiler (" + call + "), which failed, and went on without", Hint: c.hintFor(said, e.name, module)}}})
	}
	return true
}

// lostByWheel: what the index's wheel of the version has.
func (c *checker) lostByWheel(e *egg, modules []string) bool {
	if c.in.IndexWheel == nil || e.version == "" {
		return false
	}
	found := false
	for _, file := range c.in.IndexWheel(e.name, e.version) {
		n, ok := pymodule.ParseName(path.Base(file))
		if !ok || !slices.Contains(modules, n.Stem) {
			continue
		}
		module := moduleName(file, "", n.Stem)
		c.miss(e, module, "the index's wheel", Item{Path: e.base, Problems: []Problem{{Kind: "missing",
			Message: "the index's wheel of " + e.version + " has " + file + ", and the egg that was built here hasn't", Hint: c.hintFor(nil, e.name, module)}}})
		found = true
	}
	return found
}

// buildOf is the plain name of the project in whose build a compiler ran; "" if that isn't known.
func (c *checker) buildOf(run Compile) string {
	src := sourceOf(run.Argv)
	for _, where := range []string{run.Cwd, path.Dir(src), run.Build} { // CMake and meson build elsewhere, and a probe may run anywhere
		for i := range c.in.Declared {
			if d := &c.in.Declared[i]; path.IsAbs(where) && d.in(where) {
				return pydist.PlainName(d.Project)
			}
		}
	}
	return ""
}

package verify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// beside is how pip records what a wheel's .data/scripts holds when it installs
// into a directory (pip install --target), as zc.buildout 5 and 6 let it.
var beside = regexp.MustCompile(`^(?:\.\./)+(?:bin|Scripts)/([^/]+)$`)

// dropped are the programs of a compiled wheel that its egg hasn't: zc.buildout
// 5 and 6 move the modules alone out of what pip installed (make_egg_after_pip_install
// of 6.0.1's easy_install.py; measured with ruff 0.6.9 and uWSGI 2.0.31). What
// an entry point makes is made by zc.recipe.egg.
func (e *egg) dropped() []string {
	if !e.wheel || e.pure || !e.whole {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.programs), func(name string) bool {
		return slices.Contains(e.entryPoints, strings.TrimSuffix(name, ".exe"))
	})
}

// withoutPrograms warns of an egg that lacks the programs of its wheel.
func (c *checker) withoutPrograms(e *egg) {
	names := e.dropped()
	if len(names) == 0 {
		return
	}
	c.report.Warnings = append(c.report.Warnings, Item{Path: e.base, Egg: e.name, Version: e.version, Part: c.partOf(e),
		Problems: []Problem{{Kind: "missing", Message: e.brings(names) + ", and zc.buildout keeps no programs of wheels", Hint: e.hintOfPrograms()}}})
}

func (e *egg) brings(names []string) string {
	if len(names) == 1 {
		return "its wheel brings the program " + names[0]
	}
	return "its wheel brings the programs " + strings.Join(names, ", ")
}

// hintOfPrograms names a part that brings them: it was built and proved so with
// ruff 0.6.9, zc.buildout 6.0.1 and Python 3.13.
func (e *egg) hintOfPrograms() string {
	name := strings.ToLower(e.name)
	return fmt.Sprintf("zc.buildout drops the programs of wheels, and a part can install them into parts/%s/bin: recipe = plone.recipe.command, command = ${buildout:executable} -m pip install --no-deps --target ${buildout:parts-directory}/%s %s==%s",
		name, name, e.name, e.version)
}

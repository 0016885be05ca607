// Package explain says why a build failed, and what a person can do about it:
// what buildout, pip or a compiler said goes in, with what is known of the
// build and its machine, and advice comes out.
package explain

import (
	"fmt"
	"path"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// Build is what is known of a build that failed, and of the machine that it ran on.
type Build struct {
	OS         string            // as runtime.GOOS has it
	Python     string            // "3.13"
	Buildout   string            // version of zc.buildout
	Pins       map[string]string // of [versions]
	Custom     map[string]string // the requirement of the egg that a part compiles, by the part's name
	Develop    []string          // the projects that the run put under develop
	Own        []string          // the directories that the build made, and may write
	Compilers  []Compiler        // those that the environment names
	Toolchain  syspackages.Toolchain
	Install    string   // the command that installs a compiler and Python's headers
	Submodules []string // of the checkout, which aren't checked out
}

// Compiler is a compiler that a variable of the environment names.
type Compiler struct{ Variable, Program string }

// Advice is what a person can do about a failed build.
type Advice struct {
	Tip   string
	Code  int    // the exit code, where it isn't 1
	Lacks string // what this machine lacks: the reason that comes before what was said; may be empty
}

// WholeLog is the tip where no better one is known.
const WholeLog = "the log has the whole output"

// question is a build and what it said of its failure.
type question struct {
	Build
	egg  string // the requirement that buildout was getting when it failed
	said string
}

// Advise finds in what a failed build said what a person can do.
func (b Build) Advise(f Failure) Advice {
	q := question{Build: b, said: f.Said}
	if egg, ok := strings.CutPrefix(f.What, "egg "); ok {
		q.egg = egg
	} else if part, ok := strings.CutPrefix(f.What, "part "); ok {
		q.egg = b.Custom[part]
	}
	return q.ofSubmodules(q.advice())
}

func (q question) advice() Advice {
	header := missingHeader.FindStringSubmatch(q.said)
	switch {
	case noCompiler.MatchString(q.said) && !q.Toolchain.Complete(), header != nil && header[1] == "Python.h":
		lacking := q.Toolchain
		lacking.Compiler = lacking.Compiler && !noCompiler.MatchString(q.said)
		lacking.Headers = lacking.Headers && header == nil
		return Advice{Tip: "run: " + q.Install, Code: 3, Lacks: lacking.Missing()}
	case header != nil && !GoneHeader(q.said):
		return Advice{Tip: headerTip(header[1], q.OS)}
	case lacks(q.said) != "":
		return Advice{Tip: headerTip(lacks(q.said), q.OS)}
	}
	return q.ofCause()
}

// ofCause is the advice of the first cause that shows in what was said. An egg
// whose build failed for no known reason may just be too new.
func (q question) ofCause() Advice {
	for _, c := range causes {
		m := c.shows.FindStringSubmatch(q.said)
		if m == nil {
			continue
		}
		if a := c.helps(q, m); a.Tip != "" {
			return a
		}
	}
	if q.unpinned(q.egg) {
		return Advice{Tip: fmt.Sprintf("%s has no pin, so the newest that fits was taken: if that one doesn't build on Python %s, pin another in [versions]; %s",
			Project(q.egg), q.Python, WholeLog)}
	}
	return Advice{Tip: WholeLog}
}

// unpinned reports whether neither the requirement nor the configuration says
// which version of an egg is taken.
func (q question) unpinned(requirement string) bool {
	if requirement == "" || strings.Contains(requirement, "==") {
		return false
	}
	for name := range q.Pins {
		if pydist.PlainName(name) == pydist.PlainName(Project(requirement)) {
			return false
		}
	}
	return true
}

// ofSubmodules names the submodule that a failed build missed: one that it
// speaks of, or, where nothing else is known, the first.
func (q question) ofSubmodules(a Advice) Advice {
	for _, name := range q.Submodules {
		if strings.Contains(q.said, name) || strings.Contains(q.said, path.Base(name)+"/") {
			return Advice{Tip: Submodule(name), Lacks: a.Lacks}
		}
	}
	if len(q.Submodules) > 0 && a.Tip == WholeLog {
		a.Tip = Submodule(q.Submodules[0]) + "; " + WholeLog
	}
	return a
}

// Submodule says of a git submodule that it isn't checked out, and how that is done.
func Submodule(name string) string {
	return "the git submodule " + name + " isn't checked out: git submodule update --init --recursive (in a workflow: submodules: recursive of actions/checkout)"
}

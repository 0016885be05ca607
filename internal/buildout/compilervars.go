package buildout

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

// launchers stand before a compiler in a command like "ccache gcc -pthread".
var launchers = []string{"ccache", "sccache", "distcc", "icecc", "env", "nice"}

// compilerIn gives the compiler in a command, or "" if there is none.
func compilerIn(command string) string {
	for _, word := range strings.Fields(command) {
		if !slices.Contains(launchers, filepath.Base(word)) && !strings.Contains(word, "=") && !strings.HasPrefix(word, "-") {
			return word
		}
	}
	return ""
}

// runners run something else that is a compiler ("python -m ziglang cc", xcrun):
// they are called for other things too, and nothing may stand in their place.
var runners = regexp.MustCompile(`^(?:sh|bash|dash|busybox|xcrun|python[0-9.]*)$`)

// program is what stands in the build's PATH under a name: a wrapper for real,
// or where that is "" a stub for a compiler that isn't there. asked is what the
// build calls it.
type program struct{ name, real, asked string }

// programs are what a build finds under the names of compilers. vars are the
// variables of env that name one by its path, which PATH has no say in: they
// name the wrapper.
type programs struct {
	path string // the PATH without the wrappers
	list []program
	vars []string
}

// compilersOf says what is wrapped, and what stubs stand for: the usual names,
// those that the interpreter's own build had, and those that variables have.
func compilersOf(in Interpreter, env []string) programs {
	p := programs{path: environ.Get(env, "PATH")}
	for _, name := range compilers {
		if real := lookIn(p.path, name); real != "" {
			p.add(name, real)
		}
	}
	for _, command := range []string{in.CC, in.CXX} { // Debian's: x86_64-linux-gnu-gcc
		if word := compilerIn(command); word != "" && !strings.Contains(word, "/") {
			p.add(word, lookIn(p.path, word))
		}
	}
	for _, name := range isolate.CompilerVariables() {
		value := environ.Get(env, name)
		word := compilerIn(value)
		switch {
		case runners.MatchString(filepath.Base(word)):
		case filepath.IsAbs(word):
			p.vars = append(p.vars, name+"="+strings.Replace(value, word, p.byPath(word), 1))
		case word != "" && !strings.Contains(word, "/"):
			p.add(word, lookIn(p.path, word))
		}
	}
	p.standIn("cc", "gcc", "clang")
	p.standIn("c++", "g++", "clang++")
	return p
}

func (p *programs) add(name, real string) { p.addAs(name, real, name) }

func (p *programs) addAs(name, real, asked string) {
	if !slices.ContainsFunc(p.list, func(o program) bool { return o.name == name }) {
		p.list = append(p.list, program{name, real, asked})
	}
}

// byPath adds the compiler at path, and gives the name that it has in the
// build's PATH: its own, unless another program has that.
func (p *programs) byPath(path string) string {
	name, real := filepath.Base(path), path
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		real = ""
	}
	if other := lookIn(p.path, name); !isolate.IsCompiler(name) || other != "" && !sameProgram(other, path) {
		name = "build-" + name // distutils looks for "gcc" in it
	}
	for slices.ContainsFunc(p.list, func(o program) bool { return o.name == name && !sameProgram(o.real, real) }) {
		name = "build-" + name
	}
	p.addAs(name, real, path)
	return name
}

// standIn adds stubs for a language's compilers, of which clang is only looked
// for, if there is none at all. One beside a real compiler would be taken for
// it: configure asks for gcc before cc.
func (p *programs) standIn(names ...string) {
	for _, name := range names {
		if lookIn(p.path, name) != "" {
			return
		}
	}
	for _, name := range names[:2] {
		p.add(name, "")
	}
}

func sameProgram(a, b string) bool {
	if a == b {
		return true
	}
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

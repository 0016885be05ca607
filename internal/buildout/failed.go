package buildout

import (
	"context"
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// failure reads what was said so far as the end of a run that failed.
func (w *watcher) failure() explain.Failure {
	w.mu.Lock()
	defer w.mu.Unlock()
	return explain.Read(w.lines, w.current)
}

// explain makes the error of a build that failed, with what to do about it.
func (b *builder) explain(ctx context.Context, f explain.Failure, err error) error {
	what := f.What
	if what == "" {
		what = "the buildout"
	}
	e := &Error{Doing: "building " + b.relative(what), Err: fmt.Errorf("%w: %s", err, b.relative(f.Why)), Code: 1, Log: b.log()}
	if ctx.Err() != nil {
		e.Err = ctx.Err()
		return e
	}
	a := b.known().Advise(f)
	if a.Lacks != "" {
		e.Err = fmt.Errorf("%s: %w", a.Lacks, e.Err)
	}
	e.Tip, e.Code = a.Tip, max(a.Code, 1)
	b.hintOfTaken(e)
	return e
}

// known is what explains a failure, of this build and its machine.
func (b *builder) known() explain.Build {
	k := explain.Build{OS: b.o.OS, Python: b.in.Minor(), Buildout: b.buildout, Pins: b.pins, Custom: b.custom, Own: []string{b.s.root, b.s.tmp},
		Toolchain: b.tools, Install: syspackages.Install(b.o.OS, b.in.system()), Submodules: missingSubmodules(b.o.Dir)}
	links, _ := eggLinks(b.develops) // one that can't be read says nothing
	for _, l := range links {
		k.Develop = append(k.Develop, l.name)
	}
	for _, name := range isolate.CompilerVariables() {
		if program := compilerIn(environ.Get(b.o.environ(), name)); program != "" {
			k.Compilers = append(k.Compilers, explain.Compiler{Variable: name, Program: program})
		}
	}
	return k
}

// relative names the stage's files as the checkout does.
func (b *builder) relative(said string) string {
	return strings.ReplaceAll(said, b.s.root+"/", "")
}

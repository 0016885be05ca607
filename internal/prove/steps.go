package prove

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/machinecode"
	"github.com/binary-buildout/binary-buildout/internal/partfiles"
	"github.com/binary-buildout/binary-buildout/pack"
)

// steps runs everything. It stops at the first step that fails: what follows
// would only fail by it.
func (r *run) steps(ctx context.Context) error {
	if err := r.install(ctx); err != nil || r.failedSteps() {
		return err
	}
	code, err := r.machineCode()
	if err != nil {
		return err
	}
	r.proof.Extensions = len(code)
	if r.bundled() {
		if err := r.ownGrade(ctx); err != nil {
			return err
		}
		r.grade()
	}
	name, path, args := r.starter()
	if ok, err := r.step(ctx, name, path, args...); !ok {
		return err
	}
	plain, err := r.updates(ctx, code)
	if err != nil || r.failedSteps() {
		return err
	}
	if err := r.scripts(ctx); err != nil {
		return err
	}
	if err := r.smoke(ctx); err != nil {
		return err
	}
	r.tell("look for the build's paths")
	found, err := leftovers(ctx, r.tree, pack.NewFinder(r.origin(), r.manifest.Python.Version), r.excepted())
	if err != nil {
		return err
	}
	for _, l := range found {
		r.proof.fail("report it, with the part that writes the file", "%s still holds %s", l.file, l.path)
	}
	if len(r.proof.Problems) > 0 {
		return nil
	}
	return r.spaced(ctx, plain)
}

// updates runs bin/buildout in each way that a target does, and gives what its
// first run changed of what the parts left.
func (r *run) updates(ctx context.Context, code machinecode.Files) ([]partfiles.Change, error) {
	before, err := r.leave(nil)
	if err != nil {
		return nil, err
	}
	if ok, err := r.buildout(ctx, code); !ok {
		return nil, err
	}
	after, err := r.leave(before.Files)
	if err != nil {
		return nil, err
	}
	changes := before.Files.Changes(after.Files)
	r.lost(before.Parts, changes)
	return changes, r.flagged(ctx, code)
}

// flagged runs bin/buildout with -o and -N. To zc.buildout, -N is what the
// launcher says on each run anyway, so both are given at once. Where that ends
// with an error, each is given alone, to say which one it is.
func (r *run) flagged(ctx context.Context, code machinecode.Files) error {
	r.proof.Steps, r.proof.Problems = slices.Clip(r.proof.Steps), slices.Clip(r.proof.Problems)
	before := *r.proof
	ok, err := r.buildout(ctx, code, "-o", "-N")
	if ok || err != nil {
		return err
	}
	both := *r.proof
	*r.proof = before
	for _, flag := range []string{"-o", "-N"} {
		if ok, err := r.buildout(ctx, code, flag); !ok {
			return err
		}
	}
	*r.proof = both
	return nil
}

// origin are the places to look for. An interpreter that could not be moved
// away for the proof is the tree's own too.
func (r *run) origin() pack.Origin {
	o := r.o.Origin
	if !Enforced(r.proof.Interpreter) {
		o.Interpreter, o.Interpreters, o.Prefix, o.LibDir, o.Virtualenv = "", nil, "", "", ""
	}
	return o
}

func (r *run) excepted() map[string]bool {
	set := map[string]bool{}
	for _, file := range r.o.Excepted {
		set[file] = true
	}
	return set
}

// install installs the archive as a person would, with bootstrap.py in the box.
func (r *run) install(ctx context.Context) error {
	r.tell("install")
	o := r.installOptions()
	py := r.python.Python
	o.Interpreter = &py
	var out bytes.Buffer
	o.Run = func(ctx context.Context, c install.Call) error {
		w := io.MultiWriter(c.Out, &out, r.o.Log)
		return r.box.Run(ctx, isolate.Command{Path: c.Python, Args: c.Args, Dir: c.Dir, Env: r.env, Umask: 0o077, Stdout: w, Stderr: w})
	}
	start := time.Now()
	_, err := install.Install(ctx, o)
	s := Step{Command: "binary-buildout install", Seconds: seconds(start), Output: out.String()}
	if err != nil {
		s.Code = 1
		r.proof.Steps = append(r.proof.Steps, s)
		var e *fault.Error
		if errors.As(err, &e) && e.Code == 1 {
			r.proof.fail(cmp.Or(e.Text, "its output is above"), "%s", e.Error())
			return nil
		}
		return err
	}
	r.proof.Steps = append(r.proof.Steps, s)
	return nil
}

// step runs one command of the tree; ok is whether to go on.
func (r *run) step(ctx context.Context, name, path string, args ...string) (ok bool, err error) {
	if len(r.proof.Problems) > 0 && r.failedSteps() {
		return false, nil
	}
	s, err := r.command(ctx, name, path, args...)
	if err != nil {
		return false, err
	}
	r.proof.Steps = append(r.proof.Steps, s)
	if s.Code != 0 {
		r.proof.fail(whatHelps(s.Output), "%s exits with %d: %s", name, s.Code, tellingLine(s.Output))
		return false, nil
	}
	return true, nil
}

// failedSteps is whether a step failed, rather than the isolation's grade.
func (r *run) failedSteps() bool {
	for _, s := range r.proof.Steps {
		if s.Code != 0 {
			return true
		}
	}
	return false
}

// command runs one command in the box and keeps the end of its output.
func (r *run) command(ctx context.Context, name, path string, args ...string) (Step, error) {
	r.tell(name)
	fmt.Fprintf(r.o.Log, "$ %s\n", name)
	var out bytes.Buffer
	w := io.MultiWriter(&out, r.o.Log)
	start := time.Now()
	err := r.box.Run(ctx, isolate.Command{Path: path, Args: args, Dir: r.tree, Env: r.env, Umask: 0o077, Stdout: w, Stderr: w})
	s := Step{Command: name, Seconds: seconds(start), Output: out.String()}
	var exit *isolate.ExitError
	if errors.As(err, &exit) {
		s.Code = exit.Code
		if exit.Signal != "" {
			s.Output += "\n(" + exit.Signal + ")"
		}
		err = nil
	}
	return s, err
}

// smoke runs the user's commands.
func (r *run) smoke(ctx context.Context) error {
	for _, line := range r.o.Smoke {
		shell, flag := "/bin/sh", "-c"
		if r.o.OS == "windows" {
			shell, flag = "cmd.exe", "/c"
		}
		limited, cancel := context.WithTimeout(ctx, r.o.SmokeTime)
		s, err := r.command(limited, line, shell, flag, line)
		timedOut := limited.Err() != nil && ctx.Err() == nil
		cancel()
		if timedOut {
			s.Code, err = -1, nil
			r.proof.fail("a smoke command has to end by itself", "smoke command %q didn't end within %s", line, r.o.SmokeTime)
		} else if err != nil {
			return err
		} else if s.Code != 0 {
			r.proof.fail("its output is above", "smoke command %q exits with %d: %s", line, s.Code, tellingLine(s.Output))
		}
		s.Output = tail(s.Output)
		r.proof.Smoke = append(r.proof.Smoke, s)
	}
	return nil
}

func seconds(since time.Time) float64 { return float64(time.Since(since).Milliseconds()) / 1000 }

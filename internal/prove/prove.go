// Package prove shows that an archive keeps its promise: it installs it at
// another path, with the interpreter at another path, an empty home, no network
// and no compiler, and the places it was built in out of reach, and then runs
// what a person on the target runs.
package prove

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Options say what is proved, and how.
type Options struct {
	// Archive is the archive file.
	Archive string
	// Hide are the places the archive was built in and from, and the user's
	// home: stage, checkout, HOME.
	Hide []string
	// Origin are the places of the build, which must not be left in the
	// installed tree, in whatever form. Excepted are the files that packing has
	// left as they are by a rule, although they name such a place.
	Origin   pack.Origin
	Excepted []string
	// Python is the interpreter to prove with; default: the newest that fits.
	Python string
	// Volatile are parts that may install again on each run, beside those that
	// the manifest names.
	Volatile []string
	// Smoke are shell commands that run in the installed tree and must exit
	// with 0, after those that the manifest names.
	Smoke []string
	// SmokeTime is how long each may take; default five minutes.
	SmokeTime time.Duration
	// RequireIsolation makes it a failure if anything isn't enforced.
	RequireIsolation bool

	// WorkDir is where the tree is installed; default /var/tmp, or the
	// system's temporary directory. It is emptied again.
	WorkDir string
	// Env is the environment, of which only PATH and what Windows needs is
	// passed on.
	Env []string
	// OS and Arch are runtime.GOOS and runtime.GOARCH.
	OS, Arch string

	// Read and Extract are as in install.Options.
	Read    func(archive string) (*pack.Manifest, *pack.Files, error)
	Extract func(ctx context.Context, archive, dir string, progress func(done, total int64)) error

	// Methods and Self are as in isolate.Config.
	Methods []isolate.Method
	Self    string

	// Progress is told each step as it begins; may be nil.
	Progress func(step string)
	// Log receives all output; may be nil.
	Log io.Writer
}

// Proof is what was done and seen. It is part of the report and the sidecar.
type Proof struct {
	Network     isolate.Grade `json:"network"`
	Compiler    isolate.Grade `json:"compiler"`
	OldPlace    isolate.Grade `json:"old_place"`
	Interpreter isolate.Grade `json:"interpreter"`

	Method isolate.Method `json:"method"`
	// Stronger are the methods that didn't work here, and why.
	Stronger []isolate.Attempt `json:"stronger,omitempty"`

	Python     string `json:"python"`     // its version
	Parts      int    `json:"parts"`      // that said "Updating"
	Extensions int    `json:"extensions"` // files of machine code that stayed the same
	Steps      []Step `json:"steps"`
	Smoke      []Step `json:"smoke,omitempty"`

	// Problems are why the proof failed, each in one line; empty if it didn't.
	Problems []Problem `json:"problems,omitempty"`
	// Notes are no failures, but worth knowing.
	Notes []string `json:"notes,omitempty"`
}

// Step is a command that was run.
type Step struct {
	Command string  `json:"command"`
	Seconds float64 `json:"seconds,omitempty"`
	Code    int     `json:"code"`
	Output  string  `json:"output,omitempty"` // its end, at most 4,000 bytes
}

// Problem is a promise that wasn't kept.
type Problem struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// Failure is a proof that failed, as an error.
type Failure struct{ Problems []Problem }

func (f *Failure) Error() string {
	s := "proving the archive: " + f.Problems[0].Text
	if n := len(f.Problems) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// Hint says what to do about the first problem.
func (f *Failure) Hint() string { return f.Problems[0].Hint }

// ExitCode is 1: a check failed.
func (f *Failure) ExitCode() int { return 1 }

// Err is nil if the proof succeeded.
func (p *Proof) Err() error {
	if len(p.Problems) == 0 {
		return nil
	}
	return &Failure{p.Problems}
}

// Lasting is what two proofs of equal archives have in common: no times, and
// nothing that holds one, as what commands say does.
func (p *Proof) Lasting() *Proof {
	if p == nil {
		return nil
	}
	l := *p
	l.Notes, l.Stronger = nil, nil
	for _, a := range p.Stronger {
		l.Stronger = append(l.Stronger, isolate.Attempt{Method: a.Method})
	}
	strip := func(steps []Step) []Step {
		var out []Step
		for _, s := range steps {
			out = append(out, Step{Command: s.Command, Code: s.Code})
		}
		return out
	}
	l.Steps, l.Smoke = strip(p.Steps), strip(p.Smoke)
	return &l
}

func (p *Proof) fail(hint, format string, args ...any) {
	p.Problems = append(p.Problems, Problem{Text: fmt.Sprintf(format, args...), Hint: hint})
}

// The directories below the one that the proof works in. They are plain: many
// an application can't live at a path with a space wherever it was built (the
// environment-vars of plone.recipe.zope2instance end at one), and that is no
// fault of the archive.
const (
	treeName   = "elsewhere"
	pythonName = "another-python"
)

// tailBytes is how much of a command's output is kept.
const tailBytes = 4000

// run is a proof under way.
type run struct {
	o        Options
	proof    *Proof
	scratch  *isolate.Scratch
	work     string
	tree     string
	manifest *pack.Manifest
	python   *interpreter
	box      *isolate.Box
	env      []string
}

// Run proves an archive. The error says that it could not be tried; whether it
// succeeded is Proof.Err. The Proof is filled in as far as it went even so.
func Run(ctx context.Context, o Options) (*Proof, error) {
	r := &run{o: o, proof: &Proof{Network: isolate.Not, Compiler: isolate.Not, OldPlace: isolate.Not, Interpreter: isolate.Not}}
	if o.Log == nil {
		r.o.Log = io.Discard
	}
	if o.SmokeTime == 0 {
		r.o.SmokeTime = 5 * time.Minute
	}
	defer r.close()
	if err := r.prepare(ctx); err != nil {
		return r.proof, err
	}
	r.grade()
	err := r.steps(ctx)
	return r.proof, err
}

// prepare finds the interpreter, makes the working directory and the box.
func (r *run) prepare(ctx context.Context) error {
	m, _, err := r.o.Read(r.o.Archive)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.o.Archive, err)
	}
	r.manifest = m
	if m.Prove != nil {
		r.o.Smoke, r.o.Volatile = union(m.Prove.Smoke, r.o.Smoke), union(m.Prove.Volatile, r.o.Volatile)
	}
	if r.scratch, err = workDir(r.o); err != nil {
		return &isolateError{fmt.Errorf("making a directory for the proof: %w", err)}
	}
	r.work = r.scratch.Path
	r.tree = filepath.Join(r.work, treeName)
	found, err := install.Choose(ctx, r.installOptions(), m)
	if err != nil {
		return err
	}
	if r.python, err = describe(ctx, found, r.o.Env); err != nil {
		return err
	}
	r.proof.Python = r.python.Version
	return r.isolate(ctx)
}

// union is a and what of b isn't in it.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

func (r *run) installOptions() install.Options {
	return install.Options{
		Source: r.o.Archive, Into: r.tree, Python: r.o.Python, Env: r.o.Env, OS: r.o.OS, Arch: r.o.Arch,
		Read: r.o.Read, Extract: r.o.Extract,
	}
}

// isolate makes the box, with the interpreter in its new place.
func (r *run) isolate(ctx context.Context) error {
	r.tell("isolate")
	place := filepath.Join(r.work, pythonName)
	move := r.python.moveTo(place)
	cfg := isolate.Config{
		Hide: append(append([]string{}, r.o.Hide...), move.hide...), Binds: move.binds, Mask: move.mask,
		Python: r.python.Executable, Env: r.o.Env, OS: r.o.OS, Methods: r.o.Methods, Self: r.o.Self,
	}
	if real, err := filepath.EvalSymlinks(r.work); err == nil {
		cfg.Binds = append([]isolate.Bind{{From: real, To: real}}, cfg.Binds...)
	}
	box, err := isolate.New(ctx, cfg)
	if err != nil {
		return err
	}
	r.box = box
	res := box.Result()
	if !res.Binds {
		move = r.python.linkFrom(place, r.o.OS)
	}
	r.env = r.environment(move.dir)
	r.python.Executable = move.executable
	r.proof.Network, r.proof.Compiler, r.proof.OldPlace = res.Network, res.Compiler, res.OldPlace
	r.proof.Method, r.proof.Stronger = res.Method, res.Failed
	r.proof.Interpreter, err = r.checkInterpreter(ctx, move)
	return err
}

// grade fails the proof if it must be enforced and isn't.
func (r *run) grade() {
	if !r.o.RequireIsolation {
		return
	}
	var why []string
	for _, a := range r.proof.Stronger {
		why = append(why, string(a.Method)+": "+a.Reason)
	}
	for _, f := range []struct {
		name  string
		grade isolate.Grade
	}{
		{"network", r.proof.Network}, {"compiler", r.proof.Compiler}, {"old place", r.proof.OldPlace}, {"interpreter", r.proof.Interpreter},
	} {
		if f.grade != isolate.Enforced {
			r.proof.fail("run where user namespaces, sudo or docker work ("+strings.Join(why, "; ")+"), or leave --require-isolation out",
				"isolation is required, and that of the %s is %q", f.name, f.grade)
		}
	}
}

// steps runs everything. It stops at the first step that fails: what follows
// would only fail by it.
func (r *run) steps(ctx context.Context) error {
	if err := r.install(ctx); err != nil || r.failedSteps() {
		return err
	}
	code, err := snapshotCode(r.tree, r.manifest)
	if err != nil {
		return err
	}
	r.proof.Extensions = len(code)
	if ok, err := r.step(ctx, "python bootstrap.py", r.python.Executable, pack.BootstrapPy); !ok {
		return err
	}
	for _, flag := range []string{"", "-o", "-N"} {
		if ok, err := r.buildout(ctx, flag, code); !ok {
			return err
		}
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
	return nil
}

// origin are the places to look for. An interpreter that could not be moved
// away for the proof is the tree's own too.
func (r *run) origin() pack.Origin {
	o := r.o.Origin
	if r.proof.Interpreter != isolate.Enforced {
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
		var e *install.Error
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
		r.proof.fail("its output is above", "%s exits with %d: %s", name, s.Code, tellingLine(s.Output))
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

// close removes what the proof made, whatever its modes are by now.
func (r *run) close() {
	for i := range r.proof.Steps {
		r.proof.Steps[i].Output = tail(r.proof.Steps[i].Output)
	}
	if r.box != nil {
		_ = r.box.Close()
	}
	if r.scratch != nil {
		_ = r.scratch.Close()
	}
}

func (r *run) tell(step string) {
	if r.o.Progress != nil {
		r.o.Progress(step)
	}
}

// workDir makes the directory that the proof works in, with a real path.
func workDir(o Options) (*isolate.Scratch, error) {
	parent := o.WorkDir
	if parent == "" {
		parent = os.TempDir()
		if fi, err := os.Stat("/var/tmp"); o.OS != "windows" && err == nil && fi.IsDir() {
			parent = "/var/tmp"
		}
	}
	return isolate.NewScratch(parent, "bb-proof-")
}

// isolateError is a failure of the surroundings.
type isolateError struct{ error }

func (e *isolateError) Unwrap() error { return e.error }

// ExitCode is 3.
func (e *isolateError) ExitCode() int { return 3 }

func seconds(since time.Time) float64 { return float64(time.Since(since).Milliseconds()) / 1000 }

func tail(s string) string {
	if len(s) <= tailBytes {
		return s
	}
	return "... " + strings.ToValidUTF8(s[len(s)-tailBytes:], "")
}

// tellingLine is the last line that starts with "error: ", else the last one.
func tellingLine(s string) string {
	said := ""
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(strings.ToLower(line), "error: ") {
			said = line
		}
	}
	if said != "" {
		return said
	}
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

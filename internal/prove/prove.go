// Package prove shows that an archive keeps its promise: it installs it at
// another path, with the interpreter at another path, an empty home, no network
// and no compiler, and the places it was built in out of reach, and then runs
// what a person on the target runs.
package prove

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/machinecode"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
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

	// Methods and Self are as in isolate.Config.
	Methods []isolate.Method
	Self    string

	// Progress is told each step as it begins; may be nil.
	Progress func(step string)
	// Log receives all output; may be nil.
	Log io.Writer
}

// The directories below the one that the proof works in. The first is plain: many
// an application can't live at a path with a space wherever it was built (the
// environment-vars of plone.recipe.zope2instance end at one), and that is no
// fault of the archive. What goes wrong in the last one is a warning; it is no
// longer than the first, since some files can't take a longer path.
const (
	treeName   = "elsewhere"
	pythonName = "another-python"
	spacedName = "Ort ü 2x"
)

// tailBytes is how much of a command's output is kept.
const tailBytes = 4000

// run is a proof under way.
type run struct {
	o        Options
	proof    *Proof
	scratch  *scratch.Dir
	work     string
	tree     string
	manifest *archive.Manifest
	python   *placedPython
	box      *isolate.Box
	env      []string
	code     *machinecode.Reader
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
	if !r.bundled() {
		r.grade()
	}
	err := r.steps(ctx)
	return r.proof, err
}

// prepare finds the interpreter, makes the working directory and the box.
func (r *run) prepare(ctx context.Context) error {
	file, err := os.Open(r.o.Archive)
	if err != nil {
		return fmt.Errorf("reading the archive: %w", err)
	}
	defer file.Close()
	read, err := archive.NewReader(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.o.Archive, err)
	}
	m := read.Manifest()
	read.Close()
	r.manifest = &m
	if m.Prove != nil {
		r.o.Smoke, r.o.Volatile = union(m.Prove.Smoke, r.o.Smoke), union(m.Prove.Volatile, r.o.Volatile)
	}
	if r.scratch, err = workDir(r.o); err != nil {
		return fault.Surroundings(fmt.Errorf("making a directory for the proof: %w", err), "")
	}
	r.work = r.scratch.Path
	r.tree = filepath.Join(r.work, treeName)
	if r.bundled() {
		r.python = r.ownPython()
		r.proof.Python = r.python.Version
		return r.isolate(ctx)
	}
	found, err := install.Choose(ctx, r.installOptions(), &m)
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
	}
}

// isolate makes the box, with the interpreter in its new place.
func (r *run) isolate(ctx context.Context) error {
	r.tell("isolate")
	place := filepath.Join(r.work, pythonName)
	move, python := r.python.moveTo(place), r.python.Executable
	if r.bundled() {
		move, python = r.others(), r.o.Python
	}
	move.mask = append(move.mask, foreignLibpython(r.python.Base, r.python.Version)...)
	cfg := isolate.Config{
		Hide: append(append([]string{}, r.o.Hide...), move.hide...), Binds: move.binds, Mask: move.mask,
		Python: python, Env: r.o.Env, OS: r.o.OS, Methods: r.o.Methods, Self: r.o.Self,
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
	if !res.Binds && !r.bundled() {
		move = r.python.linkFrom(place, r.o.OS)
	}
	r.env = r.environment(move.dir)
	r.python.Executable = move.executable
	r.proof.Network, r.proof.Compiler, r.proof.OldPlace = res.Network, res.Compiler, res.OldPlace
	r.proof.Method, r.proof.Stronger = res.Method, res.Failed
	if r.bundled() {
		return nil // it isn't there yet
	}
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
		if !Enforced(f.grade) {
			r.proof.fail("run where user namespaces, sudo or docker work ("+strings.Join(why, "; ")+"), or leave --require-isolation out",
				"isolation is required, and that of the %s is %q", f.name, f.grade)
		}
	}
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
func workDir(o Options) (*scratch.Dir, error) {
	parent := o.WorkDir
	if parent == "" {
		parent = os.TempDir()
		if fi, err := os.Stat("/var/tmp"); o.OS != "windows" && err == nil && fi.IsDir() {
			parent = "/var/tmp"
		}
	}
	return scratch.New(parent, "bb-proof-")
}

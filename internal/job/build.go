package job

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Request says what is packed, and how. Paths are absolute.
type Request struct {
	Build         buildout.Options // what is built, where, and with what
	Name, Version string
	Target        string // the planned one; empty for what the interpreter says
	Label         string
	Epoch         time.Time // the one mtime of the archive
	Generator     string
	Provenance    archive.Provenance

	// BundlePython is empty for none, BundleBuilds for the interpreter that
	// builds, or the directory of another one of its version and ABI.
	BundlePython string

	Exclude, Include       []string // globs, as of pack.Rules
	Checks                 Checks
	AllowOutside, Volatile []string // parts
	Smoke                  []string // commands of each proof

	// Say is told, line by line, what a step found out, and Warn what a person should know.
	Say  func(format string, args ...any)
	Warn func(text string)
}

// Checks are what verify is told beside the tree.
type Checks struct {
	Expect, Waive, SystemLibraries []string
	Floor                          string
	NoImport                       bool
}

// Built is a tree that buildout made. Close leaves its stage to the next run.
type Built struct {
	Request
	Tree *buildout.Tree
	Made matrix.Target // what it is for: the planned target, or the interpreter's own
}

// Build runs the buildout in its stage. Where the interpreter isn't the planned
// target's, the tree is there with the error.
func Build(ctx context.Context, r Request) (*Built, error) {
	tree, err := buildout.Run(ctx, r.Build)
	if err != nil {
		return nil, err
	}
	b := &Built{Request: r, Tree: tree}
	if reused := tree.Reused; reused != nil && reused.Why != "" {
		tree.Warnings = append(tree.Warnings, "nothing of "+reused.Archive+" is reused: "+reused.Why)
	}
	for _, w := range tree.Warnings {
		r.Warn(w)
	}
	b.Made, err = settleTarget(r.Target, tree.Python)
	return b, err
}

// Close leaves the stage to the next run.
func (b *Built) Close() error { return b.Tree.Close() }

// settleTarget is the planned target, or what the interpreter says of itself.
func settleTarget(name string, python archive.Python) (matrix.Target, error) {
	own := matrix.Target{ABI: python.ABI, Platform: python.Platform}
	if name == "" {
		return own, nil
	}
	planned, err := matrix.ParseTarget(name)
	if err != nil {
		return planned, err
	}
	if planned.ABI != own.ABI || planned.OS() != own.OS() || planned.Arch() != own.Arch() {
		return planned, fault.Usage(fmt.Errorf("packing for %s: this interpreter builds for %s", planned, own),
			"give the planned target's interpreter with --python PATH")
	}
	return planned, nil
}

// rules say what is left out of the archive.
func (b *Built) rules() pack.Rules {
	r := pack.Rules{Exclude: b.Exclude, Include: b.Include, KeepBuild: b.Tree.KeepsBuild(), Develop: b.Tree.DevelopFolders()}
	r.Downloads, r.Needed = b.Tree.DownloadCache()
	return r
}

// Origin are the build's own paths, which must not remain.
func (b *Built) Origin() pack.Origin {
	in := b.Tree.Interpreter
	return pack.Origin{
		Root: b.Tree.Root, RealRoot: b.Tree.Root, Made: !b.Build.InPlace && b.Build.Stage == "",
		Interpreter: in.Executable, Interpreters: append(b.Tree.Interpreters, in.BaseExecutable),
		Prefix: in.BasePrefix, LibDir: in.LibDir, Virtualenv: cmp.Or(in.Virtualenv, os.Getenv("VIRTUAL_ENV")),
		Home: os.Getenv("HOME"), TmpDir: b.Tree.TmpDir, Forbidden: b.Tree.Forbidden(),
		AllowOutside: b.AllowOutside, Volatile: b.Volatile, Canonical: b.Tree.Canonical, Rehashed: b.Tree.Rehashed,
		Binaries: pack.Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded, RenewBuildID: binfmt.RenewBuildID},
	}
}

// Gated is a tree in which a further run of buildout finds nothing to do,
// without network and compiler.
type Gated struct{ *Built }

// Gate runs the tree again, in place, without network and compiler.
func Gate(ctx context.Context, b *Built) (*Gated, error) {
	box, err := isolate.New(ctx, isolate.Config{Python: b.Tree.Interpreter.Executable, Env: os.Environ(), OS: b.Build.OS})
	if err != nil {
		return nil, err
	}
	defer box.Close()
	b.Say("isolation: %s", box.Result().Method)
	err = buildout.Gate(ctx, b.Tree, b.Volatile, func(ctx context.Context, cmd buildout.IsolatedCommand) error {
		return box.Run(ctx, isolate.Command{Path: cmd.Argv[0], Args: cmd.Argv[1:], Env: cmd.Env, Dir: cmd.Dir, Stdout: cmd.Output, Stderr: cmd.Output})
	})
	if err != nil {
		return nil, err
	}
	return &Gated{b}, nil
}

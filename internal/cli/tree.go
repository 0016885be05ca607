package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/target"
)

// build runs the buildout in its stage.
func (p *packing) build(ctx context.Context) error {
	tree, err := buildout.Run(ctx, buildout.Options{
		Dir: p.dir, Name: orElse(p.stageName, p.id.name), Stage: p.flags.stage, InPlace: p.flags.inPlace, Out: p.abs(p.flags.out), Wrote: wrote,
		Python: p.flags.python, Config: p.flags.config, DefaultCfg: p.flags.defaultCfg,
		BuildoutVersion: p.flags.buildoutVersion, Before: p.flags.before, Volatile: p.flags.volatile,
		Launcher: target.Launcher(), Witness: verify.InstallWitness, Progress: p.progress, OS: p.OS, Epoch: p.epoch.Unix(),
		Reuse: p.reuse(), Held: p.held, Generator: generator(), Target: p.flags.target, Label: p.flags.label,
	})
	if err != nil {
		return err
	}
	p.tree = tree
	if r := tree.Reused; r != nil && r.Why != "" {
		tree.Warnings = append(tree.Warnings, "nothing of "+r.Archive+" is reused: "+r.Why)
	}
	for _, w := range tree.Warnings {
		p.ui.warn(w)
	}
	p.target, err = p.settleTarget()
	return err
}

// settleTarget is the planned target, or what the interpreter says of itself.
func (p *packing) settleTarget() (matrix.Target, error) {
	own := matrix.Target{ABI: p.tree.Python.ABI, Platform: p.tree.Python.Platform}
	if p.flags.target == "" {
		return own, nil
	}
	planned, err := matrix.ParseTarget(p.flags.target)
	if err != nil {
		return planned, err
	}
	if planned.ABI != own.ABI || planned.OS() != own.OS() || planned.Arch() != own.Arch() {
		return planned, usageError(fmt.Sprintf("packing for %s: this interpreter builds for %s", planned, own),
			"give the planned target's interpreter with --python PATH")
	}
	return planned, nil
}

// progress shows a step of the build.
func (p *packing) progress(e buildout.Event) {
	name := e.Name
	if e.Version != "" {
		name += " " + e.Version
	}
	switch e.Kind {
	case buildout.WarningEvent:
		p.ui.warn(name)
	case buildout.WaitingEvent:
		p.ui.say("waiting %s", name)
	case buildout.WaitedEvent:
		p.ui.say("waited %s", name)
		p.ui.idle(e.Elapsed)
	case buildout.ReuseEvent:
		p.ui.say("%s", name)
	case buildout.PartEvent:
		p.ui.say("%5.1f s  part %s", e.Elapsed.Seconds(), name)
	case buildout.EggEvent:
		p.ui.progress("%5.1f s  egg %s (%d eggs, %d parts)", e.Elapsed.Seconds(), name, e.Eggs, e.Parts)
	case buildout.StageEvent, buildout.ToolsEvent, buildout.BeforeEvent, buildout.DevelopEvent, buildout.GateEvent:
		p.ui.progress("%5.1f s  %s %s", e.Elapsed.Seconds(), e.Kind, name)
	}
}

// gate runs the tree again, in place, without network and compiler.
func (p *packing) gate(ctx context.Context) error {
	box, err := isolate.New(ctx, isolate.Config{Python: p.tree.Interpreter.Executable, Env: os.Environ(), OS: p.OS})
	if err != nil {
		return err
	}
	defer box.Close()
	p.ui.say("isolation: %s", box.Result().Method)
	return buildout.Gate(ctx, p.tree, p.flags.volatile, func(ctx context.Context, cmd buildout.IsolatedCommand) error {
		return box.Run(ctx, isolate.Command{Path: cmd.Argv[0], Args: cmd.Argv[1:], Env: cmd.Env, Dir: cmd.Dir, Stdout: cmd.Output, Stderr: cmd.Output})
	})
}

// relocate decides what goes into the archive and how each file gets rid of
// the build's paths. Nothing is written yet but bytecode, beside the stage.
func (p *packing) relocate(ctx context.Context) error {
	list := p.archive
	list.Manifest = p.manifest()
	moved, err := pack.Relocate(list, p.origin())
	if err != nil {
		return err
	}
	p.moved = moved
	leaks, err := p.tree.ScanCredentials(p.leftOut())
	if err != nil {
		return err
	}
	if err := buildout.Leaked(leaks); err != nil {
		return err
	}
	p.digestExtensions()
	p.ui.say("%d files, %d relocated, %d left out", len(list.Files), len(p.moved.Relocated), len(p.moved.Omitted))
	if said := leftDownloads(list, p.rules().Downloads); said != "" {
		p.ui.say("%s", said)
	}
	if err := p.moved.Err(); err != nil {
		return err
	}
	for _, r := range list.Manifest.Relocations {
		if at := r.Splits["root"]; at != "" {
			p.ui.warn(fmt.Sprintf("%s can't hold a path with a space (%s); bootstrap.py refuses one", r.Path, at))
		}
	}
	if err := p.compile(ctx); err != nil {
		return err
	}
	return pack.Check(list)
}

func (p *packing) compile(ctx context.Context) error {
	dir, err := p.tree.SideDir("bytecode")
	if err != nil {
		return err
	}
	compiled, err := pack.CompileBytecode(ctx, p.archive, pack.Compile{Python: p.tree.Interpreter.Executable, Dir: dir, Epoch: p.epoch})
	if err != nil {
		return err
	}
	p.ui.say("%d modules compiled to bytecode, %d skipped", compiled.Compiled, len(compiled.Skipped))
	return nil
}

// rules say what is left out.
func (p *packing) rules() pack.Rules {
	r := pack.Rules{Exclude: p.flags.exclude, Include: p.flags.include, KeepBuild: p.tree.KeepsBuild()}
	r.Develop = p.tree.DevelopFolders()
	r.Downloads, r.Needed = p.tree.DownloadCache()
	return r
}

// origin are the build's own paths, which must not remain.
func (p *packing) origin() pack.Origin {
	in := p.tree.Interpreter
	return pack.Origin{
		Root: p.tree.Root, RealRoot: p.tree.Root, Made: !p.flags.inPlace && p.flags.stage == "",
		Interpreter: in.Executable, Interpreters: append(p.tree.Interpreters, in.BaseExecutable),
		Prefix: in.BasePrefix, LibDir: in.LibDir, Virtualenv: cmp.Or(in.Virtualenv, os.Getenv("VIRTUAL_ENV")),
		Home: os.Getenv("HOME"), TmpDir: p.tree.TmpDir, Forbidden: p.tree.Forbidden(),
		AllowOutside: p.flags.allowOutside, Volatile: p.flags.volatile,
		Binaries: pack.Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded},
	}
}

// manifest is what is known of the archive before its files are.
func (p *packing) manifest() archive.Manifest {
	m := archive.Manifest{
		Format: archive.Format, Generator: generator(),
		Name: p.id.name, Version: p.id.version, Target: p.target.String(), Label: p.flags.label,
		Python: p.tree.Python, Buildout: p.tree.Buildout,
		Parts: p.tree.Parts, Checkouts: p.tree.Checkouts, Signatures: p.tree.Signatures,
		Builds: p.builds(), Toolchain: p.tree.Made, Downloads: p.tree.Downloads, Provenance: p.provenance(),
	}
	if len(p.flags.smoke)+len(p.flags.volatile) > 0 {
		m.Prove = &archive.Prove{Smoke: p.flags.smoke, Volatile: p.flags.volatile}
	}
	if p.report != nil {
		m.Floors, m.SystemLibraries, m.Extensions = p.report.Floors, p.report.SystemLibraries, p.report.Extensions()
		m.Verification = p.report.Archived()
	}
	return m
}

// digestExtensions gives the extensions the digests that they have in the archive.
func (p *packing) digestExtensions() {
	list := p.archive.Manifest.Extensions
	for i := range list {
		if k, ok := p.archive.Find(list[i].Path); ok {
			list[i].SHA256 = p.archive.Files[k].SHA256
		}
	}
}

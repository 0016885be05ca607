package cli

import (
	"context"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/target"
)

// request is what the flags and the checkout say, as values.
func (p *packing) request() job.Request {
	f := p.flags
	return job.Request{
		Build: buildout.Options{
			Dir: p.dir, Name: p.id.name, Stage: f.stage, InPlace: f.inPlace, Out: p.abs(f.out), Wrote: wrote,
			Python: f.python, Config: f.config, DefaultCfg: f.defaultCfg,
			BuildoutVersion: f.buildoutVersion, Before: f.before, Volatile: f.volatile,
			Launcher: target.Launcher(), Witness: verify.InstallWitness, Progress: p.progress, OS: p.OS, Epoch: p.epoch.Unix(),
			Reuse: p.reuse(), Held: p.held, Noted: p.noted, Generator: generator(), Target: f.target, Label: f.label,
		},
		Name: p.id.name, Version: p.id.version, Target: f.target, Label: f.label,
		Epoch: p.epoch, Generator: generator(), Provenance: p.made,
		BundlePython: string(f.bundlePython), Exclude: f.exclude, Include: f.include,
		Checks:       job.Checks{Expect: f.expect, Waive: f.waive, SystemLibraries: f.systemLibraries, Floor: f.floor, NoImport: f.noImport},
		AllowOutside: f.allowOutside, Volatile: f.volatile, Smoke: f.smoke,
		Say: p.ui.say, Warn: p.ui.warn,
	}
}

// reuse is the last archive's path, or "".
func (p *packing) reuse() string {
	if p.flags.reuse == "" {
		return ""
	}
	return p.abs(p.flags.reuse)
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
		p.ui.progress("%5.1f s  egg %s (%s, %s)", e.Elapsed.Seconds(), name, plural.Of(e.Eggs, "egg"), plural.Of(e.Parts, "part"))
	case buildout.StageEvent, buildout.ToolsEvent, buildout.BeforeEvent, buildout.DevelopEvent, buildout.GateEvent:
		p.ui.progress("%5.1f s  %s %s", e.Elapsed.Seconds(), e.Kind, name)
	}
}

// archived builds, checks and writes the archive: the steps that pack and
// rebuild have in common. What became known is in p, for the reports, where a
// step fails too.
func (p *packing) archived(ctx context.Context, building string) (*job.Written, error) {
	built, err := step(ctx, p, building, func() (*job.Built, error) {
		b, err := job.Build(ctx, p.request())
		p.built = b
		return b, err
	})
	if err != nil {
		return nil, err
	}
	if err := p.findCompressorAgain(ctx, built); err != nil {
		return nil, err
	}
	gated, err := step(ctx, p, "Running it again without network and compiler", func() (*job.Gated, error) { return job.Gate(ctx, built) })
	if err != nil {
		return nil, err
	}
	verified, err := step(ctx, p, "Verifying the extensions", func() (*job.Verified, error) { return p.verify(ctx, gated) })
	if err != nil {
		return nil, err
	}
	planned, err := step(ctx, p, "Relocating", func() (*job.Planned, error) { return p.relocate(ctx, verified) })
	if err != nil {
		return nil, err
	}
	return step(ctx, p, "Writing the archive", func() (*job.Written, error) { return p.write(ctx, planned) })
}

// verify lists the tree, and shows what was found of its extensions.
func (p *packing) verify(ctx context.Context, g *job.Gated) (*job.Verified, error) {
	listed, err := job.List(ctx, g)
	if err != nil {
		return nil, err
	}
	for _, w := range unmatched(g.Tree, listed.List) {
		p.ui.warn(w)
		g.Tree.Warnings = append(g.Tree.Warnings, w)
	}
	v, err := job.Verify(ctx, listed)
	if err != nil {
		return nil, err
	}
	p.report = v.Report
	if !p.ui.quiet {
		if err := v.Report.WriteText(p.Stderr); err != nil {
			return nil, err
		}
	}
	return v, v.Report.Err()
}

// relocate plans what goes into the archive.
func (p *packing) relocate(ctx context.Context, v *job.Verified) (*job.Planned, error) {
	planned, err := job.Relocate(ctx, v)
	if planned != nil {
		p.planned = planned
	}
	if err != nil {
		return nil, err
	}
	cache, _ := v.Tree.DownloadCache()
	if said := leftDownloads(v.List, cache); said != "" {
		p.ui.say("%s", said)
	}
	return planned, nil
}

// write writes the archive into a directory of its own: what has an archive's
// name in the output directory is proved.
func (p *packing) write(ctx context.Context, planned *job.Planned) (*job.Written, error) {
	out, name := p.abs(p.flags.out), planned.ArchiveName(p.format())
	if err := makeOut(out); err != nil {
		return nil, err
	}
	var err error
	if p.own, err = newDir(out, name); err != nil {
		return nil, err
	}
	w, err := job.Write(ctx, planned, p.own.Path, p.format(), p.compress, p.ui.bytes("packed"))
	if err != nil {
		return nil, err
	}
	p.result = w.File
	p.ui.say("%s, %s, sha256 %s", filepath.Base(w.File.Path), plural.Bytes(w.File.Digest.Size), w.File.Digest.SHA256)
	return w, nil
}

package job

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Planned is all that goes into the archive: the plan says what became of each
// file, and the manifest is whole. Where the plan's report blocks something, or
// the target can't hold a name, Contents is nil.
type Planned struct {
	*Verified
	Plan     *pack.Plan
	Contents *archive.Contents
}

// Relocate decides how each file gets rid of the build's paths, and makes the
// manifest. Nothing is written yet but bytecode, beside the stage. What is known
// of the plan is there with an error too.
func Relocate(ctx context.Context, v *Verified) (*Planned, error) {
	if err := v.Report.Err(); err != nil {
		return nil, err
	}
	if err := v.withStarter(); err != nil {
		return nil, err
	}
	origin := v.Origin()
	origin.Secrets = v.Tree.Secrets()
	plan, err := pack.Relocate(v.List, origin, v.Tree.Python.Version)
	if err != nil {
		return nil, err
	}
	p := &Planned{Verified: v, Plan: plan}
	if err := leaked(plan.Leaks); err != nil {
		return p, err
	}
	v.Say("%s, %d relocated, %d left out", plural.Of(len(plan.Files), "file"), len(plan.Report.Relocated), len(plan.Report.Omitted))
	if err := plan.Report.Err(); err != nil {
		return p, err
	}
	for _, r := range plan.Relocations {
		if at := r.Splits["root"]; at != "" {
			v.Warn(r.Path + " can't hold a path with a space (" + at + "); bootstrap.py refuses one")
		}
	}
	if p.Plan, err = p.compiled(ctx); err != nil {
		return p, err
	}
	manifest, err := p.Plan.Manifest(v.manifest())
	if err != nil {
		return p, err
	}
	p.Contents, err = p.Plan.Seal(manifest)
	return p, err
}

// leaked is the error for the credentials that files hold, or nil.
func leaked(found []pack.Leak) error {
	if len(found) == 0 {
		return nil
	}
	var lines []string
	for _, f := range found {
		lines = append(lines, f.Path+" holds "+f.Kind)
	}
	return fault.Failed(errors.New("keeping the build's credentials out of the archive: "+strings.Join(lines, "; ")),
		"keep it out of the tree (netrc, pip.conf and variables outside of it are read by the build), or --exclude the file")
}

// compiled is the plan with bytecode.
func (p *Planned) compiled(ctx context.Context) (*pack.Plan, error) {
	dir, err := p.Tree.SideDir("bytecode")
	if err != nil {
		return p.Plan, err
	}
	plan, done, err := pack.CompileBytecode(ctx, p.Plan, pack.Compile{Python: p.Tree.Interpreter.Executable, Dir: dir, Epoch: p.Epoch})
	if err != nil {
		return p.Plan, err
	}
	p.Say("%s compiled to bytecode, %d skipped", plural.Of(done.Compiled, "module"), len(done.Skipped))
	return plan, nil
}

// manifest is what is known of the archive without its files.
func (v *Verified) manifest() archive.Manifest {
	made := v.Provenance
	made.Epoch = v.Epoch.Unix()
	m := archive.Manifest{
		Format: archive.Format, Generator: v.Generator,
		Name: v.Name, Version: v.Version, Target: v.Made.String(), Label: v.Label,
		Python: v.Tree.Python, BundledPython: v.bundledPython(), Buildout: v.Tree.Buildout,
		Parts: v.Tree.Parts, Checkouts: v.Tree.Checkouts, Signatures: v.Tree.Signatures,
		Builds: v.builds(), Toolchain: v.Tree.Made, Downloads: v.Tree.Downloads, Provenance: &made,
		Floors: v.Report.Floors, SystemLibraries: v.Report.SystemLibraries, Extensions: v.Report.Extensions(),
		Verification: v.Report.Archived(),
	}
	if len(v.Smoke)+len(v.Volatile) > 0 {
		m.Prove = &archive.Prove{Smoke: v.Smoke, Volatile: v.Volatile}
	}
	return m
}

// builds are what the builds of the tree's distributions declared, without
// what differs between two builds of the same: order, errors, directories.
func (v *Verified) builds() []archive.Build {
	var all []archive.Build
	for _, d := range v.declared {
		if len(d.Modules) == 0 || !holds(v.Tree, d) {
			continue
		}
		b := archive.Build{Project: d.Project, Version: d.Version, Backend: d.Backend, How: d.How}
		b.Modules, b.Optional = sorted(d.Modules), sorted(d.Optional)
		if rel, err := filepath.Rel(v.Tree.Root, d.Directory); err == nil && d.Directory != "" && filepath.IsLocal(rel) {
			b.Directory = filepath.ToSlash(rel)
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b archive.Build) int { return strings.Compare(a.Project+" "+a.Version, b.Project+" "+b.Version) })
	return all
}

// holds is whether the tree has the distribution of a build.
func holds(t *buildout.Tree, d verify.Declaration) bool {
	for _, e := range t.Eggs {
		if pydist.PlainName(e.Name) == pydist.PlainName(d.Project) && (e.Develop || e.Version == d.Version) {
			return true
		}
	}
	return false
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

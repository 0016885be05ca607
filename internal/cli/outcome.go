package cli

import (
	"bytes"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/outcome"
	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
	"github.com/binary-buildout/binary-buildout/internal/verify"
)

// outcome is what the job's summary and the report say of the run. cause is what
// ended it, or nil.
func (p *packing) outcome(cause error) (outcome.Outcome, error) {
	o := outcome.Outcome{
		Name: p.id.name, Version: p.id.version, Target: p.built.Made.String(), Run: workflowRun(p.Getenv),
		Failure: p.failure(cause), Last: p.lastArchive(), Marks: p.marks(), Reused: reusedWords(p.built.Tree.Reused), Steps: p.times,
	}
	if p.flags.label != "" {
		o.Target += "-" + p.flags.label
	}
	if p.made.Source != nil {
		o.Commit = p.made.Source.Commit
	}
	if p.result.Path != "" {
		o.Archive = outcome.Archive{File: filepath.Base(p.result.Path), Version: p.id.version, Size: p.result.Digest.Size, SHA256: p.result.Digest.SHA256}
	}
	for _, d := range p.deltas {
		o.Deltas = append(o.Deltas, outcome.Delta{From: d.base.Delta.BaseVersion, Size: d.Digest.Size})
	}
	var err error
	if o.Eggs, err = p.eggs(); err != nil && cause != nil {
		return o, nil // what ended the run matters, and is shown
	}
	return o, err
}

// page is the report as a page.
func (p *packing) page(ended outcome.Outcome) ([]byte, error) {
	page := verify.Page{Title: p.id.name + " " + p.id.version + ", " + ended.Target}
	var err error
	if page.Head, err = ended.Head(); err != nil {
		return nil, err
	}
	for _, section := range []func() (template.HTML, error){p.changesHTML, ended.Materials, p.archiveHTML} {
		more, err := section()
		if err != nil {
			return nil, fmt.Errorf("writing the report: %w", err)
		}
		page.More = append(page.More, more)
	}
	var b bytes.Buffer
	if err := p.report.WriteHTML(&b, page); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return b.Bytes(), nil
}

func (p *packing) failure(cause error) *outcome.Failure {
	if cause == nil {
		return nil
	}
	f := &outcome.Failure{Text: cause.Error(), Hint: fault.HintOf(cause, ""), Unproved: p.result.Path != ""}
	if p.report.Err() != nil {
		f.Missing, f.Unusable = len(p.report.Missing), len(p.report.Foreign)
	}
	return f
}

// last is the path of the archive that this one is compared with: the first of
// --since, or else --reuse; "" if neither was given.
func (p *packing) last() string {
	if len(p.flags.since) > 0 {
		return p.abs(p.flags.since[0])
	}
	return p.reuse()
}

// lastArchive is what the last archive's file says; nil if there is none that
// can be read.
func (p *packing) lastArchive() *outcome.Archive {
	path := p.last()
	info, err := os.Stat(path)
	if path == "" || err != nil {
		return nil
	}
	m, err := archive.ReadManifest(path)
	if err != nil {
		return nil
	}
	return &outcome.Archive{File: filepath.Base(path), Version: m.Version, Size: info.Size()}
}

// marks are the proof's four.
func (p *packing) marks() []outcome.Mark {
	if p.proof == nil {
		return nil
	}
	var marks []outcome.Mark
	for _, m := range []struct {
		what  string
		grade isolate.Grade
	}{{"network", p.proof.Network}, {"compiler", p.proof.Compiler}, {"the build's directory", p.proof.OldPlace}, {"the build's interpreter", p.proof.Interpreter}} {
		marks = append(marks, outcome.Mark{What: m.what, Grade: string(m.grade), Good: prove.Enforced(m.grade)})
	}
	return marks
}

// reusedWords says what was taken from the last archive.
func reusedWords(r *buildout.Reused) string {
	switch {
	case r == nil:
		return ""
	case r.Why != "":
		return "nothing of " + r.Version + ": " + r.Why
	}
	var texts []string
	for _, t := range []struct {
		n   int
		one string
	}{{len(r.Eggs), "egg"}, {len(r.Parts), "part"}, {len(r.Develop), "develop package"}} {
		if t.n > 0 {
			texts = append(texts, plural.Of(t.n, t.one))
		}
	}
	if len(texts) == 0 {
		return "nothing of " + r.Version
	}
	return strings.Join(texts, ", ") + " of " + r.Version
}

// eggs are the eggs of the tree, with the sizes of what the archive has of them.
func (p *packing) eggs() ([]outcome.Egg, error) {
	m, err := p.materials()
	if err != nil {
		return nil, err
	}
	var eggs []outcome.Egg
	for i, e := range p.built.Tree.Eggs {
		eggs = append(eggs, outcome.Egg{Name: e.Name, Version: e.Version, Develop: e.Develop, License: license(m.eggs[i]), Size: p.sizeBelow(e.Path)})
	}
	return eggs, nil
}

// sizeBelow is the size of a file, or of the files below a directory, in the archive.
func (p *packing) sizeBelow(path string) int64 {
	if p.planned == nil || p.planned.Plan == nil {
		return 0
	}
	path = filepath.ToSlash(path)
	var n int64
	for _, f := range p.planned.Plan.Files {
		if f.Path == path || strings.HasPrefix(f.Path, path+"/") {
			n += f.Size
		}
	}
	return n
}

// license is an egg's licence in its own words.
func license(e sbom.Egg) string {
	if e.LicenseExpression != "" {
		return e.LicenseExpression
	}
	return strings.Join(append(append([]string{}, e.LicenseIDs...), e.LicenseNames...), ", ")
}

// workflowRun is the address of the workflow's run, or "".
func workflowRun(getenv func(string) string) string {
	server, repo, id := getenv("GITHUB_SERVER_URL"), getenv("GITHUB_REPOSITORY"), getenv("GITHUB_RUN_ID")
	if server == "" || repo == "" || id == "" {
		return ""
	}
	return server + "/" + repo + "/actions/runs/" + id
}

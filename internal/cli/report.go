package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/internal/outcome"
	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/matrix"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/release"
)

// sidecar is NAME.json beside the archive: its manifest without what only the
// target needs, the archive's name, size and digest, and what the checks said.
type sidecar struct {
	archive.Manifest
	Archive  string              `json:"archive"`
	Size     int64               `json:"size"`
	SHA256   string              `json:"sha256"`
	Eggs     []sbom.Egg          `json:"eggs"`
	PartEggs map[string][]string `json:"part_eggs,omitempty"`

	Interpreter *sbom.Interpreter `json:"interpreter,omitempty"`

	Warnings   []string             `json:"warnings,omitempty"`
	Reused     *buildout.Reused     `json:"reused,omitempty"`
	Deltas     []release.IndexDelta `json:"deltas,omitempty"`
	Changes    *changes.Account     `json:"changes,omitempty"`
	Relocation *pack.Report         `json:"relocation"`
	Report     *verify.Report       `json:"report"`
	Proof      *prove.Proof         `json:"proof"`
}

func (p *packing) sidecar() (sidecar, error) {
	s := sidecar{
		Manifest: p.planned.Contents.Manifest,
		Archive:  filepath.Base(p.result.Path), Size: p.result.Digest.Size, SHA256: p.result.Digest.SHA256,
		Relocation: p.planned.Plan.Report, Report: p.report, Proof: p.proof, Warnings: p.built.Tree.Warnings, Reused: p.built.Tree.Reused, Deltas: p.indexed(), Changes: p.changed,
	}
	s.Manifest.Relocations, s.Manifest.Verification = nil, nil
	m, err := p.materials()
	s.Eggs, s.PartEggs, s.Interpreter = m.eggs, m.ofParts, p.interpreter()
	return s, err
}

// writeReports writes what is known, after a failure too: then that is what a
// person needs. cause is what ended the run, or nil.
func (p *packing) writeReports(cause error) error {
	if p.report == nil {
		return nil
	}
	out := p.abs(p.flags.out)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	base := filepath.Join(out, p.stem())
	ended, err := p.outcome(cause)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	page, err := p.page(ended)
	if err != nil {
		return err
	}
	if err := writeWhole(base+".html", p.redact(page)); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if cause == nil {
		// Equal archives have equal sidecars: a job that is run again finds its
		// own on the release.
		s, err := p.sidecar()
		if err != nil {
			return fmt.Errorf("writing the sidecar: %w", err)
		}
		s.Proof = s.Proof.Lasting()
		data, err := json.MarshalIndent(s, "", " ")
		if err != nil {
			return fmt.Errorf("writing the sidecar: %w", err)
		}
		if err := writeWhole(base+".json", append(p.redact(data), '\n')); err != nil {
			return fmt.Errorf("writing the sidecar: %w", err)
		}
	}
	return p.tellActions(base, ended, cause)
}

// redact takes the places of this machine out of what goes to the release, or
// lies beside it.
func (p *packing) redact(document []byte) []byte {
	o := p.built.Origin()
	o.Forbidden = append(o.Forbidden, p.dir, p.abs(p.flags.out))
	for _, name := range []string{"HOME", "RUNNER_TEMP", "RUNNER_WORKSPACE"} {
		if dir := p.Getenv(name); filepath.IsAbs(dir) {
			o.Forbidden = append(o.Forbidden, dir)
		}
	}
	return o.Redact(document, p.built.Tree.Python.Version)
}

// tellActions gives the workflow its annotations, its summary and, if all went
// well, the step's outputs.
func (p *packing) tellActions(base string, ended outcome.Outcome, cause error) error {
	if !p.underActions() {
		return nil
	}
	actions := p.actions()
	for _, a := range p.report.Annotations() {
		note := actions.WithFieldsMap(p.placeOf(a).fields(a.Title))
		if a.Level == "error" {
			note.Errorf("%s", a.Message)
		} else {
			note.Warningf("%s", a.Message)
		}
	}
	p.summary(string(p.redact([]byte(ended.Markdown() + p.changesMarkdown() + p.report.Markdown()))))
	if cause != nil || p.Getenv("GITHUB_OUTPUT") == "" {
		return nil
	}
	for name, value := range map[string]string{
		"archive": p.result.Path, "target": p.built.Made.String(), "digest": p.result.Digest.SHA256, "report": base + ".html",
	} {
		actions.SetOutput(name, value)
	}
	return nil
}

// stem is the archive's name without its format.
func (p *packing) stem() string {
	name := matrix.ArchiveName(p.id.name, p.id.version, p.built.Made, p.flags.label, p.format())
	return strings.TrimSuffix(matrix.SidecarName(name), ".json")
}

// reportPath is the report's path beside that of the archive.
func (p *packing) reportPath(file, suffix string) string {
	return strings.TrimSuffix(file, filepath.Base(file)) + p.stem() + suffix
}

// writeWhole writes a file that is either there whole or not at all.
func writeWhole(path string, data []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

package prove

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
)

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
	Scripts    int    `json:"scripts"`    // whose entry point's module was imported
	Steps      []Step `json:"steps"`
	Smoke      []Step `json:"smoke,omitempty"`

	// Problems are why the proof failed, each in one line; empty if it didn't.
	Problems []Problem `json:"problems,omitempty"`
	// Warnings are what fails at some places, or may.
	Warnings []string `json:"warnings,omitempty"`
	// Notes aren't failures, but worth knowing.
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

// Err is nil if the proof succeeded, else a *Failure with the hint of its first problem.
func (p *Proof) Err() error {
	if len(p.Problems) == 0 {
		return nil
	}
	return fault.Failed(&Failure{p.Problems}, p.Problems[0].Hint)
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

// asksGit shows where git looks for a checkout.
var asksGit = regexp.MustCompile(`Command '\[u?'git', .* returned non-zero exit status|not a git repository`)

// whatHelps is the hint for a command that failed.
func whatHelps(output string) string {
	const above = "its output is above"
	if asksGit.MatchString(output) {
		return "a part runs git in its checkout, and an archive contains no .git: give its recipe the sources as a directory of the buildout, as anybox.recipe.odoo makes with extract-downloads-to; " + above
	}
	return above
}

package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/verify"
)

// place is a line of the checkout, as an annotation names it: the file is
// relative to the repository, and line 0 is the file as a whole.
type place struct {
	file string
	line int
}

func (at place) fields(title string) map[string]string {
	m := map[string]string{"title": title}
	if at.file != "" {
		m["file"] = at.file
	}
	if at.line > 0 {
		m["line"] = strconv.Itoa(at.line)
	}
	return m
}

// annotateFailure shows what ended a run at the lines that it is about: what a
// compiler said of the checkout's own sources, else the failing part's section.
// It reports whether there was such a line.
func (p *packing) annotateFailure(cause error) bool {
	var failed *buildout.Error
	if cause == nil || !p.underActions() || !errors.As(cause, &failed) {
		return false
	}
	defer p.showLog(failed.Log)
	notes := p.compilerNotes(failed.Log)
	for _, n := range notes {
		p.actions().WithFieldsMap(n.at.fields("the compiler")).Errorf("%s", n.text)
	}
	at := p.sectionOf(cause.Error())
	if at.file == "" {
		return len(notes) > 0
	}
	p.actions().WithFieldsMap(at.fields("the build")).Errorf("%s", cause)
	return true
}

// shownLog bounds what is shown of a log, in lines.
const shownLog = 500

// showLog shows the end of a build's log, since the log itself is gone with the
// runner, or with its container. What tools wrote is marked as such: a line
// that begins with "::" would be a command to the runner.
func (p *packing) showLog(path string) {
	data, err := os.ReadFile(path)
	if path == "" || err != nil {
		return // the error itself is told all the same
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	title := "The whole of " + filepath.Base(path)
	if len(lines) > shownLog {
		lines = lines[len(lines)-shownLog:]
		title = fmt.Sprintf("The last %d lines of %s", shownLog, filepath.Base(path))
	}
	p.actions().Group(title)
	for _, line := range lines {
		fmt.Fprintf(p.Stderr, "| %s\n", strings.TrimRight(line, "\r"))
	}
	p.actions().EndGroup()
}

// note is what a compiler says of a line.
type note struct {
	at   place
	text string
}

// diagnostic is how gcc and clang report an error, and MSVC.
var diagnostic = regexp.MustCompile(`(?m)^(.+?)(?::(\d+)(?::\d+)?|\((\d+)\)) ?: (?:fatal )?error\b.*$`)

// compilerNotes are the errors of the compilers of a build whose log lies at
// log, in files that the checkout has.
func (p *packing) compilerNotes(log string) []note {
	if log == "" {
		return nil
	}
	dir := filepath.Dir(log)
	_, runs, err := verify.ReadLogs("", filepath.Join(dir, "compiler.jsonl"))
	if err != nil {
		return nil // the error itself is told all the same
	}
	root := strings.TrimSuffix(dir, ".log")
	var notes []note
	for _, run := range runs {
		for _, m := range diagnostic.FindAllStringSubmatch(run.Stderr, -1) {
			file := m[1]
			if !filepath.IsAbs(file) {
				file = filepath.Join(run.Cwd, file)
			}
			rel, err := filepath.Rel(root, file)
			if err != nil {
				continue
			}
			n := note{place{p.inRepository(rel), atoi(m[2] + m[3])}, m[0]}
			if n.at.file != "" && !slices.Contains(notes, n) {
				notes = append(notes, n)
			}
		}
	}
	return notes
}

// inRepository is the path of a file of the buildout's directory as the
// repository has it, or empty if it has none.
func (p *packing) inRepository(rel string) string {
	if !filepath.IsLocal(rel) {
		return ""
	}
	path := filepath.Join(p.dir, rel)
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return ""
	}
	base := p.Getenv("GITHUB_WORKSPACE")
	if base == "" {
		base = p.Dir
	}
	if in, err := filepath.Rel(base, path); err == nil && filepath.IsLocal(in) {
		return filepath.ToSlash(in)
	}
	return filepath.ToSlash(path)
}

// partNamed finds the part or package in an error's text.
var partNamed = regexp.MustCompile(`(?:[Pp]art|Installing|Updating|section) ([\w.-]*\w)`)

// sectionOf is the line at which the configuration has the section of the part
// that a text names; the configuration's first line if it names none.
func (p *packing) sectionOf(text string) place {
	for _, m := range partNamed.FindAllStringSubmatch(text, -1) {
		if at := p.findLine(`^\[` + regexp.QuoteMeta(m[1]) + `[\]:]`); at.file != "" {
			return at
		}
	}
	file := p.inRepository(p.flags.config)
	if file == "" {
		return place{}
	}
	return place{file, 1}
}

// pinOf is the line that pins or names an egg, else nothing.
func (p *packing) pinOf(egg string) place {
	if egg == "" {
		return place{}
	}
	name := strings.NewReplacer("-", "[-_.]", "_", "[-_.]", `\.`, "[-_.]").Replace(regexp.QuoteMeta(egg))
	if at := p.findLine(`^(?i:` + name + `)\s*=`); at.file != "" {
		return at
	}
	return p.findLine(`^(?:\s+|[\w-]+\s*\+?=.*\b)(?i:` + name + `)\b`)
}

// findLine is the first line that matches in the configuration, or in another
// one of its directory.
func (p *packing) findLine(pattern string) place {
	re := regexp.MustCompile(`(?m)` + pattern)
	others, _ := filepath.Glob(filepath.Join(filepath.Dir(filepath.Join(p.dir, p.flags.config)), "*.cfg"))
	for _, path := range append([]string{filepath.Join(p.dir, p.flags.config)}, others...) {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if at := re.FindIndex(data); at != nil {
			rel, err := filepath.Rel(p.dir, path)
			if err != nil {
				continue
			}
			return place{p.inRepository(rel), bytes.Count(data[:at[0]], []byte("\n")) + 1}
		}
	}
	return place{}
}

// placeOf is the line of the checkout that a finding is about: the file
// itself, if the checkout has it, else where the configuration names its egg.
func (p *packing) placeOf(a verify.Annotation) place {
	if a.File != "" {
		if file := p.inRepository(a.File); file != "" {
			return place{file: file}
		}
	}
	return p.pinOf(a.Egg)
}

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // the pattern leaves digits alone
	return n
}

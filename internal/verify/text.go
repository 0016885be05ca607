package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/binary-buildout/binary-buildout/internal/markdown"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// WriteText writes the report as a person reads it on a terminal: what is wrong
// first, each with what to do, then what was found.
func (r *Report) WriteText(w io.Writer) error {
	b := &strings.Builder{}
	list(b, "Missing", r.Missing)
	list(b, "Can't be used", r.Foreign)
	list(b, "Waived", r.Waived)
	list(b, "Warnings", r.Warnings)
	r.summary(b)
	_, err := io.WriteString(w, b.String())
	return err
}

func list(b *strings.Builder, title string, items []Item) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "%s (%d)\n", title, len(items))
	said := map[string]bool{}
	for _, i := range items {
		fmt.Fprintf(b, "  %s", i.Name())
		if w := i.Where(); w != "" && w != i.Name() {
			fmt.Fprintf(b, "  [%s]", w)
		}
		b.WriteString("\n")
		if i.Path != "" && i.Path != i.Name() {
			fmt.Fprintf(b, "      file: %s\n", i.Path)
		}
		if i.Part != "" && i.Kind != "part" {
			fmt.Fprintf(b, "      part: %s\n", i.Part)
		}
		if len(i.Witnesses) > 0 {
			fmt.Fprintf(b, "      known from: %s\n", strings.Join(i.Witnesses, "; "))
		}
		problems(b, i.Problems, said)
		for _, l := range shown(i.Lines) {
			fmt.Fprintf(b, "      | %s\n", l)
		}
	}
	b.WriteString("\n")
}

// problems writes the first ones of an item, and each hint once: a library that
// isn't there is a problem of all that need it.
func problems(b *strings.Builder, all []Problem, said map[string]bool) {
	const most = 6
	for _, p := range all[:min(len(all), most)] {
		fmt.Fprintf(b, "      %s\n", p.Message)
		if p.Hint != "" && !said[p.Hint] {
			fmt.Fprintf(b, "      hint: %s\n", p.Hint)
			said[p.Hint] = true
		}
	}
	if more := len(all) - most; more > 0 {
		fmt.Fprintf(b, "      and %d more; --json has them all\n", more)
	}
}

// shown are the lines of a compiler that tell most: its errors, else its last.
func shown(lines []string) []string {
	const most = 6
	var errs []string
	for _, l := range lines {
		if strings.Contains(l, "error") || strings.Contains(l, "undefined reference") || strings.Contains(l, "cannot find") {
			errs = append(errs, l)
		}
	}
	if len(errs) == 0 {
		errs = lines[max(0, len(lines)-most):]
	}
	return errs[:min(len(errs), most)]
}

// counts says how many extensions there are, and how many of each kind of
// finding if there is one.
func (r *Report) counts() string {
	all := []string{"none there"}
	if n := len(r.Compiled); n > 0 {
		all[0] = fmt.Sprintf("%d there", n)
	}
	for _, kind := range []struct {
		items []Item
		word  string
	}{{r.Missing, "missing"}, {r.Foreign, "that can't be used"}, {r.Waived, "waived"}} {
		if n := len(kind.items); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, kind.word))
		}
	}
	return strings.Join(all, ", ")
}

// counted is a number with its noun, and nothing where there is none.
func counted(n int, one string, many ...string) string {
	if n == 0 {
		return ""
	}
	return plural.Of(n, one, many...)
}

// there joins what isn't empty.
func there(texts ...string) string {
	return strings.Join(slices.DeleteFunc(texts, func(s string) bool { return s == "" }), ", ")
}

func (r *Report) summary(b *strings.Builder) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	row := func(k, format string, args ...any) { fmt.Fprintf(t, "%s\t%s\n", k, fmt.Sprintf(format, args...)) }
	row("Python", "%s (%s), %s", r.Python, r.ABI, r.Platform)
	row("Extensions", "%s", r.counts())
	row("Tree", "%s", there(plural.Of(r.Files, "file"), counted(r.Eggs, "egg"), counted(len(r.Libraries), "library", "libraries")))
	for _, f := range append(r.Floors[:len(r.Floors):len(r.Floors)], r.Versions...) {
		row("Needs", "%s %s, by %s%s", f.Kind, f.Version, f.File, r.because(f.Kind))
	}
	for _, l := range r.SystemLibraries {
		pkg := ""
		if l.Package != "" {
			pkg = ", from " + l.Package
		}
		row("System", "%s, for %s%s", l.Name, l.NeededBy, pkg)
	}
	if !r.Imported {
		row("Imports", "not tried")
	}
	_ = t.Flush() // a strings.Builder never fails
}

// Annotation is one finding as GitHub Actions shows it.
type Annotation struct {
	Level   string // "error", "warning"
	Title   string
	Message string
	File    string // of the tree; empty if there is none
	Egg     string // whose it is; empty if it isn't an egg's
}

// Annotations are the report's findings and warnings.
func (r *Report) Annotations() []Annotation {
	var all []Annotation
	add := func(level, what string, items []Item) {
		for _, i := range items {
			var text []string
			for _, p := range i.Problems {
				t := p.Message
				if p.Hint != "" {
					t += " (" + p.Hint + ")"
				}
				text = append(text, t)
			}
			all = append(all, Annotation{level, what + ": " + i.Name(), strings.Join(append(text, shown(i.Lines)...), "\n"), i.Path, i.Egg})
		}
	}
	add("error", "missing", r.Missing)
	add("error", "can't be used", r.Foreign)
	add("warning", "warning", r.Warnings)
	return all
}

// Markdown is the report for a job's summary, below GitHub's limit of 1 MiB a step.
func (r *Report) Markdown() string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "### Verification: %s, %s\n\nExtensions: %s.\n\n", r.ABI, r.Platform, r.counts())
	for _, part := range []struct {
		title string
		items []Item
	}{{"Missing", r.Missing}, {"Can't be used", r.Foreign}, {"Waived", r.Waived}, {"Warnings", r.Warnings}} {
		if len(part.items) == 0 {
			continue
		}
		fmt.Fprintf(b, "#### %s\n\n| what | egg | why |\n| --- | --- | --- |\n", part.title)
		for n, i := range part.items {
			if n == 200 {
				fmt.Fprintf(b, "| and %d more | | |\n", len(part.items)-n)
				break
			}
			var why []string
			for _, p := range i.Problems {
				why = append(why, markdown.Cell(p.Message))
				if p.Hint != "" {
					why = append(why, "*hint:* "+markdown.Cell(p.Hint))
				}
			}
			for _, l := range shown(i.Lines) {
				why = append(why, "<code>"+markdown.Cell(l)+"</code>")
			}
			where := markdown.Cell(strings.TrimSpace(i.Egg + " " + i.Version))
			if i.Part != "" && i.Kind != "part" {
				where += "<br>part " + markdown.Cell(i.Part)
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", markdown.Cell(i.Name()), where, strings.Join(why, "<br>"))
		}
		b.WriteString("\n")
	}
	for _, f := range r.Floors {
		fmt.Fprintf(b, "Needs **%s %s**, because of `%s`%s.\n\n", f.Kind, f.Version, markdown.Cell(f.File), markdown.Cell(r.because(f.Kind)))
	}
	for _, l := range r.SystemLibraries {
		fmt.Fprintf(b, "The target brings `%s`", markdown.Cell(l.Name))
		if l.Package != "" {
			fmt.Fprintf(b, ", of %s", markdown.Cell(l.Package))
		}
		b.WriteString(".\n\n")
	}
	return b.String()
}

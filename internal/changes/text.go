package changes

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/markdown"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// Lines are the account for a terminal: eggs first, of each kind of change at
// most so many lines, and where files differ if most is 0, for all of it. The
// server's bootstrap.py says the same (target/cases/changes.json).
func (a *Account) Lines(most int) []string {
	out := []string{fmt.Sprintf("what changed from %s to %s:", a.From, a.To)}
	if len(a.Eggs) > 0 {
		out = append(out, "  eggs: "+kinds(a.Eggs))
		for i, c := range a.Eggs {
			if i == most && most > 0 {
				out = append(out, fmt.Sprintf("    and %d more", len(a.Eggs)-most))
				break
			}
			out = append(out, "    "+c.String())
		}
	}
	for _, row := range a.rows() {
		out = append(out, "  "+row[0]+": "+row[1])
	}
	if most == 0 {
		for _, p := range a.Places {
			out = append(out, "    "+p.Path+": "+p.Counts.String())
		}
	}
	return out
}

// rows are what changed but for the eggs, each with its heading.
func (a *Account) rows() [][2]string {
	var out [][2]string
	row := func(heading string, changed []Change) {
		var all []string
		for _, c := range changed {
			all = append(all, c.String())
		}
		if len(all) > 0 {
			out = append(out, [2]string{heading, strings.Join(all, "; ")})
		}
	}
	row("parts", a.Parts)
	for _, c := range []*Change{a.Python, a.Buildout} {
		if c != nil {
			out = append(out, [2]string{"runs on", c.String()})
		}
	}
	row("needs", a.Floors)
	row("system libraries", a.Libraries)
	if a.Files != (Counts{}) {
		out = append(out, [2]string{"files", fmt.Sprintf("%s; %.1f MiB -> %.1f MiB", a.Files, mib(a.FromSize), mib(a.ToSize))})
	}
	return out
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// kinds says how many eggs there are of each kind of change.
func kinds(all []Change) string {
	raised, added, removed := 0, 0, 0
	for _, c := range all {
		switch {
		case c.From == "":
			added++
		case c.To == "":
			removed++
		default:
			raised++
		}
	}
	var out []string
	if raised > 0 {
		out = append(out, fmt.Sprintf("%d with another version", raised))
	}
	return strings.Join(append(out, few(added, "new", removed, "gone")...), ", ")
}

// few are counts with their words, but for those of nothing.
func few(n int, one string, m int, other string) []string {
	var out []string
	if n > 0 {
		out = append(out, fmt.Sprintf("%d %s", n, one))
	}
	if m > 0 {
		out = append(out, fmt.Sprintf("%d %s", m, other))
	}
	return out
}

func (c Change) String() string {
	switch {
	case c.From == "" && c.To == c.Name:
		return c.Name + ", new"
	case c.To == "" && c.From == c.Name:
		return c.Name + ", gone"
	case c.From == "":
		return c.Name + " " + c.To + ", new"
	case c.To == "":
		return c.Name + " " + c.From + ", gone"
	}
	return c.Name + " " + c.From + " -> " + c.To
}

func (c Counts) String() string {
	var out []string
	if c.Changed > 0 {
		out = append(out, fmt.Sprintf("%d changed", c.Changed))
	}
	return strings.Join(append(out, few(c.Added, "new", c.Removed, "gone")...), ", ")
}

// Markdown is the account for a release's text and a job's summary, with at
// most so many eggs.
func (a *Account) Markdown(most int) string {
	b := &strings.Builder{}
	fmt.Fprintf(b, "**What changed since %s:** %s\n\n", markdown.Cell(a.From), a.summary())
	if len(a.Eggs) > 0 {
		b.WriteString("| egg | was | is |\n| --- | --- | --- |\n")
		for i, c := range a.Eggs {
			if i == most {
				fmt.Fprintf(b, "| and %d more | | |\n", len(a.Eggs)-most)
				break
			}
			fmt.Fprintf(b, "| %s | %s | %s |\n", markdown.Cell(c.Name), markdown.Cell(c.From), markdown.Cell(c.To))
		}
		b.WriteString("\n")
	}
	for _, row := range a.rows() {
		fmt.Fprintf(b, "- %s: %s\n", row[0], strings.ReplaceAll(markdown.Cell(row[1]), "-&gt;", "→"))
	}
	return b.String()
}

// summary is the account in a clause.
func (a *Account) summary() string {
	if a.Same() {
		return "nothing."
	}
	if len(a.Eggs) == 0 {
		return "no egg."
	}
	said := kinds(a.Eggs)
	if number, kind, _ := strings.Cut(said, " "); number == strconv.Itoa(len(a.Eggs)) { // one kind of change
		return plural.Of(len(a.Eggs), "egg") + " " + kind + "."
	}
	return plural.Of(len(a.Eggs), "egg") + " (" + said + ")."
}

var page = template.Must(template.New("changes").Parse(`<h2>What changed since {{.Account.From}}</h2>
<p>{{.Summary}}</p>
{{if .Account.Eggs}}<table>
<tr><th>egg</th><th>was</th><th>is</th></tr>
{{range .Account.Eggs}}<tr><td>{{.Name}}</td><td>{{.From}}</td><td>{{.To}}</td></tr>
{{end}}</table>
{{end}}{{if .Rows}}<table>
{{range .Rows}}<tr><td>{{index . 0}}</td><td>{{index . 1}}</td></tr>
{{end}}</table>
{{end}}{{if .Account.Places}}<details><summary>where files differ<span class="n">{{len .Account.Places}}</span></summary>
<ul>{{range .Account.Places}}<li><code>{{.Path}}</code><div class="path">{{.Counts}}</div></li>
{{end}}</ul></details>
{{end}}`))

// HTML is the account as a section of the report.
func (a *Account) HTML() (template.HTML, error) {
	b := &strings.Builder{}
	summary := strings.ToUpper(a.summary()[:1]) + a.summary()[1:]
	err := page.Execute(b, struct {
		Account *Account
		Summary string
		Rows    [][2]string
	}{a, summary, a.rows()})
	return template.HTML(b.String()), err
}

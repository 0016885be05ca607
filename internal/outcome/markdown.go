package outcome

import (
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/markdown"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

// barWidth is the number of characters of the longest bar.
const barWidth = 24

// Markdown is the outcome as a section of a job's summary.
func (o Outcome) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s %s, %s\n\n**%s**\n\n", markdown.Cell(o.Name), markdown.Cell(o.Version), markdown.Cell(o.Target), sentence(o.Verdict()))
	if o.Failure != nil {
		b.WriteString(markdown.Block(o.Failure.Text) + "\n")
		if o.Failure.Hint != "" {
			fmt.Fprintf(&b, "*Hint:* %s\n\n", markdown.Cell(o.Failure.Hint))
		}
	}
	if rows := o.rows(); len(rows) > 0 {
		b.WriteString("| | |\n| --- | --- |\n" + strings.Join(rows, "") + "\n")
	}
	b.WriteString(o.bars())
	return b.String()
}

// rows are what is known of the archive.
func (o Outcome) rows() []string {
	var rows []string
	add := func(what, text string) {
		if text != "" {
			rows = append(rows, "| "+what+" | "+text+" |\n")
		}
	}
	if a := o.Archive; a.File != "" {
		text := "`" + markdown.Cell(a.File) + "`, " + plural.Bytes(a.Size)
		if change := o.Change(); change != "" {
			text += " (" + markdown.Cell(change) + ")"
		}
		add("archive", text)
		add("SHA-256", "`"+a.SHA256+"`")
	}
	var marks []string
	for _, m := range o.Marks {
		sign := "✅"
		if !m.Good {
			sign = "⚠️"
		}
		marks = append(marks, sign+" "+markdown.Cell(m.What)+" "+markdown.Cell(m.Grade))
	}
	add("proof", strings.Join(marks, "<br>"))
	var deltas []string
	for _, d := range o.Deltas {
		deltas = append(deltas, "from "+markdown.Cell(d.From)+": "+plural.Bytes(d.Size))
	}
	add("deltas", strings.Join(deltas, "<br>"))
	add("reused", markdown.Cell(o.Reused))
	return rows
}

// bars are the times of the steps, each with a bar.
func (o Outcome) bars() string {
	if len(o.Steps) == 0 {
		return ""
	}
	var most, all float64
	for _, s := range o.Steps {
		most, all = max(most, s.Seconds), all+s.Seconds
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| step | %.1f s | |\n| --- | ---: | --- |\n", all)
	for _, s := range o.Steps {
		title := markdown.Cell(s.Title)
		if s.Failed {
			title += " (failed)"
		}
		width := (share(s.Seconds, most)*barWidth + 99) / 100
		fmt.Fprintf(&b, "| %s | %.1f s | %s |\n", title, s.Seconds, strings.Repeat("█", width))
	}
	return b.String() + "\n"
}

// sentence is a text with a capital letter and a full stop.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] + "." }

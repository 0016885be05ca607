// Package markdown makes foreign texts safe inside of GitHub's Markdown.
package markdown

import "strings"

// Cell is a text inside of a table's row: it ends neither its cell nor its row,
// and begins no markup.
func Cell(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", ">", "&gt;", "`", "'").Replace(s)
}

// Block is a text as a block of code, which ends where the text does.
func Block(s string) string {
	return "```\n" + strings.ReplaceAll(strings.TrimRight(s, "\n"), "```", "'''") + "\n```\n"
}

package markdown

import (
	"strings"
	"testing"
)

func TestCell(t *testing.T) {
	if got := Cell("a|b\n<x>`y`"); got != `a\|b &lt;x&gt;'y'` {
		t.Error(got)
	}
}

// FuzzMarkdown: no text ends the row or the block that it stands in.
func FuzzMarkdown(f *testing.F) {
	f.Add("a|b\r\n<b>`x`")
	f.Add("```\n# x")
	f.Fuzz(func(t *testing.T, s string) {
		if cell := Cell(s); strings.ContainsAny(cell, "\n\r<>`") || strings.Count(cell, "|") != strings.Count(cell, `\|`) {
			t.Errorf("cell %q", cell)
		}
		if block := Block(s); strings.Count(block, "```") != 2 || !strings.HasSuffix(block, "\n```\n") {
			t.Errorf("block %q", block)
		}
	})
}

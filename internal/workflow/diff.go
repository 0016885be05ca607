package workflow

import (
	"fmt"
	"strings"
)

// Diff shows in what two texts differ, line by line: what only old has after
// "-", what only new has after "+", and three lines around. Empty if nothing does.
func Diff(name, old, new string) string {
	if old == new {
		return ""
	}
	edits := align(lines(old), lines(new))
	const around = 3
	b := &strings.Builder{}
	fmt.Fprintf(b, "--- %s\n+++ %s, as init would write it\n", name, name)
	shown := -1
	for i, e := range edits {
		near := false
		for j := max(0, i-around); j <= min(len(edits)-1, i+around); j++ {
			near = near || edits[j].sign != ' '
		}
		if !near {
			continue
		}
		if shown != i-1 {
			b.WriteString("...\n")
		}
		shown = i
		fmt.Fprintf(b, "%c%s\n", e.sign, e.line)
	}
	return b.String()
}

func lines(text string) []string { return strings.Split(strings.TrimSuffix(text, "\n"), "\n") }

type edit struct {
	sign rune // ' ' in both, '-' in the old, '+' in the new
	line string
}

// align finds the longest common subsequence. Workflows are short.
func align(a, b []string) []edit {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []edit
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, edit{' ', a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, edit{'-', a[i]})
			i++
		default:
			out = append(out, edit{'+', b[j]})
			j++
		}
	}
	return out
}

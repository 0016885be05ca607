// Package spelling finds the word that a person may have meant.
package spelling

import "strings"

// Nearest gives the name that a person may have meant: the one that is fewest
// slips away, if these are few for its length, or the only one that it begins.
// Empty if there is none.
func Nearest(said string, names []string) string {
	best, least := "", len(said)/3+1
	var begun []string
	for _, name := range names {
		if d := slips(said, name); d < least || d == least && best == "" {
			best, least = name, d
		}
		if len(said) > 1 && strings.HasPrefix(name, said) {
			begun = append(begun, name)
		}
	}
	if best == "" && len(begun) == 1 {
		return begun[0]
	}
	return best
}

// slips counts the letters that were left out, put in, changed or swapped with
// their neighbour between a and b (optimal string alignment).
func slips(a, b string) int {
	before, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			changed := row[j-1]
			if a[i-1] != b[j-1] {
				changed++
			}
			next[j] = min(changed, row[j]+1, next[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

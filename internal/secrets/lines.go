package secrets

import (
	"strings"
)

// LastLines gives the last n lines that say anything, without passwords.
func LastLines(s string, n int) string {
	var lines []string
	for line := range strings.Lines(s) {
		if t := strings.TrimRight(line, " \r\n"); t != "" {
			lines = append(lines, t)
		}
	}
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return Mask(strings.Join(lines, "\n"))
}

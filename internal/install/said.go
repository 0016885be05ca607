package install

import (
	"encoding/json"
	"strings"
)

// errorsAsJSON is the variable that has bootstrap.py and bin/buildout print a
// line of JSON after an error (target/src/system.py, complain).
const errorsAsJSON = "BINARY_BUILDOUT_ERRORS=json"

// saidError is an error as a program of the tree said it.
type saidError struct {
	Text string `json:"error"`
	Hint string `json:"hint"`
	Busy bool   `json:"busy"` // another program has the tree's lock
}

func (e saidError) Error() string { return e.Text }

// lastError finds the last error in what a program wrote: a line of JSON, or the
// lines error: and hint: of one that doesn't write JSON; without any, its last line.
func lastError(out string) saidError {
	var last saidError
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		var said saidError
		if json.Unmarshal([]byte(line), &said) == nil && said.Text != "" {
			last = said
		} else if t, ok := strings.CutPrefix(line, "error: "); ok {
			last = saidError{Text: t}
		} else if t, ok := strings.CutPrefix(line, "hint: "); ok {
			last.Hint = t
		}
	}
	if last.Text == "" {
		lines := strings.Split(strings.TrimSpace(out), "\n")
		last.Text = strings.TrimSpace(lines[len(lines)-1])
	}
	return last
}

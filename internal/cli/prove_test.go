package cli

import (
	"bytes"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/prove"
)

// What failed is shown, also where bin/buildout's exit code was 0; nothing of
// it is a command to a workflow's runner.
func TestShowFailed(t *testing.T) {
	var said bytes.Buffer
	c := &Command{Stderr: &said}
	c.showFailed(&prove.Proof{
		Steps: []prove.Step{
			{Command: "python bootstrap.py", Output: "fine\n"},
			{Command: "bin/buildout", Output: "Installing web.\r\n"},
			{Command: "bin/buildout -o", Output: "Updating web.\n"},
		},
		Smoke:    []prove.Step{{Command: "bin/x", Output: "ok"}, {Command: "bin/y", Code: 4, Output: "::error::no\nbroken"}},
		Problems: []prove.Problem{{Text: "bin/buildout: part web is installed again"}, {Text: `smoke command "bin/y" exits with 4: broken`}},
	})
	want := "  bin/buildout (exit code 0) said:\n| Installing web.\n  bin/y (exit code 4) said:\n| ::error::no\n| broken\n"
	if said.String() != want {
		t.Errorf("got\n%s\nwant\n%s", said.String(), want)
	}
}

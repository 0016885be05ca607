package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// The exit codes.
const (
	exitFailed       = 1 // the buildout failed, to build or a check
	exitUsage        = 2 // wrong usage, or not for this system
	exitSurroundings = 3 // network, disk, GitHub
)

// exitCodes are all of them with what they mean, for the man pages and the reference.
var exitCodes = []struct {
	code  int
	means string
}{
	{0, "done"},
	{exitFailed, "the build or a check failed"},
	{exitUsage, "wrong usage, or not for this system"},
	{exitSurroundings, "the surroundings failed: network, disk, GitHub"},
}

func usageError(text, hint string) error {
	return fault.Usage(errors.New(text), hint)
}

// exit prints err as one line "error: ..." and perhaps one "hint: ...", and
// gives its exit code.
func (c *Command) exit(err error) int {
	if err == nil {
		return 0
	}
	var quiet *reported
	if errors.As(err, &quiet) {
		return quiet.code
	}
	var during *interrupted
	if errors.As(err, &during) {
		fmt.Fprintf(c.Stderr, "error: %s\nhint: %s\n", plain(during.Error()), fault.HintOf(err, ""))
		return exitSurroundings
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(c.Stderr, "error: interrupted: %s\n", plain(err.Error()))
		return exitSurroundings
	}
	fmt.Fprintf(c.Stderr, "error: %s\n", plain(err.Error()))
	if hint := fault.HintOf(err, ""); hint != "" {
		fmt.Fprintf(c.Stderr, "hint: %s\n", plain(hint))
	}
	var there *annotated
	if !errors.As(err, &there) {
		c.annotate(err)
	}
	return exitCode(err)
}

// exitCode is that of the innermost error that has one; 1 is the rule for the
// checks, so an error without one came from the surroundings.
func exitCode(err error) int { return fault.CodeOf(err, exitSurroundings) }

// annotated is an error that stands beside a line of the workflow's checkout already.
type annotated struct{ error }

func (a *annotated) Unwrap() error { return a.error }

// interrupted is the end of a run that a person or the system asked for. What
// was going on inside of a step, and failed by it, says nothing of use, but for
// the part that buildout was at.
type interrupted struct {
	step string // as its heading
	err  error
}

func (i *interrupted) Error() string {
	text := "interrupted while " + strings.ToLower(i.step[:1]) + i.step[1:]
	var b *buildout.Error
	if errors.As(i.err, &b) && b.Log != "" {
		text += ", at " + b.Doing + " (log: " + b.Log + ")"
	}
	return text
}

func (i *interrupted) Unwrap() error { return i.err }

// stopped is the error of a run that was interrupted at a step.
func stopped(step string, err error) error {
	return fault.Surroundings(&interrupted{step, err}, "run the same command again: it starts over, and removes what this run left unfinished")
}

// reported is an error whose text was printed already.
type reported struct{ code int }

func (r *reported) Error() string { return fmt.Sprintf("exit code %d", r.code) }

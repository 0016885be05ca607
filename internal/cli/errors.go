package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
)

// The exit codes.
const (
	exitFailed       = 1 // the buildout failed, to build or a check
	exitUsage        = 2 // wrong usage, or not for this system
	exitSurroundings = 3 // network, disk, GitHub
)

// hinted and coded are what errors of the other packages may say of
// themselves: what to do, and which exit code they are.
type hinted interface{ Hint() string }

type coded interface{ ExitCode() int }

// problem is an error of the command line itself.
type problem struct {
	text, hint string
	code       int
}

func (p *problem) Error() string { return p.text }
func (p *problem) Hint() string  { return p.hint }
func (p *problem) ExitCode() int { return p.code }

func usageError(text, hint string) error {
	return &problem{text: text, hint: hint, code: exitUsage}
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
		fmt.Fprintf(c.Stderr, "error: %s\nhint: %s\n", plain(during.Error()), during.Hint())
		return exitSurroundings
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(c.Stderr, "error: interrupted: %s\n", plain(err.Error()))
		return exitSurroundings
	}
	fmt.Fprintf(c.Stderr, "error: %s\n", plain(err.Error()))
	var h hinted
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintf(c.Stderr, "hint: %s\n", plain(h.Hint()))
	}
	var there *annotated
	if !errors.As(err, &there) {
		c.annotate(err)
	}
	return exitCode(err)
}

// exitCode is that of the innermost error that has one; 1 is the rule for the
// checks, so an error without one came from the surroundings.
func exitCode(err error) int {
	var cd coded
	switch {
	case errors.As(err, &cd):
		return cd.ExitCode()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return exitSurroundings
	}
	return exitSurroundings
}

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

func (i *interrupted) Hint() string {
	return "run the same command again: it starts over, and removes what this run left unfinished"
}

func (i *interrupted) ExitCode() int { return exitSurroundings }

// reported is an error whose text was printed already.
type reported struct{ code int }

func (r *reported) Error() string { return fmt.Sprintf("exit code %d", r.code) }

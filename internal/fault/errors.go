// Package fault is an error with a hint and an exit code.
package fault

import "errors"

// Error is a failure with what a person can do about it, and the exit code of
// docs/design.md: 1 a check failed, 2 wrong usage or not for this system, 3 the
// surroundings failed.
type Error struct {
	Err  error
	Code int
	Text string
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do; it may be empty.
func (e *Error) Hint() string { return e.Text }

// ExitCode is the process's exit code.
func (e *Error) ExitCode() int { return e.Code }

// Failed is an error of a check or of a build: exit code 1.
func Failed(err error, hint string) error { return &Error{Err: err, Code: 1, Text: hint} }

// Usage is an error of whoever called, or of a system that nothing is for: exit code 2.
func Usage(err error, hint string) error { return &Error{Err: err, Code: 2, Text: hint} }

// Surroundings is an error of the disk, the network or the system: exit code 3.
func Surroundings(err error, hint string) error { return &Error{Err: err, Code: 3, Text: hint} }

// CodeOf gives the exit code that an error of another package asks for.
func CodeOf(err error, otherwise int) int {
	var c interface{ ExitCode() int }
	if errors.As(err, &c) && c.ExitCode() >= 1 && c.ExitCode() <= 3 {
		return c.ExitCode()
	}
	return otherwise
}

// HintOf gives the hint of an error of another package.
func HintOf(err error, otherwise string) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint()
	}
	return otherwise
}

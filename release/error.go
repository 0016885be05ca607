package release

import (
	"errors"
	"fmt"
)

// Exit codes, as docs/design.md lists them.
const (
	exitUsage   = 2
	exitOutside = 3
)

// Error is a failure that a person can do something about.
type Error struct {
	Err  error
	hint string
	code int

	conflict bool
}

func (e *Error) Error() string { return e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Hint says what to do; empty if nothing is known to help.
func (e *Error) Hint() string { return e.hint }

// ExitCode is the process's exit code for this error.
func (e *Error) ExitCode() int {
	if e.code == 0 {
		return 1
	}
	return e.code
}

func fail(code int, hint, format string, a ...any) error {
	return &Error{Err: fmt.Errorf(format, a...), hint: hint, code: code}
}

// conflicts is fail where another run was in the way.
func conflicts(code int, hint, format string, a ...any) error {
	return &Error{Err: fmt.Errorf(format, a...), hint: hint, code: code, conflict: true}
}

func isConflict(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.conflict
}

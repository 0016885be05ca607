package pack

import "fmt"

// The exit codes that the errors of this package ask for.
const (
	exitCheck        = 1 // a check failed
	exitUsage        = 2 // wrong usage, or not for this system
	exitSurroundings = 3 // disk, network
)

// An Error is an error of this package that has a hint or an exit code.
type Error struct {
	Err  error
	hint string
	code int
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what a person can do; may be empty.
func (e *Error) Hint() string { return e.hint }

// ExitCode is 1, 2 or 3.
func (e *Error) ExitCode() int { return e.code }

func fail(code int, hint, format string, args ...any) error {
	return &Error{Err: fmt.Errorf(format, args...), hint: hint, code: code}
}

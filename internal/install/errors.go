package install

import (
	"errors"
	"runtime"
	"strings"
)

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

func failed(err error, hint string) error       { return &Error{Err: err, Code: 1, Text: hint} }
func usage(err error, hint string) error        { return &Error{Err: err, Code: 2, Text: hint} }
func surroundings(err error, hint string) error { return &Error{Err: err, Code: 3, Text: hint} }

// codeOf gives the exit code that an error of another package asks for.
func codeOf(err error, otherwise int) int {
	var c interface{ ExitCode() int }
	if errors.As(err, &c) && c.ExitCode() >= 1 && c.ExitCode() <= 3 {
		return c.ExitCode()
	}
	return otherwise
}

// hintOf gives the hint of an error of another package.
func hintOf(err error, otherwise string) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint()
	}
	return otherwise
}

// ShellWord quotes a word for a POSIX shell where it needs it, so that a hint
// can be pasted; what Windows' paths have needs none in its shells.
func ShellWord(s string) string {
	letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-"
	if runtime.GOOS == "windows" {
		letters += `\`
	}
	plain := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune(letters, r) }) < 0
	if plain && s != "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

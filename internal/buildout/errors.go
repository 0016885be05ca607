package buildout

import "fmt"

// Error says what couldn't be done, and what a person can do about it.
type Error struct {
	Doing string // gerund and object: "building part hello"
	Err   error
	Tip   string // what to do; may be empty
	Code  int    // exit code: 1 buildout failed, 2 wrong usage, 3 surroundings
	Log   string // path of the log file with the whole output; may be empty
}

func (e *Error) Error() string {
	s := e.Doing
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	if e.Log != "" {
		s += " (log: " + e.Log + ")"
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Hint is what a person can do, or empty.
func (e *Error) Hint() string { return e.Tip }

// ExitCode is the exit code that the program ends with.
func (e *Error) ExitCode() int {
	if e.Code == 0 {
		return 1
	}
	return e.Code
}

func usage(doing, hint, format string, args ...any) *Error {
	return &Error{Doing: doing, Err: fmt.Errorf(format, args...), Tip: hint, Code: 2}
}

func failed(doing, hint, format string, args ...any) *Error {
	return &Error{Doing: doing, Err: fmt.Errorf(format, args...), Tip: hint, Code: 1}
}

func surroundings(doing, hint string, err error) *Error {
	return &Error{Doing: doing, Err: err, Tip: hint, Code: 3}
}

package binfmt

import "errors"

// ErrFormat means that a file is none of the formats of this package.
var ErrFormat = errors.New("neither ELF nor Mach-O nor PE")

// ErrNotInPlace is in the chain of an Error that says that an edit needs more
// room than the file has, or would change what something else refers to.
var ErrNotInPlace = errors.New("it can't be changed in place")

// Error is what all functions of this package return.
type Error struct {
	Op   string // "reading", "setting the run path of"
	Kind Kind   // empty where it isn't known
	Err  error
	hint string
}

func (e *Error) Error() string {
	kind := map[Kind]string{ELF: "an ELF file", MachO: "a Mach-O file", PE: "a PE file", "": "a binary file"}[e.Kind]
	return e.Op + " " + kind + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// Hint says what a person can do; it may be empty.
func (e *Error) Hint() string {
	switch {
	case e.hint != "":
		return e.hint
	case errors.Is(e.Err, errTruncated), errors.Is(e.Err, errTooMuch):
		return "the file is damaged; build or fetch it again"
	}
	return ""
}

// inPlace is the error for an edit that this package can't do.
func inPlace(kind Kind, op, why, hint string) error {
	return &Error{Op: op, Kind: kind, Err: inPlaceError(why), hint: hint}
}

type inPlaceError string

func (e inPlaceError) Error() string   { return string(e) }
func (e inPlaceError) Is(t error) bool { return t == ErrNotInPlace }

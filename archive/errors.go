package archive

import (
	"errors"
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// The exit codes that the errors of this package ask for.
const (
	exitCheck        = 1 // a check failed
	exitUsage        = 2 // wrong usage, or not for this system
	exitSurroundings = 3 // disk, network
)

// Kinds of faults in an archive, for errors.Is.
var (
	ErrTruncated = errors.New("the archive is cut off")
	ErrCorrupt   = errors.New("the archive is damaged")
	ErrUnsafe    = errors.New("the archive is unsafe")
	ErrDuplicate = errors.New("a name occurs twice")
	ErrUnlisted  = errors.New("a file is not listed in files.json")
	ErrMissing   = errors.New("a listed file is missing")
	ErrTrailing  = errors.New("data follows the archive's end")
	ErrTooBig    = errors.New("a file is larger than files.json says")
	ErrNewer     = errors.New("the archive's format is newer than this program")
	ErrNotOurs   = errors.New("not an archive of binary-buildout")
	ErrExists    = errors.New("the directory exists and is not empty")
)

// hints say what a person can do about a kind of fault.
var hints = map[error]string{
	ErrTruncated: "download it again and compare its SHA-256",
	ErrCorrupt:   "download it again and compare its SHA-256",
	ErrTrailing:  "download it again and compare its SHA-256",
	ErrUnsafe:    "don't use it; get the archive from whoever made it",
	ErrDuplicate: "don't use it; get the archive from whoever made it",
	ErrUnlisted:  "don't use it; get the archive from whoever made it",
	ErrMissing:   "download it again and compare its SHA-256",
	ErrTooBig:    "don't use it; get the archive from whoever made it",
	ErrNewer:     "update binary-buildout",
	ErrNotOurs:   "an archive is made by `binary-buildout pack`",
	ErrExists:    "choose a directory that doesn't exist yet",
}

// exitCodes are those that are not 1.
var exitCodes = map[error]int{ErrNewer: exitUsage, ErrNotOurs: exitUsage, ErrExists: exitUsage}

// An Error is a fault of an archive that is read. It unwraps to one of the Err values.
type Error struct {
	Archive string // the archive's file, may be empty
	Path    string // the entry, may be empty
	Kind    error  // one of the Err values
	Detail  string // may be empty
}

func (e *Error) Error() string {
	s := ""
	if e.Archive != "" {
		s = "reading " + e.Archive + ": "
	}
	if e.Path != "" {
		s += fmt.Sprintf("%s: ", QuoteName(e.Path))
	}
	s += e.Kind.Error()
	if e.Detail != "" {
		s += " (" + e.Detail + ")"
	}
	return s
}

// Unwrap gives the kind, for errors.Is.
func (e *Error) Unwrap() error { return e.Kind }

// Hint says what a person can do.
func (e *Error) Hint() string { return hints[e.Kind] }

// ExitCode is 1 for a damaged or unsafe archive, 2 for one that this program can't take.
func (e *Error) ExitCode() int {
	if c, ok := exitCodes[e.Kind]; ok {
		return c
	}
	return exitCheck
}

// fail is an error of the program, not of an archive.
func fail(code int, hint, format string, args ...any) error {
	return &fault.Error{Err: fmt.Errorf(format, args...), Code: code, Text: hint}
}

// QuoteName gives a file's name for a message: as it is if it is plain, else quoted.
func QuoteName(s string) string {
	for _, r := range s {
		if r < 0x20 || r == 0x7f || r == '\ufffd' {
			return fmt.Sprintf("%q", s)
		}
	}
	return s
}

package pack

import (
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// The exit codes that the errors of this package ask for.
const (
	exitCheck        = 1 // a check failed
	exitUsage        = 2 // wrong usage, or not for this system
	exitSurroundings = 3 // disk, network
)

// fail is an error with an exit code and a hint.
func fail(code int, hint, format string, args ...any) error {
	return &fault.Error{Err: fmt.Errorf(format, args...), Code: code, Text: hint}
}

package release

import (
	"errors"
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Exit codes, as docs/design.md lists them.
const (
	exitUsage   = 2
	exitOutside = 3
)

// conflict is an error where another run was in the way.
type conflict struct{ error }

func (c *conflict) Unwrap() error { return c.error }

func fail(code int, hint, format string, a ...any) error {
	return &fault.Error{Err: fmt.Errorf(format, a...), Code: max(code, 1), Text: hint}
}

// conflicts is fail where another run was in the way.
func conflicts(code int, hint, format string, a ...any) error {
	return &fault.Error{Err: &conflict{fmt.Errorf(format, a...)}, Code: max(code, 1), Text: hint}
}

func isConflict(err error) bool {
	var c *conflict
	return errors.As(err, &c)
}

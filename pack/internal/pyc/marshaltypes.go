package pyc

import (
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
)

// marshalTypes are the type codes that marshal of Python 3.minor reads, all of
// which the reader here knows (TestMarshalTypes).
func marshalTypes(minor int) string { return cpython.Of(minor).MarshalTypes }

// Marshal is what an interpreter shows of its bytecode's format before a build.
type Marshal struct {
	Major, Minor int
	Types        string // the type codes that its marshal.loads knows
	Code         []byte // a module that it compiled and wrote
}

// Unknown gives the type codes of an interpreter that bytecode may have and
// CompileBytecode doesn't know. The error says that it can't read what this
// interpreter writes at all.
func (m Marshal) Unknown() ([]byte, error) {
	if m.Major == 2 {
		return nil, nil // its bytecode is packed as it is
	}
	if _, err := Canonical(m.Code, m.Major, m.Minor); err != nil {
		return nil, fmt.Errorf("trying the bytecode of Python %d.%d: %w", m.Major, m.Minor, err)
	}
	var unknown []byte
	for i := range len(m.Types) {
		if strings.IndexByte(marshalTypes(m.Minor), m.Types[i]) < 0 {
			unknown = append(unknown, m.Types[i])
		}
	}
	return unknown, nil
}

package buildout

import (
	"encoding/hex"
	"fmt"

	"github.com/binary-buildout/binary-buildout/pack"
)

// bytecode says, before a build, what packing couldn't do after it: read this
// interpreter's bytecode at all, or some of its constants.
func (b *builder) bytecode() error {
	m, err := b.in.marshal()
	if err != nil {
		return err
	}
	unknown, err := m.Unknown()
	if err != nil {
		return usage("finding the interpreter", "name an older Python with --python PATH, or update binary-buildout", "%w", err)
	}
	if len(unknown) > 0 {
		b.warn(fmt.Sprintf("marshal of Python %s has type codes that binary-buildout doesn't know: %q; if a module's bytecode has one, packing fails and names the module",
			b.in.Version, unknown))
	}
	return nil
}

// marshal is what the interpreter showed of its bytecode.
func (i Interpreter) marshal() (pack.Marshal, error) {
	var m pack.Marshal
	if _, err := fmt.Sscanf(i.Version, "%d.%d", &m.Major, &m.Minor); err != nil {
		return m, fmt.Errorf("reading the version %q: %w", i.Version, err)
	}
	code, err := hex.DecodeString(i.Marshalled)
	m.Types, m.Code = i.MarshalTypes, code
	return m, err
}

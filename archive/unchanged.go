package archive

import (
	"bytes"
	"path"
	"strings"
)

// unchanged tells of a path of an installed base whether its file is sure to be
// there as the archive has it: a delta may need no other, since people edit what
// they configure, and bin/buildout writes parts anew. Eggs are left alone, of
// what is relocated the archive's version is kept, and programs of ours are ours.
func unchanged(m *Manifest) func(name string) bool {
	kept := map[string]bool{BootstrapPy: true, LauncherName: true}
	for _, r := range m.Relocations {
		kept[r.Path] = r.Class == ClassText || r.Class == ClassCString
	}
	return func(name string) bool {
		egg := strings.HasPrefix(name, "eggs/") || strings.Contains(name, "/site-packages/")
		return !inVar(name) && path.Base(name) != "inituser" && (egg || kept[name])
	}
}

// magics are what files of machine code begin with: ELF, PE, Mach-O for one
// processor and for several.
var magics = []string{"\x7fELF", "MZ", "\xcf\xfa\xed\xfe", "\xce\xfa\xed\xfe", "\xca\xfe\xba\xbe"}

// isProgram tells by the beginning of a file whether it is machine code, which
// nobody edits.
func isProgram(head []byte) bool {
	for _, magic := range magics {
		if bytes.HasPrefix(head, []byte(magic)) {
			return true
		}
	}
	return false
}

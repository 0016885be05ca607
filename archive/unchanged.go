package archive

import (
	"path"
	"regexp"
	"strings"
)

// manuals are the headers and the manuals that `make install` puts into a part.
var manuals = regexp.MustCompile(`^parts/[^/]+/(include|share)/`)

// unchanged tells of a path of an installed base whether its file is sure to be
// there as the archive has it: a delta may need no other, since people edit what
// they configure, and bin/buildout writes parts anew. Eggs and an interpreter that
// lies in the archive are left alone, as headers and manuals of a part are; of what
// is relocated the archive's version is kept, and programs of ours are ours.
func unchanged(m *Manifest) func(name string) bool {
	kept := map[string]bool{BootstrapPy: true, LauncherName: true}
	for _, r := range m.Relocations {
		kept[r.Path] = r.Class == ClassText || r.Class == ClassCString
	}
	interpreter := func(name string) bool { return false }
	if m.BundledPython != nil {
		interpreter = func(name string) bool { return strings.HasPrefix(name, m.BundledPython.Directory+"/") }
	}
	return func(name string) bool {
		egg := strings.HasPrefix(name, "eggs/") || strings.Contains(name, "/site-packages/")
		return !inVar(name) && path.Base(name) != "inituser" && (egg || interpreter(name) || manuals.MatchString(name) || kept[name])
	}
}

package verify

import (
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// allNames bounds what the names of all binaries take that stay in memory, in
// bytes. Plone's 75 extensions have 2 MiB.
const allNames = 64 << 20

// slim leaves of an image the names that something here asks about, as copies:
// one substring would keep the whole string table. It gives what they take.
func slim(m *binfmt.Image) int {
	k := keeper{}
	m.Exports = slices.DeleteFunc(m.Exports, func(name string) bool { return !asked(name) })
	m.Imports = slices.DeleteFunc(m.Imports, func(s binfmt.Symbol) bool { return cplusplus(s.Name) })
	m.Exports, m.Imports = slices.Clip(slices.Clone(m.Exports)), slices.Clip(slices.Clone(m.Imports))
	k.all(m.Exports)
	for i := range m.Imports {
		s := &m.Imports[i]
		s.Name, s.Version, s.Library = k.copy(s.Name), k.shared(s.Version), k.shared(s.Library)
	}
	for i := range m.Versions {
		v := &m.Versions[i]
		v.File, v.Version = k.shared(v.File), k.shared(v.Version)
	}
	for _, names := range [][]string{m.Needed, m.Weak, m.Rpath, m.Runpath, m.Defines} {
		k.all(names)
	}
	m.Soname, m.Interp = k.copy(m.Soname), k.copy(m.Interp)
	return k.size + 64*(len(m.Imports)+len(m.Versions)) + 16*len(m.Exports)
}

// asked reports whether anything here looks for an export: a module's entry, or
// a function of Python's.
func asked(name string) bool {
	return strings.HasPrefix(name, "Py") || strings.HasPrefix(name, "_Py") || strings.HasPrefix(name, "init")
}

// cplusplus reports whether a name is one of C++, mangled: no rule names one.
func cplusplus(name string) bool {
	return strings.HasPrefix(name, "_Z") || strings.HasPrefix(name, "?")
}

// keeper copies strings, and counts their bytes.
type keeper struct {
	size   int
	copies map[string]string
}

func (k *keeper) copy(s string) string {
	k.size += len(s)
	return strings.Clone(s)
}

// shared copies each string once.
func (k *keeper) shared(s string) string {
	if c, ok := k.copies[s]; ok {
		return c
	}
	if k.copies == nil {
		k.copies = map[string]string{}
	}
	c := k.copy(s)
	k.copies[c] = c
	return c
}

func (k *keeper) all(names []string) {
	for i, s := range names {
		names[i] = k.copy(s)
	}
}

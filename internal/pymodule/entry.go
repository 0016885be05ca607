package pymodule

import (
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
)

// PythonVersion is a version of CPython, such as {3, 15}.
type PythonVersion struct{ Major, Minor int }

// Entries are the functions that a Python looks for in a module of that name,
// the usual one first: initx in Python 2, PyInit_x in Python 3, and in 3.15 and
// newer PyModExport_x too (PEP 793). A name that isn't ASCII has PyInitU_ or
// PyModExportU_ and its punycode (PEP 489). stem is the last part of the module's name.
func Entries(stem string, v PythonVersion) []string {
	if v.Major == 2 {
		return []string{"init" + stem}
	}
	return entries(stem, cpython.Of(v.Minor).Entries)
}

func entries(stem string, prefixes []string) []string {
	names := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		names[i] = prefix + mangled(stem)
	}
	return names
}

// AnyEntries are the functions that some Python takes for the entry of a module of that name.
func AnyEntries(stem string) []string {
	return append(entries(stem, prefixes()), Entries(stem, PythonVersion{Major: 2})...)
}

// prefixes are those of every Python 3, the usual one first.
func prefixes() []string {
	var all []string
	for _, p := range cpython.Known() {
		for _, prefix := range p.Entries {
			if !slices.Contains(all, prefix) {
				all = append(all, prefix)
			}
		}
	}
	return all
}

// mangled is what follows the prefix in a function's name.
func mangled(stem string) string {
	if strings.IndexFunc(stem, func(r rune) bool { return r > 127 }) >= 0 {
		return "U_" + strings.ReplaceAll(punycode(stem), "-", "_")
	}
	return "_" + stem
}

// Module is the name of the module whose entry a function of Python 3 is; false
// if it is none.
func Module(function string) (string, bool) {
	for _, prefix := range prefixes() {
		rest, ok := strings.CutPrefix(function, prefix)
		if !ok {
			continue
		}
		if code, ok := strings.CutPrefix(rest, "U_"); ok {
			return fromPunycode(code)
		}
		if stem, ok := strings.CutPrefix(rest, "_"); ok && stem != "" {
			return stem, true
		}
	}
	return "", false
}

// Entry looks for the entry of a file of that name, whichever Python's, among
// what the file exports, and gives the module's name: Python 2 finds
// xmodule.so as x. A file may export the entries of other modules too, as
// PyO3's do of each submodule: they say nothing.
func Entry(n Name, exports func(string) bool) (stem string, ok bool) {
	if slices.ContainsFunc(AnyEntries(n.Stem), exports) {
		return n.Stem, true
	}
	s, ok := strings.CutSuffix(n.Stem, "module")
	if ok && n.ABI == Plain && s != "" && exports(Entries(s, PythonVersion{Major: 2})[0]) {
		return s, true
	}
	return n.Stem, false
}

package pymodule

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// ABI is what a file's name says of the interpreters that look for it.
type ABI int

const (
	Plain   ABI = iota // x.so: every Python looks for it
	CPython            // x.cpython-313-x86_64-linux-gnu.so: one version of CPython
	ABI3               // x.abi3.so: the stable ABI (PEP 384)
	ABI3T              // x.abi3t.so: the stable ABI of free-threaded builds too (PEP 803), from 3.15 on
	Other              // PyPy, GraalPy
)

// String is the ABI's part of a file's name; empty for Plain.
func (a ABI) String() string {
	return [...]string{Plain: "", CPython: "cpython", ABI3: "abi3", ABI3T: "abi3t", Other: "other"}[a]
}

// Name is what an extension's file name says.
type Name struct {
	Stem     string // the last part of the module's name
	Package  bool   // it is a package's own __init__, compiled; Stem is the package's name
	ABI      ABI
	Major    int    // of CPython's version, as Minor; 0 for another ABI
	Minor    int    //
	Flags    string // "t", "m", "d"
	Platform string // "x86_64-linux-gnu", "darwin", "win_amd64"; empty if the name has none
}

var (
	cpythonName = regexp.MustCompile(`^(.+?)\.cpython-(\d)(\d+)([a-z]*)(?:-(.+))?\.so$`)
	windowsName = regexp.MustCompile(`^(.+?)(?:_d)?\.cp(\d)(\d+)([a-z]*)-(.+)\.pyd$`)
	stableName  = regexp.MustCompile(`^(.+?)\.abi3(t?)(?:-([^.]+))?\.(?:so|pyd)$`)
	otherName   = regexp.MustCompile(`^(.+?)\.(?:pypy|graalpy)[^.]*\.(?:so|pyd)$`)
	plainName   = regexp.MustCompile(`^(.+?)\.(?:so|pyd)$`)
)

// ParseName reads a file's base name; false if Python would import nothing of that name.
func ParseName(base string) (Name, bool) {
	for _, re := range []*regexp.Regexp{cpythonName, windowsName} {
		if m := re.FindStringSubmatch(base); m != nil {
			n := Name{Stem: m[1], ABI: CPython, Flags: m[4], Platform: m[5]}
			n.Major, _ = strconv.Atoi(m[2])
			n.Minor, _ = strconv.Atoi(m[3])
			return n, true
		}
	}
	if m := stableName.FindStringSubmatch(base); m != nil {
		n := Name{Stem: m[1], ABI: ABI3, Platform: m[3]}
		if m[2] != "" {
			n.ABI = ABI3T
		}
		return n, true
	}
	if m := otherName.FindStringSubmatch(base); m != nil {
		return Name{Stem: m[1], ABI: Other}, true
	}
	if m := plainName.FindStringSubmatch(base); m != nil {
		return Name{Stem: m[1]}, true
	}
	return Name{}, false
}

// NameOf reads a file's path, with slashes. A package's __init__ is imported by the package's name.
func NameOf(p string) (Name, bool) {
	n, ok := ParseName(path.Base(p))
	if ok && n.Stem == "__init__" && path.Dir(p) != "." {
		n.Stem, n.Package = path.Base(path.Dir(p)), true
	}
	return n, ok
}

// Stable says whether the name promises that only the stable ABI is used.
func (n Name) Stable() bool { return n.ABI == ABI3 || n.ABI == ABI3T }

// Newest says whether only Python 3.15 and newer look for such a name: abi3t,
// and a stable ABI with a platform. (Debian's own 3.14 looks for the latter
// too; the others don't.)
func (n Name) Newest() bool { return n.ABI == ABI3T || n.ABI == ABI3 && n.Platform != "" }

// Describe names what the file is for, as a wheel's tag does: "cp313t", "abi3".
func (n Name) Describe() string {
	if n.ABI != CPython {
		return n.ABI.String()
	}
	return fmt.Sprintf("cp%d%d%s", n.Major, n.Minor, n.Flags)
}

// Library says whether the name is one that a shared library would have, so
// that it tells nothing without an entry.
func (n Name) Library() bool { return n.ABI == Plain || strings.HasPrefix(n.Stem, "lib") }

package place

import (
	"regexp"
	"strings"
)

// Place is one path that is looked for.
type Place struct {
	Path        string
	Placeholder string // what takes its place in text; empty: nothing may
	What        string // for messages
	Root        bool   // the tree's own
	Common      bool   // an interpreter that many systems have at that path
	Secret      bool   // a credential: Path is its text, which is looked for as it is
	Made        bool   // so that what goes on from it begins with it: see pack.Origin.Made
}

// drive is how an absolute path of Windows begins.
var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// OnDrive tells whether an absolute path is one of Windows.
func OnDrive(p string) bool { return drive.MatchString(p) }

// Join joins with the separator that the first element uses.
func Join(elem ...string) string {
	if OnDrive(elem[0]) {
		return strings.Join(elem, `\`)
	}
	return strings.Join(elem, "/")
}

// TrimSlash takes away what a path ends with, slashes or backslashes, but of a root.
func TrimSlash(p string) string {
	if len(p) > 3 {
		return strings.TrimRight(p, `/\`)
	}
	return p
}

// ToSlash gives a path of Windows with slashes, and any other as it is.
func ToSlash(p string) string {
	if OnDrive(p) {
		return strings.ReplaceAll(p, `\`, "/")
	}
	return p
}

// Under tells whether p is dir or lies below it.
func Under(p, dir string) bool {
	p, dir = ToSlash(p), ToSlash(dir)
	return dir != "" && (p == dir || strings.HasPrefix(p, strings.TrimRight(dir, "/")+"/"))
}

// Package pyversion orders versions as PEP 440 does.
package pyversion

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// form is the regular expression of PEP 440, appendix B, with spellings that
// it normalizes ("1.0-RC.1", "v1.0", "1.0-1").
var form = regexp.MustCompile(`^(?i)v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)` +
	`(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)(?:[-_.]?([0-9]+))?)?` +
	`(?:-([0-9]+)|[-_.]?(post|rev|r)(?:[-_.]?([0-9]+))?)?` +
	`(?:[-_.]?(dev)(?:[-_.]?([0-9]+))?)?` +
	`(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)

// Version is a version that PEP 440 has an order for.
type Version struct {
	epoch   string // numbers are digits without zeros in front: they have no limit
	release []string
	pre     string // "a", "b", "rc", or "": none
	preN    string
	post    bool
	postN   string
	dev     bool
	devN    string
	local   []string
}

// Parse reads a version; not all that is called one is in PEP 440's form.
func Parse(text string) (Version, bool) {
	m := form.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil {
		return Version{}, false
	}
	v := Version{epoch: number(m[1]), preN: number(m[4]), post: m[5]+m[6] != "", postN: number(m[5] + m[7]), dev: m[8] != "", devN: number(m[9])}
	switch strings.ToLower(m[3]) {
	case "a", "alpha":
		v.pre = "a"
	case "b", "beta":
		v.pre = "b"
	case "c", "rc", "pre", "preview":
		v.pre = "rc"
	}
	for part := range strings.SplitSeq(m[2], ".") {
		v.release = append(v.release, number(part))
	}
	for len(v.release) > 1 && v.release[len(v.release)-1] == "" {
		v.release = v.release[:len(v.release)-1]
	}
	if m[10] != "" {
		v.local = strings.FieldsFunc(strings.ToLower(m[10]), func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	}
	return v, true
}

// Compare gives -1, 0 or 1: a is lower than b, equal to it, or higher.
func Compare(a, b Version) int {
	return cmp.Or(
		compareNumbers(a.epoch, b.epoch),
		slices.CompareFunc(a.release, b.release, compareNumbers),
		cmp.Compare(a.phase(), b.phase()),
		compareNumbers(a.preN, b.preN),
		compareFlags(a.post, b.post), compareNumbers(a.postN, b.postN),
		compareFlags(!a.dev, !b.dev), compareNumbers(a.devN, b.devN),
		slices.CompareFunc(a.local, b.local, compareLocal),
	)
}

// phase orders what leads to a release: 1.0.dev1, 1.0a1, 1.0b1, 1.0rc1, 1.0.
func (v Version) phase() int {
	switch v.pre {
	case "a":
		return 1
	case "b":
		return 2
	case "rc":
		return 3
	}
	if v.dev && !v.post {
		return 0
	}
	return 4
}

func number(digits string) string { return strings.TrimLeft(digits, "0") }

func compareNumbers(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

func compareFlags(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// compareLocal orders parts of a local version: numbers come after words.
func compareLocal(a, b string) int {
	aNumber, bNumber := strings.Trim(a, "0123456789") == "", strings.Trim(b, "0123456789") == ""
	if aNumber && bNumber {
		return compareNumbers(number(a), number(b))
	}
	return cmp.Or(compareFlags(aNumber, bNumber), strings.Compare(a, b))
}

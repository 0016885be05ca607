package pydist

import (
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pyversion"
)

// Requirement is one dependency (PEP 508).
type Requirement struct {
	Name   string // as it was written
	Extras []string
	spec   string // "<2,>=1"; "" for any version
	marker string
}

var requirement = regexp.MustCompile(`^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*(.*)$`)

// ParseRequirement reads "name[extra] (>=1,<2) ; marker" or "name @ URL ; marker".
func ParseRequirement(text string) (Requirement, bool) {
	m := requirement.FindStringSubmatch(text)
	if m == nil {
		return Requirement{}, false
	}
	r := Requirement{Name: m[1]}
	for extra := range strings.SplitSeq(m[2], ",") {
		if extra = strings.TrimSpace(extra); extra != "" {
			r.Extras = append(r.Extras, PlainName(extra))
		}
	}
	rest := m[3]
	if url, ok := strings.CutPrefix(rest, "@"); ok {
		// Only a semicolon after a space ends a URL.
		if i := strings.Index(url, " ;"); i >= 0 {
			r.marker = url[i+2:]
		}
		return r, true
	}
	rest, r.marker, _ = strings.Cut(rest, ";")
	r.spec = strings.Trim(strings.TrimSpace(rest), "()")
	return r, true
}

// AppliesTo says whether the requirement counts in an environment, where the
// distribution that has it is wanted with extras.
func (r Requirement) AppliesTo(e Environment, extras map[string]bool) bool {
	if strings.TrimSpace(r.marker) == "" {
		return true
	}
	if e.allows(r.marker, "") {
		return true
	}
	for extra := range extras {
		if e.allows(r.marker, extra) {
			return true
		}
	}
	return false
}

// Fits says whether a version is one that is asked for. Versions that PEP 440
// has no order for fit.
func (r Requirement) Fits(version string) bool {
	for clause := range strings.SplitSeq(r.spec, ",") {
		if clause = strings.TrimSpace(clause); clause == "" {
			continue
		}
		i := strings.IndexFunc(clause, func(r rune) bool { return !strings.ContainsRune("=<>!~", r) })
		if i < 1 {
			continue
		}
		if holds, known := compareVersions(version, clause[:i], strings.TrimSpace(clause[i:])); known && !holds {
			return false
		}
	}
	return true
}

// Satisfies says whether a version is one that a specifier asks for, as
// Requires-Python has it (">=3.8, !=3.9.0"). What PEP 440 has no order for is.
func Satisfies(version, specifier string) bool { return Requirement{spec: specifier}.Fits(version) }

// compareVersions says whether "version op other" holds (PEP 440), and whether
// it can be said.
func compareVersions(version, op, other string) (holds, known bool) {
	prefix, any := strings.CutSuffix(other, ".*")
	v, ok := pyversion.Parse(version)
	o, okOther := pyversion.Parse(prefix)
	if op == "===" {
		return version == other, true
	}
	if !ok || !okOther {
		return false, false
	}
	c := pyversion.Compare(v, o)
	switch op {
	case "==", "!=":
		equal := c == 0 || any && within(version, prefix)
		return equal == (op == "=="), true
	case "<=":
		return c <= 0, true
	case ">=":
		return c >= 0, true
	case "<":
		return c < 0, true
	case ">":
		return c > 0, true
	case "~=":
		i := strings.LastIndex(prefix, ".")
		return c >= 0 && i > 0 && within(version, prefix[:i]), true
	}
	return false, false
}

// within says whether a version's numbers begin with those of prefix.
func within(version, prefix string) bool {
	return version == prefix || strings.HasPrefix(version, prefix) && !isDigit(version[len(prefix)])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// PlainName is a project's or an extra's name by PEP 503.
func PlainName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c != '-' && c != '_' && c != '.':
			b.WriteByte(c)
		case i == 0 || !strings.ContainsRune("-_.", rune(name[i-1])):
			b.WriteByte('-')
		}
	}
	return strings.ToLower(b.String())
}

// parseRequiresTxt reads EGG-INFO/requires.txt of setuptools: requirements, and
// after "[extra:marker]" those that only count so.
func parseRequiresTxt(text string) []Requirement {
	var all []Requirement
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '[' && strings.HasSuffix(line, "]") {
			section = sectionMarker(line[1 : len(line)-1])
			continue
		}
		r, ok := ParseRequirement(line)
		if !ok {
			continue
		}
		if r.marker = strings.TrimSpace(r.marker); r.marker != "" && section != "" {
			r.marker = "(" + r.marker + ") and " + section
		} else if section != "" {
			r.marker = section
		}
		all = append(all, r)
	}
	return all
}

func sectionMarker(head string) string {
	extra, marker, _ := strings.Cut(head, ":")
	var parts []string
	if extra != "" {
		parts = append(parts, `extra == "`+extra+`"`)
	}
	if marker != "" {
		parts = append(parts, "("+marker+")")
	}
	return strings.Join(parts, " and ")
}

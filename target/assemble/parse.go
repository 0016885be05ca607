package assemble

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	docstring   = regexp.MustCompile(`\A"""((?s:.*?))"""\n`)
	importLine  = regexp.MustCompile(`\Aimport (\w+)\n`)
	fromLine    = regexp.MustCompile(`\Afrom (\w+) import (?:\(([^)]*)\)|([\w, ]+))\n`)
	definition  = regexp.MustCompile(`(?m)^(?:def|class) (\w+)`)
	assignment  = regexp.MustCompile(`(?m)^(\w+(?:, \w+)*) = `)
	otherImport = regexp.MustCompile(`(?m)^(?:import|from) .*`)
)

// parse reads one file: docstring, imports, and all else.
func parse(name, text string) (*module, error) {
	m := &module{name: name}
	if found := docstring.FindStringSubmatch(text); found != nil {
		m.subject, text = strings.TrimSpace(found[1]), text[len(found[0]):]
	}
	for {
		text = strings.TrimLeft(text, "\n")
		if found := importLine.FindStringSubmatch(text); found != nil {
			m.library, text = append(m.library, found[1]), text[len(found[0]):]
		} else if found := fromLine.FindStringSubmatch(text); found != nil {
			m.local = append(m.local, use{found[1], strings.FieldsFunc(found[2]+found[3], func(r rune) bool { return strings.ContainsRune(", \n", r) })})
			text = text[len(found[0]):]
		} else {
			break
		}
	}
	m.body = strings.TrimRight(text, "\n")
	if found := otherImport.FindString(withoutStrings(m.body)); found != "" {
		return nil, fmt.Errorf("%s: this line has another form than \"import x\" or \"from x import y\" at the top: %s", name, found)
	}
	m.binds = names(m.body)
	return m, nil
}

// names are those that a text binds at its top level, without a condition.
func names(text string) []string {
	text = withoutStrings(text)
	var found []string
	for _, d := range definition.FindAllStringSubmatch(text, -1) {
		found = append(found, d[1])
	}
	for _, a := range assignment.FindAllStringSubmatch(text, -1) {
		found = append(found, strings.Split(a[1], ", ")...)
	}
	return found
}

// withoutStrings takes long strings out, which may hold lines of programs.
func withoutStrings(text string) string {
	text = regexp.MustCompile(`(?s)"""(?:[^"\\]|\\.|"[^"]|""[^"])*"""`).ReplaceAllString(text, `""`)
	return regexp.MustCompile(`(?s)br'''.*?\n'''`).ReplaceAllString(text, `''`)
}

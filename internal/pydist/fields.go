package pydist

import "strings"

// fields are the headers of METADATA or PKG-INFO (core metadata, PEP 566), by
// name in lower case, each with its values in their order.
type fields map[string][]string

// parseFields reads headers up to the first blank line. A line that begins
// with a space goes on with the value before it. "UNKNOWN" is what setuptools
// before 66 and distutils write where there is no value.
func parseFields(text string) fields {
	all := fields{}
	last := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if values := all[last]; len(values) > 0 {
				values[len(values)-1] += "\n" + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			continue
		}
		last = strings.ToLower(name)
		if value = strings.TrimSpace(value); value == "UNKNOWN" {
			value = ""
		}
		all[last] = append(all[last], value)
	}
	return all
}

// first is the first value of a header that isn't empty, or "".
func (f fields) first(name string) string {
	for _, value := range f[name] {
		if value != "" {
			return value
		}
	}
	return ""
}

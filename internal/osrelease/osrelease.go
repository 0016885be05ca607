// Package osrelease says which system this is, as os-release(5) has it.
package osrelease

import (
	"os"
	"strings"
)

// System is what /etc/os-release says of a Linux; empty elsewhere.
type System struct {
	ID   string   // "ubuntu"
	Name string   // "debian 12"
	IDs  []string // the nearest first: ["ubuntu", "debian"]
}

// Read reads this system's.
func Read() System {
	text, _ := os.ReadFile("/etc/os-release")
	return Parse(string(text))
}

// Parse reads the file's text.
func Parse(text string) System {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[key] = strings.Trim(value, `"'`)
		}
	}
	return System{
		ID:   fields["ID"],
		Name: strings.TrimSpace(fields["ID"] + " " + fields["VERSION_ID"]),
		IDs:  append(strings.Fields(fields["ID"]), strings.Fields(fields["ID_LIKE"])...),
	}
}

package buildout

import (
	"os"
	"strings"
)

// system is what /etc/os-release says of a Linux; empty elsewhere.
type system struct {
	name string   // "debian 12"
	ids  []string // the nearest first: ["ubuntu", "debian"]
}

func readSystem() system {
	text, _ := os.ReadFile("/etc/os-release")
	return parseSystem(string(text))
}

func parseSystem(text string) system {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[key] = strings.Trim(value, `"'`)
		}
	}
	return system{
		name: strings.TrimSpace(fields["ID"] + " " + fields["VERSION_ID"]),
		ids:  append(strings.Fields(fields["ID"]), strings.Fields(fields["ID_LIKE"])...),
	}
}

package why

import (
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

var (
	secret = regexp.MustCompile(`(?i)passw|secret|token|credential|api.?key`)
	// said is a line that gives one its value: "DB_PASSWORD x", "password='x'".
	said    = regexp.MustCompile(`(?i)(?:passw|secret|token|credential|api.?key)[A-Za-z0-9_-]*['"\])]*[ \t]*[=: \t][ \t]*[^ \t=<>]`)
	address = regexp.MustCompile(`\S*://\S*`)
)

// shown is a value without what may be a secret. zope2instance's option user is
// NAME:PASSWORD.
func shown(name, value string) string {
	user, _, login := strings.Cut(value, ":")
	switch {
	case value == "":
		return ""
	case secret.MatchString(name):
		return "(not shown)"
	case name == "user" && login:
		return user + ":(not shown)"
	}
	lines := strings.Split(value, "\n")
	for i, line := range lines {
		if said.MatchString(line) {
			lines[i] = "(not shown)"
		} else {
			lines[i] = address.ReplaceAllStringFunc(line, secrets.Shown)
		}
	}
	return strings.Join(lines, "\n")
}

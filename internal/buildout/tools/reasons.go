package tools

import (
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

var (
	pipRetry    = regexp.MustCompile(`^WARNING: Retrying .*connection broken by '(.*)': (\S+)$`)
	pipVersions = regexp.MustCompile(`^(ERROR: Could not find a version that satisfies the requirement .*?) \(from versions: (.*)\)$`)
	// pipResolver is what pip's resolver says of whatever went wrong with a
	// requirement that a constraint names too.
	pipResolver = regexp.MustCompile(`^ERROR: Cannot install .* because these package versions have conflicting dependencies`)
	// pipChatter are the lines that say nothing of an error.
	pipChatter = regexp.MustCompile(`^(?:Looking in |Collecting |INFO: |  |ERROR: ResolutionImpossible|To fix this |\d\. |\s*$)`)
	pipCause   = regexp.MustCompile(`^    (?:The user requested |\S+ \S+ depends on )`)
)

// Reasons are the lines of pip's output that say why it failed: a retry
// once, of a project's versions the newest, and of the resolver's words what
// isn't said by another line.
func Reasons(out string) string {
	var lines, resolver []string
	retry := ""
	for line := range strings.Lines(out) {
		line = strings.TrimRight(line, "\r\n")
		m := pipVersions.FindStringSubmatch(line)
		switch {
		case pipRetry.MatchString(line):
			retry = line
		case m != nil:
			versions := strings.Split(m[2], ", ")
			lines = append(lines, m[1]+" (the newest ones are "+strings.Join(versions[max(0, len(versions)-5):], ", ")+")")
		case pipResolver.MatchString(line):
			resolver = append(resolver, line)
		case pipCause.MatchString(line):
			resolver = append(resolver, strings.TrimSpace(line))
		case pipChatter.MatchString(line):
		default:
			lines = append(lines, line)
		}
	}
	if retry != "" {
		lines = append([]string{retry}, lines...)
	}
	if !strings.Contains(strings.Join(lines, "\n"), "ERROR: ") && retry == "" {
		lines = append(lines, resolver...)
	}
	if len(lines) == 0 {
		return secrets.LastLines(out, 6)
	}
	return secrets.LastLines(strings.Join(lines, "\n"), 6)
}

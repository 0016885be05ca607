package buildout

import (
	"regexp"
	"strings"
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

// pipReasons are the lines of pip's output that say why it failed: a retry
// once, of a project's versions the newest, and of the resolver's words what
// isn't said by another line.
func pipReasons(out string) string {
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
		return lastLines(out, 6)
	}
	return lastLines(strings.Join(lines, "\n"), 6)
}

// adviceOfPip is what to do about a pip that didn't get zc.buildout, by what it said.
func adviceOfPip(said string) advice {
	for _, c := range []struct {
		shows, tip string
		code       int
	}{
		{`(?i)CERTIFICATE_VERIFY_FAILED|certificate verify failed`, notTrusted, 3},
		{`(?i)ProxyError|407 Proxy|Tunnel connection failed|Cannot connect to proxy`, noProxy, 3},
		{noNetwork.String() + `|Read timed out|NewConnectionError`, "the package index can't be reached: check the network, HTTPS_PROXY, PIP_INDEX_URL and [buildout] index", 3},
		{`(?i)40[13] Client Error|Unauthorized|Forbidden`, "the package index wants a login: check PIP_INDEX_URL, ~/.netrc and [buildout] index", 3},
		{`\(the newest ones are none\)|404 Client Error`, "the package index has no such project, or nothing of it for this Python: check PIP_INDEX_URL and [buildout] index", 3},
		{`No matching distribution found for |Cannot install \S+ because `, "correct the pin: --buildout-version, [versions], requirements.txt or constraints.txt names a version that the index doesn't have for this Python", 1},
		{`conflicting dependencies`, "make the pins of zc.buildout, setuptools, pip and wheel agree: [versions], requirements.txt and constraints.txt", 1},
	} {
		if regexp.MustCompile(c.shows).MatchString(said) {
			return advice{c.tip, c.code}
		}
	}
	return advice{"see what pip says; PIP_INDEX_URL names another package index", 3}
}

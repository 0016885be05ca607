package secrets

import (
	"regexp"
	"strings"
)

var (
	withScheme = regexp.MustCompile(`(?s)^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)$`)
	scheme     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/*`)
	// remote is an address of another machine: with a scheme, or host:path as ssh
	// has it. A drive of Windows has one letter.
	remote = regexp.MustCompile(`^(?:([a-z][a-z0-9+.-]*)://|[^/\\:]{2,}:)`)
	logins = regexp.MustCompile(`(://)[^/\s@'"]*:[^/\s@'"]*@`)
)

// Shown leaves out of an address what may be a secret: user and password, a token
// is either, and the query, which signs those of object stores. Of what is hardly
// an address all up to the last @ may be a password. install.py has the same.
func Shown(address string) string {
	bare, _, signed := withoutUser(address)
	if signed {
		bare += "?..."
	}
	return bare
}

// Published is the address that an archive names: none of this machine's own
// directories, which say nothing elsewhere, and without user and password. The
// name in git@host:path isn't a credential, and stays, as does that in ssh://git@host.
func Published(address string) string {
	m := remote.FindStringSubmatch(strings.ToLower(address))
	switch {
	case m == nil || strings.HasSuffix(m[1], "file"):
		return ""
	case m[1] == "ssh" || m[1] == "git+ssh":
		return address
	}
	bare, query, found := withoutUser(address)
	if found {
		bare += "?" + query
	}
	return bare
}

// Mask hides the passwords of URLs in a text that is shown.
func Mask(text string) string { return logins.ReplaceAllString(text, "${1}***@") }

// withoutUser takes user and password out of an address, and its query apart.
func withoutUser(address string) (bare, query string, found bool) {
	m := withScheme.FindStringSubmatch(address)
	if m == nil {
		i := strings.LastIndexByte(address, '@')
		if i < 0 || !strings.Contains(address[:i], ":") {
			return address, "", false // a folder, a repository
		}
		return scheme.FindString(address[:i]) + "...@" + address[i+1:], "", false
	}
	host, path := m[2], m[3]
	if i := strings.LastIndexByte(path, '@'); i >= 0 && strings.ContainsAny(host, "@:") {
		path, _, _ = strings.Cut(path[i+1:], "?")
		return m[1] + "...@" + path, "", false
	}
	path, query, found = strings.Cut(path, "?")
	return m[1] + host[strings.LastIndexByte(host, '@')+1:] + path, query, found
}

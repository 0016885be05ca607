package explain

import "regexp"

// OfPip is what to do about a pip that didn't get zc.buildout, by what it said.
func OfPip(said string) Advice {
	for _, c := range []struct {
		shows, tip string
		code       int
	}{
		{`(?i)CERTIFICATE_VERIFY_FAILED|certificate verify failed`, notTrusted, 3},
		{`(?i)ProxyError|407 Proxy|Tunnel connection failed|Cannot connect to proxy`, noProxy, 3},
		{noNetwork.String() + `|Read timed out|NewConnectionError`, "the package index can't be reached: check the network, HTTPS_PROXY, PIP_INDEX_URL and [buildout] index", 3},
		{`(?i)40[13] Client Error|Unauthorized|Forbidden`, "the package index requires a login: check PIP_INDEX_URL, ~/.netrc and [buildout] index", 3},
		{`\(the newest ones are none\)|404 Client Error`, "the package index has no such project, or nothing of it for this Python: check PIP_INDEX_URL and [buildout] index", 3},
		{`No matching distribution found for |Cannot install \S+ because `, "correct the pin: --buildout-version, [versions], requirements.txt or constraints.txt names a version that the index doesn't have for this Python", 1},
		{`conflicting dependencies`, "make the pins of zc.buildout, setuptools, pip and wheel agree: [versions], requirements.txt and constraints.txt", 1},
	} {
		if regexp.MustCompile(c.shows).MatchString(said) {
			return Advice{Tip: c.tip, Code: c.code}
		}
	}
	return Advice{Tip: "see what pip says; PIP_INDEX_URL names another package index", Code: 3}
}

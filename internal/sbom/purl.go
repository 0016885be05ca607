package sbom

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// purlPart percent-encodes as the purl specification asks: all but letters,
// digits and . - _ ~ :
func purlPart(s string) string {
	return strings.NewReplacer("+", "%20", "%3A", ":").Replace(url.QueryEscape(s))
}

// purl is pkg:TYPE/NAME@VERSION with qualifiers, which are sorted by their keys.
func purl(kind, name, version string, qualifiers map[string]string) string {
	p := "pkg:" + kind + "/" + purlPart(name)
	if version != "" {
		p += "@" + purlPart(version)
	}
	var pairs []string
	for key, value := range qualifiers {
		if value != "" {
			// packageurl-python leaves a value's slashes as they are.
			pairs = append(pairs, key+"="+strings.ReplaceAll(purlPart(value), "%2F", "/"))
		}
	}
	slices.Sort(pairs)
	if len(pairs) > 0 {
		p += "?" + strings.Join(pairs, "&")
	}
	return p
}

// pypi is the purl of a project's version: by purl's definition of pypi, in
// lower case, with dashes, and with its dots.
func pypi(name, version string) string {
	return purl("pypi", strings.ReplaceAll(strings.ToLower(name), "_", "-"), version, nil)
}

var sourceName = regexp.MustCompile(`^(.+?)[-_]v?([0-9][0-9A-Za-z.+~-]*?)(?:\.orig)?\.(?:tar(?:\.[A-Za-z0-9]+)?|tgz|tbz2?|txz|zip)$`)

// sourceOf is the name and the version that a source archive's name says:
// "nginx-1.24.0.tar.gz"; without a version, the name is the file's.
func sourceOf(file string) (name, version string) {
	if m := sourceName.FindStringSubmatch(file); m != nil {
		return m[1], m[2]
	}
	return file, ""
}

package fetch

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// addressForm is one that curl, wget, Python and net/http read alike.
var addressForm = regexp.MustCompile(`^https?://(?:[^\s/?#@\\]*@)?(?:\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\\\[\]]+)(?::[0-9]*)?(?:[/?#][^\s\\]*)?$`)

// IsAddress is whether a source is an address of the one form that is taken.
func IsAddress(source string) bool { return addressForm.MatchString(source) }

// looksLikeAddress is whether a source was meant as one.
func looksLikeAddress(source string) bool {
	lower := strings.ToLower(source)
	return strings.HasPrefix(lower, "http:") || strings.HasPrefix(lower, "https:") || strings.Contains(source, "://")
}

func notAnAddress(source string) error {
	return fault.Usage(fmt.Errorf("installing %s: it isn't a URL", WithoutUser(source)),
		"https://HOST/... or https://USER:PASSWORD@HOST/...; special characters of a password as %40")
}

// reason is an error of the file system without the path, which may be an
// address with a password.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

var (
	withScheme = regexp.MustCompile(`(?s)^([A-Za-z][A-Za-z0-9+.-]*://)([^/?#]*)(.*)$`)
	scheme     = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:/*`)
)

// WithoutUser leaves out of an address what may be a secret: user and password,
// a token is either, and the query, which signs those of object stores. Of what is
// hardly an address all up to the last @ may be a password. install.py has the same.
func WithoutUser(address string) string {
	m := withScheme.FindStringSubmatch(address)
	if m == nil {
		i := strings.LastIndexByte(address, '@')
		if i < 0 || !strings.Contains(address[:i], ":") {
			return address // a folder, a repository
		}
		return scheme.FindString(address[:i]) + "...@" + address[i+1:]
	}
	host, path := m[2], m[3]
	if i := strings.LastIndexByte(path, '@'); i >= 0 && strings.ContainsAny(host, "@:") {
		path, _, _ = strings.Cut(path[i+1:], "?")
		return m[1] + "...@" + path
	}
	path, _, signed := strings.Cut(path, "?")
	if signed {
		path += "?..."
	}
	return m[1] + host[strings.LastIndexByte(host, '@')+1:] + path
}

// errDowngraded is a redirect that anybody on the way could have written, or could
// change what it leads to.
var errDowngraded = errors.New("it is led on from https to http, which anybody on the way can change")

// staySecure is a client's CheckRedirect: once https, always https.
func staySecure(r *http.Request, via []*http.Request) error {
	if via[len(via)-1].URL.Scheme == "https" && r.URL.Scheme != "https" {
		return errDowngraded
	}
	if len(via) >= 10 {
		return errors.New("stopped after 10 redirects")
	}
	return nil
}

package doctor

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// dialTime is how long a proxy may take to answer.
const dialTime = 3 * time.Second

// proxies looks at the variables that name proxies, and knocks at each.
func proxies(ctx context.Context, p Patient) []Finding {
	var all []Finding
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY"} {
		upper, lower := p.getenv(name), p.getenv(strings.ToLower(name))
		if upper != "" && lower != "" && upper != lower {
			all = append(all, odd("proxy", "unset "+strings.ToLower(name)+", or give both the same value", "%s and %s differ: some programs read the one, some the other", name, strings.ToLower(name))...)
		}
		switch {
		case upper != "":
			all = append(all, proxy(ctx, name, upper)...)
		case lower != "":
			all = append(all, proxy(ctx, strings.ToLower(name), lower)...)
		}
	}
	if len(all) == 0 {
		return good("proxy", "none is set")
	}
	return all
}

func proxy(ctx context.Context, name, value string) []Finding {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" {
		return odd("proxy", name+"=http://HOST:PORT", "%s isn't an address with a scheme, which pip and curl take in different ways", name)
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443"}[u.Scheme]
	}
	if port == "" {
		port = "80"
	}
	d := net.Dialer{Timeout: dialTime}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return missing("proxy", "unset "+name+", or correct it", "%s, %s, can't be reached", name, secrets.Shown(value))
	}
	conn.Close()
	return good("proxy", "%s, %s, answers", name, secrets.Shown(value))
}

// bundles are where systems keep the certificates that they trust.
func bundles() []string {
	return []string{"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"}
}

// certificates looks for those that https needs.
func certificates(_ context.Context, p Patient) []Finding {
	var all []Finding
	named := map[string]bool{}
	for _, name := range []string{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"} {
		path := p.getenv(name)
		if path == "" || named[path] {
			continue
		}
		named[path] = true
		if _, err := os.Stat(path); err != nil {
			all = append(all, missing("certificates", "unset "+name+", or name the file of your CA", "%s names %s, which isn't there", name, path)...)
		} else {
			all = append(all, good("certificates", "%s is %s", name, path)...)
		}
	}
	if p.OS != "linux" || len(all) > 0 {
		return all
	}
	for _, path := range bundles() {
		if info, err := os.Stat(path); err == nil && info.Size() > 0 {
			return good("certificates", "%s", path)
		}
	}
	return missing("certificates", "install the package ca-certificates", "this system has no list of certificates, so https fails")
}

package syspackages

import (
	"strings"
	"testing"
)

// A missing header is a line for the section on the system that it is for, and the packages' names for others.
func TestHeaderHint(t *testing.T) {
	for _, c := range []struct{ header, system, want string }{
		{"ldap.h", "debian", "before = apt-get update && apt-get install -y libldap-dev (dnf: openldap-devel, apk: openldap-dev, brew: openldap)"},
		{"libxslt/xslt.h", "rhel", "before = dnf install -y libxslt-devel (apt: libxslt1-dev, apk: libxslt-dev, brew: libxslt)"},
		{"openssl/ssl.h", "alpine", "before = apk add openssl-dev (apt: libssl-dev, dnf: openssl-devel, brew: openssl@3)"},
		{"sasl/sasl.h", "darwin", "before = brew install cyrus-sasl (apt: libsasl2-dev, dnf: cyrus-sasl-devel, apk: cyrus-sasl-dev)"},
		{"unheard.h", "debian", ""},
	} {
		if got := headerHintOn([]string{c.system}, c.header); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.header, c.system, got, c.want)
		}
	}
	for _, name := range []string{"ldap.h", "lber.h", "ffi.h", "libpq-fe.h", "jpeglib.h", "libxml/xmlversion.h", "libxslt/xslt.h", "openssl/ssl.h", "mysql.h", "sasl.h", "cups/http.h", "zlib.h"} {
		for _, m := range managers {
			i := strings.Index(headerHintOn(m.ids, name), "before = "+m.command+" ")
			if i != 0 {
				t.Errorf("%s by %s: %q", name, m.name, headerHintOn(m.ids, name))
			}
		}
	}
}

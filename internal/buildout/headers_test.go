package buildout

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
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
		if got := headerHintOn(c.header, []string{c.system}); got != c.want {
			t.Errorf("%s on %s: %q, want %q", c.header, c.system, got, c.want)
		}
	}
	for _, name := range []string{"ldap.h", "lber.h", "ffi.h", "libpq-fe.h", "jpeglib.h", "libxml/xmlversion.h", "libxslt/xslt.h", "openssl/ssl.h", "mysql.h", "sasl.h", "cups/http.h", "zlib.h"} {
		for _, line := range []string{"x.c:1:10: fatal error: " + name + ": No such file or directory", "x.c:1:10: fatal error: '" + name + "' file not found",
			"x.c(1): fatal error C1083: Cannot open include file: '" + name + "': No such file or directory"} {
			if got := KnownHeader(line); got != name {
				t.Errorf("%q is about %q", line, got)
			}
		}
		for _, m := range managers {
			i := strings.Index(headerHintOn(name, m.ids), "before = "+m.command+" ")
			if i != 0 {
				t.Errorf("%s by %s: %q", name, m.name, headerHintOn(name, m.ids))
			}
		}
	}
}

// What a project that parts ask for needs and this machine hasn't is said before the build; pins ask for nothing.
func TestMissingHeaders(t *testing.T) {
	testtool.Program(t, "cc") // without one nothing can be asked
	dir := write(t, map[string]string{"include/ldap.h": "", "include/sasl/sasl.h": ""})
	b := builder{s: stage{root: filepath.Join(dir, "root")}, tools: Toolchain{Compiler: true, Headers: true},
		o: Options{OS: "linux", Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "CPPFLAGS=-nostdinc -I" + dir + "/include"}}}
	c := config{Raw: map[string]map[string]string{"app": {"eggs": "site\n    python_ldap[x] >=3"}, "versions": {"psycopg2": "2.9", "mysqlclient": "2"}}}
	got := b.missingHeaders(c)
	if len(got) != 1 || !strings.HasPrefix(got[0], "python-ldap needs lber.h, which isn't here: before = ") {
		t.Errorf("got %q", got)
	}
	b.tools = Toolchain{Headers: true, Command: "apt-get install -y gcc"}
	if got := b.missingHeaders(c); len(got) != 1 || got[0] != "python-ldap is compiled here, and a C compiler is missing; run: apt-get install -y gcc" {
		t.Errorf("without a compiler: %q", got)
	}
}

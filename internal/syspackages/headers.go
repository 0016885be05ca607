package syspackages

import (
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

// header is a header of a library, with "/" at its end a directory of such, or a
// program that a setup.py asks for a library, and what brings it: packages of
// apt, dnf, apk and brew; "" where there is none.
type header struct{ name, apt, dnf, apk, brew string }

// headers are those that extensions of the Zope and Plone world are compiled
// against. Debian's names are those of bookworm and newer.
var headers = []header{
	{"ldap.h", "libldap-dev", "openldap-devel", "openldap-dev", "openldap"},
	{"lber.h", "libldap-dev", "openldap-devel", "openldap-dev", "openldap"},
	{"sasl.h", "libsasl2-dev", "cyrus-sasl-devel", "cyrus-sasl-dev", "cyrus-sasl"},
	{"sasl/", "libsasl2-dev", "cyrus-sasl-devel", "cyrus-sasl-dev", "cyrus-sasl"},
	{"ffi.h", "libffi-dev", "libffi-devel", "libffi-dev", "libffi"},
	{"openssl/", "libssl-dev", "openssl-devel", "openssl-dev", "openssl@3"},
	{"libxml/", "libxml2-dev", "libxml2-devel", "libxml2-dev", "libxml2"},
	{"libxslt/", "libxslt1-dev", "libxslt-devel", "libxslt-dev", "libxslt"},
	{"libexslt/", "libxslt1-dev", "libxslt-devel", "libxslt-dev", "libxslt"},
	{"xmlsec/", "libxmlsec1-dev", "xmlsec1-devel", "xmlsec-dev", "libxmlsec1"},
	{"jpeglib.h", "libjpeg-dev", "libjpeg-turbo-devel", "libjpeg-turbo-dev", "jpeg-turbo"},
	{"tiffio.h", "libtiff-dev", "libtiff-devel", "tiff-dev", "libtiff"},
	{"ft2build.h", "libfreetype-dev", "freetype-devel", "freetype-dev", "freetype"},
	{"lcms2.h", "liblcms2-dev", "lcms2-devel", "lcms2-dev", "little-cms2"},
	{"webp/", "libwebp-dev", "libwebp-devel", "libwebp-dev", "webp"},
	{"zlib.h", "zlib1g-dev", "zlib-devel", "zlib-dev", "zlib"},
	{"bzlib.h", "libbz2-dev", "bzip2-devel", "bzip2-dev", "bzip2"},
	{"lzma.h", "liblzma-dev", "xz-devel", "xz-dev", "xz"},
	{"libpq-fe.h", "libpq-dev", "libpq-devel", "libpq-dev", "libpq"},
	{"mysql.h", "default-libmysqlclient-dev", "mariadb-connector-c-devel", "mariadb-connector-c-dev", "mysql-client"},
	{"sqlite3.h", "libsqlite3-dev", "sqlite-devel", "sqlite-dev", "sqlite"},
	{"sql.h", "unixodbc-dev", "unixODBC-devel", "unixodbc-dev", "unixodbc"},
	{"yaml.h", "libyaml-dev", "libyaml-devel", "yaml-dev", "libyaml"},
	{"event.h", "libevent-dev", "libevent-devel", "libevent-dev", "libevent"},
	{"ev.h", "libev-dev", "libev-devel", "libev-dev", "libev"},
	{"zmq.h", "libzmq3-dev", "zeromq-devel", "zeromq-dev", "zeromq"},
	{"krb5.h", "libkrb5-dev", "krb5-devel", "krb5-dev", "krb5"},
	{"gssapi/", "libkrb5-dev", "krb5-devel", "krb5-dev", "krb5"},
	{"libmemcached/", "libmemcached-dev", "libmemcached-devel", "libmemcached-dev", "libmemcached"},
	{"cups/", "libcups2-dev", "cups-devel", "cups-dev", "cups"},
	{"curl/", "libcurl4-openssl-dev", "libcurl-devel", "curl-dev", "curl"},
	{"gmp.h", "libgmp-dev", "gmp-devel", "gmp-dev", "gmp"},
	{"readline/", "libreadline-dev", "readline-devel", "readline-dev", "readline"},
	{"hdf5.h", "libhdf5-dev", "hdf5-devel", "hdf5-dev", "hdf5"},
	{"graphviz/", "libgraphviz-dev", "graphviz-devel", "graphviz-dev", "graphviz"},
	{"cairo.h", "libcairo2-dev", "cairo-devel", "cairo-dev", "cairo"},
	{"dbus/", "libdbus-1-dev", "dbus-devel", "dbus-dev", "dbus"},
	{"mpfr.h", "libmpfr-dev", "mpfr-devel", "mpfr-dev", "mpfr"},
	{"mpc.h", "libmpc-dev", "libmpc-devel", "mpc1-dev", "libmpc"},
	{"snappy-c.h", "libsnappy-dev", "snappy-devel", "snappy-dev", "snappy"},
	{"pg_config", "libpq-dev", "libpq-devel", "libpq-dev", "libpq"},
	{"mysql_config", "default-libmysqlclient-dev", "mariadb-connector-c-devel", "mariadb-connector-c-dev", "mysql-client"},
	{"curl-config", "libcurl4-openssl-dev", "libcurl-devel", "curl-dev", "curl"},
	{"krb5-config", "libkrb5-dev", "krb5-devel", "krb5-dev", "krb5"},
	{"pkg-config", "pkg-config", "pkgconf-pkg-config", "pkgconf", "pkgconf"},
	{"swig", "swig", "swig", "swig", "swig"},
	{"cargo", "cargo", "cargo", "cargo", "rust"},
	{"Python.h", "python3-dev", "python3-devel", "python3-dev", ""},
}

// managers are the package managers, and the systems that have them by the ids
// of os-release.
var managers = []struct {
	name, command string
	ids           []string
	of            func(header) string
}{
	{"apt", "apt-get update && apt-get install -y", []string{"debian", "ubuntu"}, func(h header) string { return h.apt }},
	{"dnf", "dnf install -y", []string{"fedora", "rhel", "centos", "amzn"}, func(h header) string { return h.dnf }},
	{"apk", "apk add", []string{"alpine"}, func(h header) string { return h.apk }},
	{"brew", "brew install", []string{"darwin"}, func(h header) string { return h.brew }},
}

// HeaderHint says what brings a header, as a line of [binary-buildout] for this
// system and by the packages' names for others; "" if that isn't known. goos is
// as runtime.GOOS has it.
func HeaderHint(name, goos string) string { return HeadersHint(goos, name) }

// HeadersHint is HeaderHint for several headers at once.
func HeadersHint(goos string, names ...string) string {
	ids := append(osrelease.Read().IDs, "debian") // a system without a name may build in an image
	if goos == "darwin" {
		ids = []string{goos}
	}
	return headerHintOn(ids, names...)
}

// headerHintOn is HeaderHint for several headers at once, and for a system by its ids.
func headerHintOn(ids []string, names ...string) string {
	var known []header
	for _, name := range names {
		if i := slices.IndexFunc(headers, func(h header) bool { return h.has(name) }); i >= 0 {
			known = append(known, headers[i])
		}
	}
	if len(known) == 0 {
		return ""
	}
	line, others := "", []string{}
	for _, m := range managers {
		var packages []string
		for _, h := range known {
			if p := m.of(h); p != "" && !slices.Contains(packages, p) {
				packages = append(packages, p)
			}
		}
		p := strings.Join(packages, " ")
		here := slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(m.ids, id) })
		switch {
		case p == "":
		case line == "" && here:
			line = "before = " + m.command + " " + p
		default:
			others = append(others, m.name+": "+p)
		}
	}
	return strings.TrimSpace(line + " (" + strings.Join(others, ", ") + ")")
}

// has says whether a header, as a source includes it, is h, or lies in h.
func (h header) has(name string) bool {
	if strings.HasSuffix(h.name, "/") {
		return strings.HasPrefix(name, h.name)
	}
	return name == h.name || strings.HasSuffix(name, "/"+h.name)
}

// Knows reports whether HeaderHint knows what brings a header.
func Knows(name string) bool {
	return slices.ContainsFunc(headers, func(h header) bool { return h.has(name) })
}

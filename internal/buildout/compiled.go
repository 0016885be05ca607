package buildout

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/recipes"
)

// compiled is a project whose sources want more than Python's own headers, or
// a compiler at least.
type compiled struct {
	project  string
	wheels   bool     // the index has wheels for Linux, of some versions and Pythons
	programs []string // that its setup.py asks
	headers  []string
	flags    string // words of a shell that give the options by which it finds the headers
	rust     string // the version from which on it wants cargo
	optional bool   // it is built without its extension where they are missing
}

const pkgConfig = "pkg-config --cflags "

// compiledProjects, as their own setup.py and documentation say. What a project
// brings itself (gevent's libev, pyzmq's libzmq) isn't named.
var compiledProjects = []compiled{
	{project: "python-ldap", headers: []string{"ldap.h", "lber.h", "sasl/sasl.h"}},
	{project: "pyldap", headers: []string{"ldap.h", "lber.h", "sasl/sasl.h"}},
	{project: "psycopg2", programs: []string{"pg_config"}, headers: []string{"libpq-fe.h"}, flags: "echo -I$(pg_config --includedir)"},
	{project: "psycopg-c", programs: []string{"pg_config"}, headers: []string{"libpq-fe.h"}, flags: "echo -I$(pg_config --includedir)"},
	{project: "mysqlclient", headers: []string{"mysql.h"}, flags: "mysql_config --cflags || mariadb_config --cflags || " + pkgConfig + "mysqlclient || " + pkgConfig + "libmariadb"},
	{project: "MySQL-python", programs: []string{"mysql_config"}, headers: []string{"mysql.h"}, flags: "mysql_config --cflags"},
	{project: "pycups", headers: []string{"cups/cups.h"}},
	{project: "dm.xmlsec.binding", headers: []string{"xmlsec/xmlsec.h", "libxml/xmlversion.h"}, flags: pkgConfig + "xmlsec1"},
	{project: "lxml", wheels: true, headers: []string{"libxml/xmlversion.h", "libxslt/xslt.h"}, flags: pkgConfig + "libxslt || xslt-config --cflags"},
	{project: "xmlsec", wheels: true, programs: []string{"pkg-config"}, headers: []string{"xmlsec/xmlsec.h", "libxml/xmlversion.h"}, flags: pkgConfig + "xmlsec1"},
	{project: "python-xmlsec", programs: []string{"pkg-config"}, headers: []string{"xmlsec/xmlsec.h", "libxml/xmlversion.h"}, flags: pkgConfig + "xmlsec1"},
	{project: "Pillow", wheels: true, headers: []string{"jpeglib.h", "zlib.h"}, flags: pkgConfig + "libjpeg zlib"},
	{project: "cffi", wheels: true, headers: []string{"ffi.h"}, flags: pkgConfig + "libffi || echo -I/usr/include/ffi -I/usr/include/libffi"},
	{project: "cryptography", wheels: true, headers: []string{"openssl/ssl.h"}, flags: pkgConfig + "openssl", rust: "3.4"},
	{project: "bcrypt", wheels: true, rust: "4"},
	{project: "orjson", wheels: true, rust: "1"},
	{project: "pydantic-core", wheels: true, rust: "0"},
	{project: "rpds-py", wheels: true, rust: "0"},
	{project: "M2Crypto", wheels: true, programs: []string{"swig"}, headers: []string{"openssl/ssl.h"}, flags: pkgConfig + "openssl"},
	{project: "pycurl", wheels: true, programs: []string{"curl-config"}, headers: []string{"curl/curl.h"}, flags: "curl-config --cflags"},
	{project: "PyYAML", wheels: true, headers: []string{"yaml.h"}, optional: true},
	{project: "uWSGI"},
	{project: "pyuwsgi", wheels: true},
	{project: "gevent", wheels: true},
	{project: "greenlet", wheels: true},
	{project: "pyzmq", wheels: true},
	{project: "h5py", wheels: true, headers: []string{"hdf5.h"}, flags: pkgConfig + "hdf5 || " + pkgConfig + "hdf5-serial"},
	{project: "pygraphviz", headers: []string{"graphviz/cgraph.h"}, flags: pkgConfig + "libcgraph"},
	{project: "pycairo", wheels: true, programs: []string{"pkg-config"}, headers: []string{"cairo.h"}, flags: pkgConfig + "cairo"},
	{project: "dbus-python", programs: []string{"pkg-config"}, headers: []string{"dbus/dbus.h"}, flags: pkgConfig + "dbus-1"},
	{project: "pyodbc", wheels: true, headers: []string{"sql.h"}},
	{project: "cx-Oracle", wheels: true},
	{project: "gmpy2", wheels: true, headers: []string{"gmp.h", "mpfr.h", "mpc.h"}},
	{project: "pycrypto"},
	{project: "pycryptodome", wheels: true},
	{project: "pylibmc", wheels: true, headers: []string{"libmemcached/memcached.h"}},
	{project: "python-snappy", wheels: true, headers: []string{"snappy-c.h"}},
	{project: "kerberos", programs: []string{"krb5-config"}, headers: []string{"gssapi/gssapi.h"}, flags: "krb5-config --cflags gssapi"},
	{project: "pykerberos", programs: []string{"krb5-config"}, headers: []string{"gssapi/gssapi.h"}, flags: "krb5-config --cflags gssapi"},
	{project: "gssapi", programs: []string{"krb5-config"}, headers: []string{"gssapi/gssapi.h"}, flags: "krb5-config --cflags gssapi"},
	{project: "psutil", wheels: true},
	{project: "netifaces", wheels: true},
}

// extras are the projects of the table that another one's extra asks for.
var extras = map[string]string{
	"psycopg[c]": "psycopg-c", "relstorage[postgresql]": "psycopg2", "relstorage[mysql]": "mysqlclient", "relstorage[oracle]": "cx-Oracle",
	"sqlalchemy[postgresql]": "psycopg2", "sqlalchemy[mysql]": "mysqlclient", "sqlalchemy[oracle]": "cx-Oracle", "sqlalchemy[mssql]": "pyodbc",
	"pyjwt[crypto]": "cryptography", "requests[security]": "cryptography",
}

// wish is a project of the table that the configuration names.
type wish struct {
	compiled
	version string // the one that is pinned, or ""
	asked   bool   // a part asks for it; else [versions] pins it alone
	custom  bool   // zc.recipe.egg:custom builds it, whatever wheels there are
	shown   bool   // by its part's include-dirs, where another part may put headers
}

var (
	reference  = regexp.MustCompile(`\$\{([\w.-]*):([\w.-]+)\}`)
	ofExtras   = regexp.MustCompile(`\[([^\]]*)\]`)
	oneVersion = regexp.MustCompile(`===?\s*([^\s,;*]+)\s*$`)
	operator   = regexp.MustCompile(`\s*(===?|[<>~!]=|[<>,\[])\s*`)
)

// wishes gives the projects of the table that parts or develop packages ask for,
// by name or by another one's extra, or that [versions] pins.
func wishes(c config) []wish {
	asked, custom, shown, exact := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]string{}
	ask := func(word string) (name string) {
		name = pydist.PlainName(explain.Project(word))
		asked[name] = true
		if m := oneVersion.FindStringSubmatch(word); m != nil {
			exact[name] = m[1]
		}
		for _, extra := range extrasOf(word) {
			asked[pydist.PlainName(extras[name+"["+extra+"]"])] = true
		}
		return name
	}
	for section, options := range c.Raw {
		for _, key := range []string{"eggs", "egg", "extra-eggs"} {
			for _, word := range requirementWords(substituted(c, section, options[key], 8)) {
				name := ask(word)
				if recipes.BuildsEgg(inherited(c, section, "recipe", 8)) {
					custom[name] = true
					shown[name] = shown[name] || inherited(c, section, "include-dirs", 8) != ""
				}
			}
		}
	}
	for _, text := range c.Required {
		if words := requirementWords(text); len(words) > 0 {
			ask(words[0])
		}
	}
	pinned := map[string]string{}
	for name, version := range c.Versions {
		pinned[pydist.PlainName(name)] = strings.TrimSpace(version)
	}
	var all []wish
	for _, p := range compiledProjects {
		name := pydist.PlainName(p.project)
		pin, named := pinned[name]
		w := wish{compiled: p, version: exact[name], asked: asked[name], custom: custom[name], shown: shown[name]}
		if m := exactVersion.FindStringSubmatch(pin); w.version == "" && m != nil {
			w.version = m[1]
		}
		if w.asked || named {
			all = append(all, w)
		}
	}
	return all
}

// customEggs gives what each part of zc.recipe.egg:custom compiles: its egg, by
// default that of the part's name.
func customEggs(c config) map[string]string {
	eggs := map[string]string{}
	for section := range c.Raw {
		if !recipes.BuildsEgg(inherited(c, section, "recipe", 8)) {
			continue
		}
		option := cmp.Or(inherited(c, section, "egg", 8), inherited(c, section, "eggs", 8), section)
		if words := requirementWords(substituted(c, section, option, 8)); len(words) > 0 {
			eggs[section] = words[0]
		}
	}
	return eggs
}

// requirementWords splits requirements, as zc.buildout's options list them, each without a space.
func requirementWords(text string) []string {
	return strings.Fields(operator.ReplaceAllString(text, "$1"))
}

// inherited gives an option of a section, or of those that it takes options
// from by "<=", depth of them at most.
func inherited(c config, section, option string, depth int) string {
	if value := c.Raw[section][option]; value != "" || depth == 0 {
		return value
	}
	for _, from := range strings.Fields(c.Raw[section]["<"]) {
		if value := inherited(c, from, option, depth-1); value != "" {
			return value
		}
	}
	return ""
}

// extrasOf gives those that a requirement names, in plain form.
func extrasOf(requirement string) []string {
	m := ofExtras.FindStringSubmatch(requirement)
	if m == nil {
		return nil
	}
	var names []string
	for name := range strings.SplitSeq(m[1], ",") {
		names = append(names, pydist.PlainName(strings.TrimSpace(name)))
	}
	return slices.Compact(names)
}

// substituted replaces ${section:option} in a value of a section by what stands
// there, depth times at most: zc.buildout does so only in a run.
func substituted(c config, section, value string, depth int) string {
	if depth == 0 {
		return ""
	}
	return reference.ReplaceAllStringFunc(value, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		of := m[1]
		if of == "" {
			of = section
		}
		return substituted(c, of, c.Raw[of][m[2]], depth-1)
	})
}

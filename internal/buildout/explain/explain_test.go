package explain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// failures are the ends of real logs (testdata/failures), each of a buildout
// that real zc.buildout refused: 6.0.1 under Python 3.13, unless said. Paths and
// hosts were replaced, and the middle of tracebacks taken out.
var failures = []struct {
	log, doing string
	why, not   string // what the error's text has, and hasn't
	tip        string
	code       int
}{
	{"checksum", "part dl", "MD5 checksum mismatch", "", "compare the URL and the checksum", 1},
	{"circle", "part app", "Circular reference", "", "${c:y} and ${b:x} name each other", 1},
	{"command", "part cmd", "nosuchcommand: not found", "", "the whole output", 1},
	{"compiler-meson", "egg contourpy==1.1.0", "Unable to get gcc pre-processor defines", "", "the compiler doesn't compile a program of one line", 1},
	{"compiler-pinned", "egg ujson==5.0.0", "bignum-dtoa.cc", "failed-wheel-build", "/bin/false failed at the sources of ujson, and printed nothing", 1},
	{"compiler-python-api", "egg greenlet==1.1.0", "greenlet.h:42:5: error: unknown type name", "", "the C sources of greenlet don't compile with Python 3.13: pin a newer", 1},
	{"compiler-transitive", "egg netifaces>=0.10", "netifaces.c", "", "at the sources of netifaces", 1},
	{"compiler-unpinned", "egg netifaces", "netifaces.c", "subprocess-exited", "at the sources of netifaces", 1},
	{"conda", "part conda", "anaconda/bin/conda", "posix_spawn", "set anaconda-home in [buildout]", 1},
	{"conflict", "part app", "We already have: six 1.15.0\nbut b 1 requires 'six>=1.16'.", "", "a version of six that all of them allow, or another version of b", 1},
	{"distutils", "egg numpy==1.19.5", "No module named 'distutils'", "", "numpy needs distutils, which Python 3.13 doesn't have", 1},
	{"git-no-repository", "part app", "does not appear to be a git repository", "", "git can't get /nosuch/private.git", 3},
	{"git-unreachable", "part app", "unable to access", "", "git can't get https://127.0.0.1:9/x/private.git/", 3},
	{"killed", "develop package a", "exit code: -9", "", "ran out of memory", 3},
	{"lost-index", "egg python-gettext", "Couldn't find a distribution for 'python-gettext'", "", "use-dependency-links = false", 1},
	{"no-extra", "part app", "required extra", "", "requests 2.34.2 has no extra nosuch", 1},
	{"no-option", "part app", "buildout egs", "", "[buildout] has no option egs", 1},
	{"no-part", "part web", "'web', was not defined", "", "no section [web]", 1},
	{"no-recipe", "part app", "app:recipe", "", "[app] is a part without a recipe", 1},
	{"no-section", "part app", "'other', was not defined", "", "no section [other]", 1},
	{"no-such-compiler", "egg netifaces==0.11.0", "/home/ci/nosuch", "", "CC names /home/ci/nosuch, which isn't there", 3},
	{"no-version", "egg six==99", "'six==99'", "", "has six==99 for Python 3.13: check the pin", 1},
	{"no-wheel", "egg zope.security==5.8", "'bdist_wheel'", "", "-m pip install wheel", 3},
	{"not-allowed", "part app", "[versions] constraint on zope-interface: 5.0.0\nError: The requirement ('zope.interface>=5.3')", "", "pin a version of zope.interface", 1},
	{"outside-denied", "part data", "Permission denied: '/srv/plone'", "", "/srv/plone lies outside of the buildout: make what the build needs there before it", 1},
	{"python2-import", "egg suds==0.4", "No module named 'client'", "", "the build of suds imports client", 1},
	{"python2-setup", "egg mechanize==0.3.7", "mechanize only works on python 2.x", "", "mechanize is written for Python 2", 1},
	{"recipe-typo", "egg zc.recipe.eggg", "'zc.recipe.eggg'", "HTTP error", "check recipe = in the part's section", 1},
	{"renamed", "egg sklearn", "https://github.com/scikit-learn", "Error output follows", "sklearn is named scikit-learn now", 1},
	{"setup-error", "develop package a", "No such file or directory: 'VERSION'", "", "the whole output", 1},
	{"setup-import", "develop package a", "No module named 'numpy'", "", "name numpy under requires in [build-system]", 1},
	{"setup-requires", "egg BTrees==4.11.3", "Py_hash_t", "", "fetched by a setuptools below 42", 3},
	{"setup-too-old", "egg Pillow==9.5.0", "KeyError: '__version__'", "", "too old for Python 3.13: pin a newer version", 1},
	{"submodule-empty", "develop package src/sub", "does not appear to be a Python project", "", "the git submodule src/sub isn't checked out: git submodule update --init", 1},
	{"submodule-file", "develop package src/a", "'vendor/lib/VERSION'", "", "the git submodule src/a/vendor/lib isn't checked out", 1},
	{"two-on-a-line", "part app", "Markdown>=2.0.1 ujson", "tokenizer.raise", `"Markdown>=2.0.1 ujson" isn't a requirement`, 1},
}

func TestFailures(t *testing.T) {
	logs, err := filepath.Glob("testdata/failures/*.log")
	if err != nil || len(logs) != len(failures) {
		t.Errorf("%d logs and %d rows: %v", len(logs), len(failures), err)
	}
	for _, c := range failures {
		t.Run(c.log, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join("testdata", "failures", c.log+".log"))
			if err != nil {
				t.Fatal(err)
			}
			b := Build{OS: "linux", Python: "3.13", Buildout: "6.0.1", Own: []string{"/stage"},
				Compilers: []Compiler{{"CC", "/home/ci/nosuch"}}, Toolchain: syspackages.Toolchain{Compiler: true, Headers: true}}
			if strings.HasPrefix(c.log, "submodule") {
				b.Submodules = []string{"src/sub", "src/a/vendor/lib"}
			}
			f := Read(strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), part(c.doing))
			if strings.ReplaceAll(f.What, "/stage/", "") != c.doing || !strings.Contains(f.Why, c.why) || c.not != "" && strings.Contains(f.Why, c.not) {
				t.Errorf("%s: %s", f.What, f.Why)
			}
			if a := b.Advise(f); !strings.Contains(a.Tip, c.tip) || max(a.Code, 1) != c.code || a.Lacks != "" {
				t.Errorf("%+v", a)
			}
		})
	}
}

// part is the part that was being made, for a log that ends without a list of steps.
func part(doing string) string { return strings.TrimPrefix(doing, "part ") }

// An egg that failed for no reason that is known may be too new, if nothing pins it.
func TestUnpinned(t *testing.T) {
	for _, c := range []struct {
		requirement string
		want        bool
	}{
		{"Markdown>=2.0.1", true}, {"Markdown", true}, {"Markdown[extra]", true}, {"Markdown==2.0.1", false},
		{"zope.interface>=5", false}, {"", false},
	} {
		b := Build{Pins: map[string]string{"zope-interface": "5.0"}, Python: "3.13"}
		a := b.Advise(Failure{What: "egg " + c.requirement, Said: "setup.py: something else\n"})
		if got := strings.HasPrefix(a.Tip, Project(c.requirement)+" has no pin"); got != c.want {
			t.Errorf("%s: %s", c.requirement, a.Tip)
		}
	}
}

// Of a part of zc.recipe.egg:custom the egg that it compiles is named.
func TestCustomEgg(t *testing.T) {
	b := Build{Python: "3.13", Custom: map[string]string{"json": "ujson==1.35", "plain": "ujson"}, Pins: map[string]string{}}
	for part, want := range map[string]string{"json": "gcc failed at the sources of ujson, ", "plain": "gcc failed at the sources of ujson, ", "other": "gcc failed at the sources of the package, "} {
		if a := b.Advise(Failure{What: "part " + part, Said: "error: command 'gcc' failed with exit status 1\n"}); !strings.HasPrefix(a.Tip, want) {
			t.Errorf("%s: %s", part, a.Tip)
		}
	}
	if a := b.Advise(Failure{What: "part plain", Said: "setup.py: something else\n"}); !strings.HasPrefix(a.Tip, "ujson has no pin") {
		t.Error(a.Tip)
	}
}

// zc.buildout 5 links a develop package of hatchling's, and doesn't find it (measured with 5.2.0).
func TestDevelopUnread(t *testing.T) {
	for _, c := range []struct {
		requirement, buildout string
		want                  bool
	}{{"ha.app", "5.2.0", true}, {"ha.app", "6.0.1", false}, {"ha.app==2.0", "5.2.0", false}, {"ha.base", "5.2.0", false}} {
		b := Build{Python: "3.13", Buildout: c.buildout, Develop: []string{"ha-app"}}
		a := b.Advise(Failure{What: "egg " + c.requirement, Said: "root: Couldn't find index page for 'ha.app' (maybe misspelled?)\nError: Couldn't find a distribution for '" + c.requirement + "'.\n"})
		if strings.HasPrefix(a.Tip, "ha.app is under develop, but zc.buildout 5.2.0 reads") != c.want {
			t.Errorf("%+v: %s", c, a.Tip)
		}
	}
}

// Of an egg that is too old for its Python, a newer one can't be pinned if the newest was taken.
func TestTooOld(t *testing.T) {
	for requirement, want := range map[string]string{"greenlet==1.1.0": "pin a newer version", "netifaces": "it has no pin, so this is the newest version", "netifaces>=0.10": "it has no pin"} {
		for _, said := range []string{"ModuleNotFoundError: No module named 'distutils'\n", "x.c:1: error: 'PyThreadState' has no member named 'frame'\n"} {
			a := Build{Python: "3.13"}.Advise(Failure{What: "egg " + requirement, Said: said})
			if !strings.Contains(a.Tip, want) {
				t.Errorf("%s: %s", requirement, a.Tip)
			}
		}
	}
}

// A compiler that CC names by its path has another name in the build.
func TestCompilerNamed(t *testing.T) {
	q := question{Build: Build{Compilers: []Compiler{{"CC", "/opt/bin/cc-12"}}}}
	for command, want := range map[string]string{"build-cc-12": "CC=/opt/bin/cc-12", "gcc": "gcc", "build-other": "build-other"} {
		if got := q.compilerNamed(command); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}

func TestUnquote(t *testing.T) {
	for said, want := range map[string]string{"'ujson'": "ujson", "u'ujson'": "ujson", `"u'x'"`: "u'x'", "ujson": "ujson", "'upper'": "upper"} {
		if got := unquote(said); got != want {
			t.Errorf("%s: %s, want %s", said, got, want)
		}
	}
}

func TestAdvise(t *testing.T) {
	for _, c := range []struct {
		said, hint string
		code       int
	}{
		{"x.c:1:10: fatal error: Python.h: No such file or directory\n", "run: ", 3},
		{"x.c:1:10: fatal error: lber.h: No such file or directory\n", "libldap-dev", 1},
		{"x.c:1:10: fatal error: 'odd/thing.h' file not found\n", "has odd/thing.h", 1},
		{"x.c:196:12: fatal error: longintrepr.h: No such file or directory\n", "don't compile with Python", 1},
		{"Error: pg_config executable not found.\n", "libpq-dev", 1},
		{"Error: Please make sure the libxml2 and libxslt development packages are installed.\n", "libxml2-dev", 1},
		{"error: command 'gcc' failed: No such file or directory\n", "run: ", 3},
		{"Error: Couldn't find a distribution for 'nosuch==1'.\n", "nosuch==1", 1},
		{"Error: Couldn't find a distribution for 'plone.i18n==5.1.1'.\n", "named plone_i18n", 1},
		{"pkg_resources.DistributionNotFound: The 'zc.recipe.egg' distribution was not found and is required by the application\n", "(zc_recipe_egg)", 1},
		{"Couldn't develop '/stage/x/../lib' (not found)\nError: Couldn't find a distribution for 'demo'.\n", "pack the directory above", 1},
		{"Error: Picked: six = 1.17.0\n", "add six = 1.17.0 to [versions]", 1},
		{"Error: The requirement ('zope.interface>=5.3') is not allowed by your [versions] constraint (5.0)\n", "a version of zope.interface that zope.interface>=5.3 allows", 1},
		{"Getting distribution for 'zc.buildout>=3.3,>=6.0.0'.\nAssertionError\n", "requires zc.buildout>=3.3,>=6.0.0, and this is 3.3: pin zc.recipe.egg = 2.0.7", 1},
		{"error: part app: (zc.buildout 3.3 (/x.egg), Requirement.parse('zc.buildout>=6.0.0'))\n", "zc.recipe.egg = 2.0.7", 1},
		{"Error: The referenced section, 'web', was not defined.\n", "no section [web]", 1},
		{"Error: Missing option: py:recipe\n", "set recipe in [py]", 1},
		{"ImportError: Entry point ('zc.buildout', 'nosuch') not found\n", "no recipe nosuch", 1},
		{"[Errno -2] Name or service not known\nError: Couldn't find a distribution for 'six'.\n", "HTTPS_PROXY", 3},
	} {
		b := Build{OS: "linux", Buildout: "3.3", Install: "apt-get install -y gcc"}
		if a := b.Advise(Failure{Said: c.said}); !strings.Contains(a.Tip, c.hint) || max(a.Code, 1) != c.code {
			t.Errorf("%q: %+v", c.said, a)
		}
	}
}

func TestOfImport(t *testing.T) {
	for _, c := range []struct{ buildout, setuptools, said, want string }{
		{"4.0", "<80", "No module named 'setuptools.package_index'", "zc.buildout 4.0 needs setuptools<80"},
		{"6.0.1", "", "No module named 'setuptools.package_index'", "doesn't work with this setuptools"},
		{"2.0.1", "<52", "'NoneType' object has no attribute 'location'", "pin zc.buildout 2.1"},
		{"1.7.1", "<39", "No module named 'imp'", "needs imp, which newer Pythons don't have"},
	} {
		if a := OfImport(c.buildout, c.setuptools, c.said); !strings.Contains(a.Tip, c.want) {
			t.Errorf("hint %q, want %q", a.Tip, c.want)
		}
	}
	if a := OfImport("6.0.1", "", "anything else"); a != (Advice{}) {
		t.Errorf("%+v", a)
	}
}

func TestKnownHeader(t *testing.T) {
	for _, name := range []string{"ldap.h", "lber.h", "ffi.h", "libpq-fe.h", "jpeglib.h", "libxml/xmlversion.h", "libxslt/xslt.h", "openssl/ssl.h", "mysql.h", "sasl.h", "cups/http.h", "zlib.h"} {
		for _, line := range []string{"x.c:1:10: fatal error: " + name + ": No such file or directory", "x.c:1:10: fatal error: '" + name + "' file not found",
			"x.c(1): fatal error C1083: Cannot open include file: '" + name + "': No such file or directory"} {
			if got := KnownHeader(line); got != name {
				t.Errorf("%q is about %q", line, got)
			}
		}
	}
}

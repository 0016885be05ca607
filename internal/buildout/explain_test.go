package buildout

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	{"checksum", "part dl", "MD5 checksum mismatch", "", "compare the URL and its checksum", 1},
	{"circle", "part app", "Circular reference", "", "${c:y} and ${b:x} name each other", 1},
	{"command", "part cmd", "nosuchcommand: not found", "", "the whole output", 1},
	{"compiler-meson", "egg contourpy==1.1.0", "Unable to get gcc pre-processor defines", "", "the compiler doesn't compile a program of one line", 1},
	{"compiler-pinned", "egg ujson==5.0.0", "bignum-dtoa.cc", "failed-wheel-build", "/bin/false failed without a word at the sources of ujson", 1},
	{"compiler-python-api", "egg greenlet==1.1.0", "greenlet.h:42:5: error: unknown type name", "", "the C sources of greenlet don't go with Python 3.13: pin a newer", 1},
	{"compiler-transitive", "egg netifaces>=0.10", "netifaces.c", "", "at the sources of netifaces", 1},
	{"compiler-unpinned", "egg netifaces", "netifaces.c", "subprocess-exited", "at the sources of netifaces", 1},
	{"conda", "part conda", "anaconda/bin/conda", "posix_spawn", "set anaconda-home in [buildout]", 1},
	{"conflict", "part app", "We already have: six 1.15.0\nbut b 1 requires 'six>=1.16'.", "", "a version of six that all of them allow, or another version of b", 1},
	{"distutils", "egg numpy==1.19.5", "No module named 'distutils'", "", "numpy needs distutils, which Python 3.13 doesn't have", 1},
	{"git-no-repository", "part app", "does not appear to be a git repository", "", "git can't get /nosuch/private.git", 3},
	{"git-unreachable", "part app", "unable to access", "", "git can't get https://127.0.0.1:9/x/private.git/", 3},
	{"killed", "develop package a", "exit code: -9", "", "for want of memory", 3},
	{"lost-index", "egg python-gettext", "Couldn't find a distribution for 'python-gettext'", "", "use-dependency-links = false", 1},
	{"no-extra", "part app", "required extra", "", "requests 2.34.2 has no extra nosuch", 1},
	{"no-option", "part app", "buildout egs", "", "[buildout] has no option egs", 1},
	{"no-part", "part web", "'web', was not defined", "", "no section [web]", 1},
	{"no-recipe", "part app", "app:recipe", "", "[app] is a part without a recipe", 1},
	{"no-section", "part app", "'other', was not defined", "", "no section [other]", 1},
	{"no-such-compiler", "egg netifaces==0.11.0", "/home/ci/nosuch", "", "CC names /home/ci/nosuch, which isn't there", 3},
	{"no-version", "egg six==99", "'six==99'", "", "has six==99 for Python 3.13: check the pin", 1},
	{"not-allowed", "part app", "[versions] constraint on zope-interface: 5.0.0\nError: The requirement ('zope.interface>=5.3')", "", "pin a version of zope.interface", 1},
	{"outside-denied", "part data", "Permission denied: '/srv/plone'", "", "/srv/plone lies outside of the buildout: make what the build needs there before it", 1},
	{"python2-import", "egg suds==0.4", "No module named 'client'", "", "the build of suds imports client", 1},
	{"python2-setup", "egg mechanize==0.3.7", "mechanize only works on python 2.x", "", "mechanize is written for Python 2", 1},
	{"recipe-typo", "egg zc.recipe.eggg", "'zc.recipe.eggg'", "HTTP error", "check recipe = in the part's section", 1},
	{"renamed", "egg sklearn", "https://github.com/scikit-learn", "Error output follows", "sklearn is named scikit-learn now", 1},
	{"setup-error", "develop package a", "No such file or directory: 'VERSION'", "", "the whole output", 1},
	{"setup-import", "develop package a", "No module named 'numpy'", "", "name numpy under requires in [build-system]", 1},
	{"setup-too-old", "egg Pillow==9.5.0", "KeyError: '__version__'", "", "too old for Python 3.13: pin a newer version", 1},
	{"submodule-empty", "develop package src/sub", "does not appear to be a Python project", "", "the git submodule src/sub isn't checked out: git submodule update --init", 1},
	{"submodule-file", "develop package src/a", "'vendor/lib/VERSION'", "", "the git submodule src/a/vendor/lib isn't checked out", 1},
	{"two-on-a-line", "part app", "Markdown>=2.0.1 ujson", "tokenizer.raise", `"Markdown>=2.0.1 ujson" is no requirement`, 1},
}

func TestFailures(t *testing.T) {
	checkout := t.TempDir()
	modules := "[submodule \"sub\"]\n\tpath = src/sub\n[submodule \"lib\"]\n\tpath = src/a/vendor/lib\n"
	if err := os.WriteFile(filepath.Join(checkout, ".gitmodules"), []byte(modules), 0o644); err != nil {
		t.Fatal(err)
	}
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
			b := &builder{w: &watcher{current: part(c.doing)}, s: stage{root: "/stage"}, buildout: "6.0.1", in: Interpreter{Version: "3.13.0"},
				tools: Toolchain{Compiler: true, Headers: true}, o: Options{OS: "linux", Dir: checkout, Env: []string{"CC=/home/ci/nosuch -pthread"}}}
			if !strings.HasPrefix(c.log, "submodule") {
				b.o.Dir = t.TempDir()
			}
			b.w.Write(text)
			err = b.explain(context.Background(), b.w.failure(), errors.New("exit status 1"))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			said := e.Error()
			if e.Doing != "building "+c.doing || !strings.Contains(said, c.why) || c.not != "" && strings.Contains(said, c.not) || strings.Contains(said, "/stage/") {
				t.Errorf("error: %s", said)
			}
			if !strings.Contains(e.Tip, c.tip) || e.ExitCode() != c.code {
				t.Errorf("exit code %d, hint: %s", e.ExitCode(), e.Tip)
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
		b := &builder{pins: map[string]string{"zope-interface": "5.0"}, egg: c.requirement, in: Interpreter{Version: "3.13.0"}}
		e := &Error{Tip: wholeLog}
		b.hintOfCause(e, "setup.py: something else\n")
		if got := strings.HasPrefix(e.Tip, projectOf(c.requirement)+" has no pin"); got != c.want {
			t.Errorf("%s: %s", c.requirement, e.Tip)
		}
	}
}

// Of an egg that is too old for its Python, a newer one can't be pinned if the newest was taken.
func TestTooOld(t *testing.T) {
	for requirement, want := range map[string]string{"greenlet==1.1.0": "pin a newer version", "netifaces": "it has no pin, so this is the newest version", "netifaces>=0.10": "it has no pin"} {
		for _, said := range []string{"ModuleNotFoundError: No module named 'distutils'\n", "x.c:1: error: 'PyThreadState' has no member named 'frame'\n"} {
			b := &builder{egg: requirement, in: Interpreter{Version: "3.13.0"}}
			e := &Error{Tip: wholeLog}
			b.hintOfCause(e, said)
			if !strings.Contains(e.Tip, want) {
				t.Errorf("%s: %s", requirement, e.Tip)
			}
		}
	}
}

// A compiler that CC names by its path has another name in the build.
func TestCompilerNamed(t *testing.T) {
	b := &builder{o: Options{Env: []string{"CC=ccache /opt/bin/cc-12 -m64"}}}
	for command, want := range map[string]string{"build-cc-12": "CC=/opt/bin/cc-12", "gcc": "gcc", "build-other": "build-other"} {
		if got := b.compilerNamed(command); got != want {
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

// Beside the captured logs, two real builds: of a part that removes eggs, which
// is named though it worked, and of develop packages that contradict each other.
func TestRealFailures(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	const pins = "[versions]\nzc.buildout = 6.0.1\nzc.recipe.egg = 4.0.0\nplone.recipe.command = 1.1\n"
	const setup = "from setuptools import setup\nsetup(name='%', version='1', install_requires=['six>1.15'])\n"
	for _, c := range []struct {
		name           string
		files          map[string]string
		doing, why, to string
	}{
		{"a part that removes eggs", map[string]string{
			"buildout.cfg": "[buildout]\nparts = clean app\n[clean]\nrecipe = plone.recipe.command\ncommand = rm -rf bin eggs\n[app]\nrecipe = zc.recipe.egg\neggs = six\n" + pins,
		}, "building part clean", "it removed eggs/", "leave the eggs of the buildout alone"},
		{"a conflict", map[string]string{
			"buildout.cfg": "[buildout]\nparts = app\ndevelop = a b\n[app]\nrecipe = zc.recipe.egg\neggs =\n    b\n    a\n" + pins,
			"a/setup.py":   strings.NewReplacer("%", "a", ">1.15", "<1.16").Replace(setup), "b/setup.py": strings.NewReplacer("%", "b").Replace(setup),
		}, "building part app", "We already have: six 1.15.0\nbut b 1 requires 'six>1.15'.", "a version of six that all of them allow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Options{Dir: write(t, c.files), Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, "3.13"), Launcher: launcher(t), OS: "linux"}
			_, err := Run(context.Background(), o)
			var e *Error
			if !errors.As(err, &e) || e.Doing != c.doing || !strings.Contains(e.Error(), c.why) || !strings.Contains(e.Tip, c.to) || e.ExitCode() != 1 {
				t.Errorf("error: %v\nhint: %+v", err, e)
			}
		})
	}
}

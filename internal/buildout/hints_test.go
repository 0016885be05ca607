package buildout

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/osrelease"
)

func TestInstallCommand(t *testing.T) {
	system := Interpreter{BasePrefix: "/usr", Version: "9.99.0"}
	own := Interpreter{BasePrefix: "/opt/python", Version: "3.12.1", HasHeaders: true}
	for _, c := range []struct {
		goos, release, want string
		in                  Interpreter
	}{
		{"linux", "ID=debian\n", "apt-get install -y gcc python9.99-dev", system},
		{"linux", "ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install -y gcc python9.99-dev", system},
		{"linux", "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n", "dnf install -y gcc python9.99-devel", system},
		{"linux", "ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install -y gcc python9.99-devel", system},
		{"linux", "ID=alpine\n", "apk add build-base python3-dev", system},
		{"linux", "ID=debian\n", "apt-get install -y gcc libc6-dev", own},
		{"linux", "ID=nixos\n", "install a C compiler and Python's development files", system},
		{"darwin", "", "xcode-select --install", system},
	} {
		if got := installCommand(c.goos, osrelease.Parse(c.release).IDs, c.in); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.goos, c.release, got, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct {
		said, hint string
		code       int
	}{
		{"x.c:1:10: fatal error: Python.h: No such file or directory\n", "run: ", 3},
		{"x.c:1:10: fatal error: lber.h: No such file or directory\n", "libldap-dev", 1},
		{"x.c:1:10: fatal error: 'odd/thing.h' file not found\n", "has odd/thing.h", 1},
		{"x.c:196:12: fatal error: longintrepr.h: No such file or directory\n", "don't go with Python", 1},
		{"Error: pg_config executable not found.\n", "libpq-dev", 1},
		{"Error: Please make sure the libxml2 and libxslt development packages are installed.\n", "libxml2-dev", 1},
		{"error: command 'gcc' failed: No such file or directory\n", "run: ", 3},
		{"Error: Couldn't find a distribution for 'nosuch==1'.\n", "nosuch==1", 1},
		{"Error: Couldn't find a distribution for 'plone.i18n==5.1.1'.\n", "named plone_i18n", 1},
		{"pkg_resources.DistributionNotFound: The 'zc.recipe.egg' distribution was not found and is required by the application\n", "(zc_recipe_egg)", 1},
		{"Couldn't develop '/stage/x/../lib' (not found)\nError: Couldn't find a distribution for 'demo'.\n", "pack the directory above", 1},
		{"Error: Picked: six = 1.17.0\n", "add six = 1.17.0 to [versions]", 1},
		{"Error: The requirement ('zope.interface>=5.3') is not allowed by your [versions] constraint (5.0)\n", "a version of zope.interface that zope.interface>=5.3 allows", 1},
		{"Getting distribution for 'zc.buildout>=3.3,>=6.0.0'.\nAssertionError\n", "wants zc.buildout>=3.3,>=6.0.0, and this is 3.3: pin zc.recipe.egg = 2.0.7", 1},
		{"error: part app: (zc.buildout 3.3 (/x.egg), Requirement.parse('zc.buildout>=6.0.0'))\n", "zc.recipe.egg = 2.0.7", 1},
		{"Error: The referenced section, 'web', was not defined.\n", "no section [web]", 1},
		{"Error: Missing option: py:recipe\n", "set recipe in [py]", 1},
		{"ImportError: Entry point ('zc.buildout', 'nosuch') not found\n", "no recipe nosuch", 1},
		{"[Errno -2] Name or service not known\nError: Couldn't find a distribution for 'six'.\n", "HTTPS_PROXY", 3},
	} {
		b := &builder{w: &watcher{}, buildout: "3.3", o: Options{OS: "linux"}}
		e := &Error{Doing: "building part x", Err: errors.New("exit status 1"), Code: 1}
		b.hint(e, c.said)
		if !strings.Contains(e.Tip, c.hint) || e.ExitCode() != c.code {
			t.Errorf("%q: exit code %d, hint %q", c.said, e.ExitCode(), e.Tip)
		}
	}
}

// zc.buildout can't be imported beside a setuptools that its version doesn't
// know, and its metadata mostly don't say so.
func TestLimits(t *testing.T) {
	for _, c := range []struct{ version, pins, want string }{
		{"2.2.5", "", "setuptools<39\n"},
		{"3.0.1", "", "pip<24.1\nsetuptools<66\n"},
		{"2.10.0", "", "setuptools<39\n"},
		{"2.13.8", "", "setuptools<52\n"},
		{"3.0.0", "", "pip<24.1\nsetuptools<66\n"},
		{"3.0.0", "65.7.0", "setuptools65.7.0\npip<24.1\n"},
		{"4.0", "", "setuptools<80\n"},
		{"4.1.1", "", "setuptools<80\n"},
		{"4.1.10", "", "setuptools<80\n"},
		{"4.1.12", "", "setuptools<82\n"},
		{"4.2.0", "", "setuptools<82\n"},
		{"6.0.1", "", ""},
	} {
		var pins []pin
		if c.pins != "" {
			pins = append(pins, pin{"setuptools", c.pins, ""})
		}
		if got := constraints(pins, c.version); got != c.want {
			t.Errorf("zc.buildout %s: %q, want %q", c.version, got, c.want)
		}
	}
	e := &Error{Tip: "correct the configuration"}
	hintOfImport(e, "4.0", "No module named 'setuptools.package_index'")
	if want := "zc.buildout 4.0 needs setuptools<80"; !strings.Contains(e.Tip, want) {
		t.Errorf("hint %q, want %q", e.Tip, want)
	}
	hintOfImport(e, "2.0.1", "'NoneType' object has no attribute 'location'")
	if want := "pin zc.buildout 2.1"; !strings.Contains(e.Tip, want) {
		t.Errorf("hint %q, want %q", e.Tip, want)
	}
}

// A machine without a compiler: the error has to say what to install.
func TestNoCompiler(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	bin := t.TempDir()
	for _, name := range []string{"sh", "git", "rm", "cat", "env"} {
		if real := lookIn(os.Getenv("PATH"), name); real != "" {
			if err := os.Symlink(real, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := Options{Dir: hello(t, "zc.buildout = 6.0.1\n"), Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, "3.13"),
		Launcher: launcher(t), OS: "linux", Env: environ.Set(os.Environ(), "PATH="+bin)}
	warned := ""
	o.Progress = func(e Event) {
		if e.Kind == WarningEvent {
			warned = e.Name
		}
	}
	_, err := Run(context.Background(), o)
	var e *Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Hint(), "run: ") || e.ExitCode() != 3 || !strings.Contains(e.Error(), "develop package") {
		t.Errorf("error: %v", err)
	}
	if !strings.Contains(warned, "a C compiler is missing") {
		t.Errorf("warned of %q", warned)
	}
	if log, err := os.ReadFile(e.Log); err != nil || !strings.HasPrefix(string(log), "warning: a C compiler is missing; run: ") {
		t.Errorf("the log begins %.80q, %v", log, err)
	}
	t.Logf("%v\nhint: %s", err, e.Hint())
}

// A command of before that wants root says so in its own way (Debian 12's apt, Fedora's dnf, Alpine's apk).
func TestBlameRoot(t *testing.T) {
	for said, want := range map[string]string{
		"E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?":           "put sudo before it",
		"Error: This command has to be run with superuser privileges (under the root user on most systems).": "put sudo before it",
		"ERROR: Unable to lock database: Permission denied":                                                  "put sudo before it",
		"E: Unable to locate package nosuch":                                                                 "to see why",
	} {
		b := &builder{w: &watcher{lines: []string{said}}}
		var e *Error
		if err := b.blame("running `x`", errors.New("exit status 100")); !errors.As(err, &e) || !strings.Contains(e.Tip, want) {
			t.Errorf("%s: %v", said, err)
		}
	}
}

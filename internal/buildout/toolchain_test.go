package buildout

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
)

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
	if got := limitOf("4.0", "setuptools"); got != "<80" {
		t.Errorf("zc.buildout 4.0 needs setuptools%s", got)
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

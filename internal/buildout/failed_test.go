package buildout

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
)

// An error names the stage's files as the checkout does, and begins with what this machine lacks.
func TestExplained(t *testing.T) {
	b := &builder{s: stage{root: "/stage", logs: "/logs"}, o: Options{OS: "linux", Dir: t.TempDir()}}
	f := explain.Failure{What: "develop package /stage/src/a", Why: "/stage/src/a/x.c: no", Said: "x.c:1:10: fatal error: Python.h: No such file or directory\n"}
	err := b.explain(context.Background(), f, errors.New("exit status 1"))
	want := "building develop package src/a: a C compiler and Python's headers (Python.h) are missing: exit status 1: src/a/x.c: no (log: /logs/build.log)"
	var e *Error
	if !errors.As(err, &e) || e.Error() != want || !strings.HasPrefix(e.Tip, "run: ") || e.ExitCode() != 3 {
		t.Errorf("%v, hint %+v; want %s", err, e, want)
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

// What a failed run had put under develop is known to what explains it.
func TestKnownDevelop(t *testing.T) {
	dir := write(t, map[string]string{"develop-eggs/ha.app.egg-link": "/srv/src/ha.app\n.", "develop-eggs/other.pth": ""})
	b := builder{develops: filepath.Join(dir, "develop-eggs")}
	if got := b.known().Develop; !slices.Equal(got, []string{"ha.app"}) {
		t.Errorf("%q", got)
	}
}

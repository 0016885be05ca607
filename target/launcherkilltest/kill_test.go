package launcherkilltest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestLauncherKilled kills a run that takes a part away and makes others, and
// has the next command bring everything back: on a small buildout at each call
// that writes, on larger ones, whose develop packages the journal copies, at
// calls that a seed picks. BINARY_BUILDOUT_TEST_SEED repeats them.
func TestLauncherKilled(t *testing.T) {
	lines := packtest.Lines()
	t.Run("each call", func(t *testing.T) {
		s := packtest.BuildSite(t, lines[0], minimal)
		n := newChanged(t, s, killtest.Dir(t)).calls(t)
		numbers := killtest.Each(n)
		if testing.Short() {
			numbers = killtest.Spread(n, 4)
		}
		killAll(t, s, numbers)
	})
	if testing.Short() {
		return
	}
	for _, large := range []struct {
		line  packtest.Line
		kills int
	}{{lines[0], 50}, {lines[5], 20}} {
		t.Run(large.line.String(), func(t *testing.T) {
			s := packtest.SiteOf(t, large.line)
			killAll(t, s, killtest.Random(t, newChanged(t, s, killtest.Dir(t)).calls(t), large.kills))
		})
	}
}

// minimal leaves of testdata/site one part with scripts and one with a file,
// whose recipe is an egg: nothing is under develop.
func minimal(t testing.TB, stage string) {
	t.Helper()
	packtest.WriteFile(t, filepath.Join(stage, "buildout.cfg"), `[buildout]
extends = base.cfg
parts = scripts conf

[scripts]
recipe = zc.recipe.egg
eggs = wheel
interpreter = py

[conf]
recipe = demorecipe
port = 8080
`)
	egg := filepath.Join(stage, "eggs/v5/demorecipe-1.0-py3.13.egg")
	packtest.CopyDir(t, filepath.Join(stage, "src/demorecipe/demorecipe"), filepath.Join(egg, "demorecipe"))
	packtest.WriteFile(t, filepath.Join(egg, "EGG-INFO/PKG-INFO"), "Metadata-Version: 2.1\nName: demorecipe\nVersion: 1.0\n")
	packtest.WriteFile(t, filepath.Join(egg, "EGG-INFO/entry_points.txt"), "[zc.buildout]\ndefault = demorecipe:Conf\n")
	if err := os.RemoveAll(filepath.Join(stage, "src")); err != nil {
		t.Fatal(err)
	}
}

func killAll(t *testing.T, s packtest.Site, numbers []int) {
	killtest.Lanes(t, numbers, func(t *testing.T, dir string, numbers []int) {
		newChanged(t, s, dir).kill(t, numbers)
	})
}

// changed is an installed site with changes that bin/buildout has still to follow.
type changed struct {
	packtest.Installed
	killtest.Killer
	kept   string            // a copy, but for its eggs
	before map[string]string // what belongs to buildout
}

func newChanged(t testing.TB, s packtest.Site, dir string) changed {
	t.Helper()
	in := packtest.InstallAt(t, s, filepath.Join(dir, "srv"))
	in.Buildout(t).Must(t, "bin/buildout")
	in.Change(t, "buildout.cfg", "port = 8080", "port = 8081")
	in.Change(t, "buildout.cfg", "interpreter = py", "interpreter = pyrite")
	k := changed{in, killtest.New(t), in.Root + "-kept", nil}
	k.before = k.buildouts(t)
	k.withoutEggs(t, func() { packtest.CopyDir(t, k.Root, k.kept) })
	return k
}

// buildouts is Installed's, but reads no eggs: their inodes, sizes and times have to stay.
func (k changed) buildouts(t testing.TB) map[string]string {
	t.Helper()
	var found map[string]string
	k.withoutEggs(t, func() { found = k.Installed.Buildouts(t) })
	for path, what := range packtest.Names(t, k.Path("eggs")) {
		if !strings.HasSuffix(path, ".pyc") && !strings.HasSuffix(path, "__pycache__") {
			found["eggs/"+path] = what
		}
	}
	return found
}

// withoutEggs takes the eggs out of the tree for a while. They are most of its
// files, and each kill has to leave them as they were.
func (k changed) withoutEggs(t testing.TB, f func()) {
	t.Helper()
	for _, move := range [][2]string{{k.Path("eggs"), k.Root + "-eggs"}, {k.Root + "-eggs", k.Path("eggs")}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
		f()
		f = func() {}
	}
}

func (k changed) command() killtest.Command {
	return killtest.Command{Dir: k.Root, Env: append(k.Env, "PYTHONDONTWRITEBYTECODE=1"), Args: []string{k.Path("bin/buildout")}}
}

// calls counts the calls of an undisturbed run.
func (k changed) calls(t testing.TB) int {
	t.Helper()
	n := len(k.Calls(t, k.Root, k.command()))
	t.Logf("N = %d", n)
	if n < 150 {
		t.Errorf("only %d calls that write", n)
	}
	return n
}

// kill kills bin/buildout at the calls of these numbers.
func (k changed) kill(t *testing.T, numbers []int) {
	for _, number := range numbers {
		k.withoutEggs(t, func() {
			os.RemoveAll(k.Root)
			packtest.CopyDir(t, k.kept, k.Root)
		})
		call := fmt.Sprintf("call %d, %s", number, k.Kill(t, k.Root, number, k.command()))
		packtest.RunIn(t, k.Root, k.Env, k.Python, "bootstrap.py").Must(t, "after "+call)
		have := k.buildouts(t)
		if have["parts/conf/app.conf"] != k.before["parts/conf/app.conf"] {
			// killed after the run had been done: then it is done whole
			k.Buildout(t).Must(t, "after the commit")
			continue
		}
		if packtest.SameMap(t, k.before, have); t.Failed() {
			t.Fatalf("after the kill at %s", call)
		}
	}
}

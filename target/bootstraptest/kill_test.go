package bootstraptest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBootstrapKilled kills bootstrap.py at each call that writes, runs it
// again, and compares the tree with that of an undisturbed run.
func TestBootstrapKilled(t *testing.T) {
	for _, minor := range packtest.ShortPythons() {
		for _, moved := range []bool{false, true} {
			t.Run(fmt.Sprint(minor, " moved ", moved), func(t *testing.T) { killEach(t, minor, moved) })
		}
	}
}

// killEach kills at each call with Python 3.13, which is the one that the
// newest example has, and at 50 of them with others.
func killEach(t *testing.T, minor string, moved bool) {
	python := packtest.FindPython(t, minor)
	archive := smallTree(t, python)
	if moved { // a tree that was set up elsewhere, and in which buildout and a person wrote
		packtest.RunIn(t, archive, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
		packtest.WriteFile(t, filepath.Join(archive, "etc/latin.conf"), "mine = "+archive+"\n")
	}
	k := killing{killtest.New(t), archive, python}
	root := filepath.Join(killtest.Dir(t), "root with space")
	calls, _ := k.undisturbed(t, root)
	t.Logf("N = %d", len(calls))
	if len(calls) < 80 {
		t.Errorf("only %d calls that write", len(calls))
	}
	numbers := killtest.Each(len(calls))
	if testing.Short() {
		numbers = killtest.Spread(len(calls), 12)
	} else if minor != "3.13" {
		numbers = killtest.Spread(len(calls), 50)
	}
	killtest.Lanes(t, numbers, k.each)
}

// killing is what bootstrap.py is killed in: copies of an archive's directory.
type killing struct {
	killtest.Killer
	archive, python string
}

func (k killing) lay(t testing.TB, root string) {
	t.Helper()
	os.RemoveAll(root)
	packtest.CopyDir(t, k.archive, root)
}

func (k killing) command(root string) killtest.Command {
	return killtest.Command{Dir: root, Env: packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), Args: []string{k.python, "-E", "bootstrap.py"}}
}

// undisturbed gives the calls of a whole run, and what it makes.
func (k killing) undisturbed(t testing.TB, root string) ([]string, map[string]string) {
	t.Helper()
	k.lay(t, root)
	calls := k.Calls(t, root, k.command(root))
	return calls, packtest.Contents(t, root)
}

// each kills at the calls of these numbers, in a directory of its own.
func (k killing) each(t *testing.T, dir string, numbers []int) {
	k.Killer = killtest.New(t)
	root := filepath.Join(dir, "root with space")
	_, want := k.undisturbed(t, root)
	for _, number := range numbers {
		k.lay(t, root)
		call := fmt.Sprintf("call %d, %s", number, k.Kill(t, root, number, k.command(root)))
		packtest.RunIn(t, root, packtest.CEnv(), k.python, "-E", "bootstrap.py").Must(t, "after "+call)
		if packtest.SameMap(t, want, packtest.Contents(t, root)); t.Failed() {
			t.Fatalf("after the kill at %s", call)
		}
	}
}

// TestBootstrapKilledLarge kills bootstrap.py in a tree with a hundred and
// more relocations at calls that a seed picks.
func TestBootstrapKilledLarge(t *testing.T) {
	count := 50
	if testing.Short() {
		count = 3
	}
	python := packtest.FindPython(t, "3.11")
	k := killing{killtest.New(t), largeTree(t, python), python}
	calls, _ := k.undisturbed(t, filepath.Join(killtest.Dir(t), "root with space"))
	if len(calls) < 800 {
		t.Fatalf("only %d calls that write", len(calls))
	}
	killtest.Lanes(t, killtest.Random(t, len(calls), count), k.each)
}

package updatetest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateKilled kills an update at each call that writes, on Python 2.7 at
// some of them. Right after that the application still starts. The next
// bootstrap.py ends at the new version; after every other kill it is a
// rollback, which ends at the old one.
func TestUpdateKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("updates again and again")
	}
	for minor, count := range map[string]int{"3.13": 1000, "2.7": 14} {
		t.Run(minor, func(t *testing.T) {
			python := packtest.FindPython(t, minor)
			k := killing{before: packVersion(t, python, "0.9", oneOfEach), old: packVersion(t, python, "1.0", oneOfEach), new: packVersion(t, python, "2.0", oneOfEach)}
			n := k.calls(t, 150)
			killtest.Lanes(t, killtest.Spread(n, count), k.each)
		})
	}
}

// TestRollbackKilled does the same to a rollback, which the next one finishes.
func TestRollbackKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("rolls back again and again")
	}
	python := packtest.FindPython(t, "3.13")
	k := killing{before: packVersion(t, python, "0.9", oneOfEach), old: packVersion(t, python, "1.0", oneOfEach), new: packVersion(t, python, "2.0", oneOfEach),
		args: []string{"--rollback"}}
	killtest.Lanes(t, killtest.Each(k.calls(t, 150)), k.each)
}

// oneOfEach leaves out what is updated like another file.
func oneOfEach(files map[string]string) {
	for _, path := range []string{"eggs/same-1.0.egg/plain.py", "eggs/dep-1.0-py3.egg/EGG-INFO/PKG-INFO", "eggs/dep-2.0-py3.egg/EGG-INFO/PKG-INFO",
		"parts/inst/etc/same.conf", "etc/come.txt", "etc/gone.txt", "etc/a space and ü.cfg"} {
		delete(files, path)
	}
}

// TestUpdateKilledLarge kills updates of a tree of many files at calls that a seed picks.
func TestUpdateKilledLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("updates a large tree again and again")
	}
	python := packtest.FindPython(t, "3.13")
	k := killing{old: largeVersion(t, python, "1.0"), new: largeVersion(t, python, "2.0")}
	killtest.Lanes(t, killtest.Random(t, k.calls(t, 3000), 50), k.each)
}

// largeVersion packs the small application together with a good part of an
// interpreter's own library: one egg stays, with every fourth of its modules
// changed, and one gives way to another version of it.
func largeVersion(t *testing.T, python, number string) version {
	t.Helper()
	out := packtest.RunIn(t, "", os.Environ(), python, "-c", "import os; print(os.path.dirname(os.__file__))").Must(t, "asking python")
	library, count := strings.TrimSpace(out.Out), 0
	return packVersion(t, python, number, func(files map[string]string) {
		for egg, packages := range map[string][]string{
			"eggs/stays-1.0-py3.13.egg/":           {"ctypes", "email", "encodings", "json"},
			"eggs/goes-" + number + "-py3.13.egg/": {"html", "http", "importlib", "urllib", "xml"},
		} {
			for _, name := range packages {
				packtest.Walk(t, filepath.Join(library, name), func(path string, d fs.DirEntry) {
					if d.IsDir() || !strings.HasSuffix(path, ".py") {
						return
					}
					text := packtest.ReadFile(t, filepath.Join(library, name, path))
					if count++; count%4 == 0 {
						text += "# of " + number + "\n"
					}
					if count%5 == 0 {
						text += "# made in ROOT\n"
					}
					files[egg+name+"/"+path] = text
				})
			}
		}
	})
}

// killing is bootstrap.py from one version to another, or with --rollback back.
type killing struct {
	before   version // what the old one was made of by an update, if it is one
	old, new version
	args     []string
}

// calls is how many calls that write it makes, at least so many.
func (k killing) calls(t *testing.T, least int) int {
	t.Helper()
	d := k.prepare(t, killtest.Dir(t))
	d.lay(t)
	n := len(d.killer.Calls(t, d.root, d.command()))
	packtest.SameMap(t, d.after, versionTree(t, d.root))
	if n < least {
		t.Fatalf("only %d calls that write", n)
	}
	t.Logf("N = %d, %d files", n, len(d.after))
	return n
}

// each kills it at these calls.
func (k killing) each(t *testing.T, dir string, numbers []int) {
	d := k.prepare(t, dir)
	mixed := 0
	for i, number := range numbers {
		d.lay(t)
		call := fmt.Sprintf("call %d, %s", number, d.killer.Kill(t, d.root, number, d.command()))
		if !starts(t, d.root) {
			mixed++
		}
		if d.ends(t, i%2 == 1); t.Failed() {
			t.Fatalf("after the kill at %s", call)
		}
	}
	packtest.SameMap(t, d.tree, versionTree(t, d.prepared)) // nothing was written in place
	t.Logf("%d kills, %d of them with parts of both versions in place", len(numbers), mixed)
}

// doomed is a tree that bootstrap.py is killed in.
type doomed struct {
	killing
	killer         killtest.Killer
	root, prepared string
	// The whole tree: of the version before the old one, of the old one, as it
	// is prepared, and what an undisturbed run makes of it.
	beforeTree, oldTree, tree, after map[string]string
}

func (k killing) prepare(t *testing.T, dir string) doomed {
	t.Helper()
	d := doomed{killing: k, killer: killtest.New(t), root: filepath.Join(dir, "root with space"), prepared: filepath.Join(dir, "prepared")}
	k.new.install(t, d.root)
	d.after = versionTree(t, d.root)
	if k.before.archive == "" {
		k.old.install(t, d.root)
	} else {
		k.before.install(t, d.root)
		d.beforeTree = versionTree(t, d.root)
		held(t, k.before, k.old, d.root)
		k.before.bootstrap(t, d.root).Must(t, "the update before")
	}
	d.oldTree = versionTree(t, d.root)
	held(t, k.old, k.new, d.root)
	if len(k.args) > 0 {
		k.old.bootstrap(t, d.root).Must(t, "update")
		d.after = d.oldTree
	}
	must(t, os.Rename(d.root, d.prepared))
	d.tree = versionTree(t, d.prepared)
	return d
}

// lay makes the tree of second names of the prepared one's files.
func (d doomed) lay(t *testing.T) {
	t.Helper()
	must(t, os.RemoveAll(d.root))
	packtest.RunIn(t, "/", packtest.CEnv(), "cp", "-al", d.prepared, d.root).Must(t, "cp")
}

func (d doomed) command() killtest.Command {
	return killtest.Command{Dir: d.root, Env: packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), Args: append([]string{d.old.python, "-E", "bootstrap.py"}, d.args...)}
}

// ends runs what comes after a kill, and sees where it leads.
func (d doomed) ends(t *testing.T, back bool) {
	t.Helper()
	want, way, args := d.after, []string{d.new.manifest, d.old.manifest}, d.args
	if back || len(d.args) > 0 {
		want, way, args = d.oldTree, []string{d.old.manifest}, []string{"--rollback"}
	}
	isOld := d.isOld(t)
	r := d.old.bootstrap(t, d.root, args...)
	if d.before.archive == "" {
		way = way[:len(way)-1]
	}
	switch nowhere := r.Code == 2 && strings.Contains(r.Err, "no version to go back to"); {
	case nowhere && len(d.args) == 0 && d.before.archive == "":
		want = d.tree // the update was killed before anything changed
	case isOld && len(args) > 0:
		want, way = d.beforeTree, nil // the same, or the rollback was done: it goes on from there
	case r.Code != 0 && !nowhere:
		t.Fatalf("exit %d\n%s%s", r.Code, r.Out, r.Err)
	}
	packtest.SameMap(t, want, versionTree(t, d.root))
	if have := wayBack(t, d.root); !slices.Equal(have, way) {
		t.Fatalf("the way back is from %q, want %q\n%s%s", have, way, r.Out, r.Err)
	}
}

// isOld is whether the old version is there, and nothing to be finished.
func (d doomed) isOld(t testing.TB) bool {
	t.Helper()
	_, err := os.Lstat(filepath.Join(d.root, archive.Dir, "transaction"))
	return os.IsNotExist(err) && digest.Of([]byte(packtest.ReadFile(t, filepath.Join(d.root, archive.ManifestName)))) == d.old.manifest
}

// wayBack is from which versions the tree can go back, one after the other.
func wayBack(t testing.TB, root string) []string {
	t.Helper()
	var found []string
	for dir := filepath.Join(root, archive.Dir, "previous"); ; dir = filepath.Join(dir, "before") {
		data, err := os.ReadFile(filepath.Join(dir, "plan.json"))
		if err != nil {
			return found
		}
		var plan struct{ To string }
		must(t, json.Unmarshal(data, &plan))
		found = append(found, plan.To)
	}
}

// versionTree is wholeTree without the record of where the version came from.
func versionTree(t testing.TB, root string) map[string]string {
	t.Helper()
	found := wholeTree(t, root)
	delete(found, archive.Dir+"/install.json")
	return found
}

// held lays a delta as "binary-buildout update" does, which has the way back that is there held.
func held(t testing.TB, old, new version, root string) {
	t.Helper()
	_, err := archive.LayDelta(t.Context(), open(t, old.delta(t, new)), root, "somewhere")
	must(t, err)
}

// starts fails the test unless bin/app starts, and is whether it is all of one version.
func starts(t testing.TB, root string) bool {
	t.Helper()
	r := packtest.RunIn(t, "/", packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), filepath.Join(root, "bin/app")).Must(t, "bin/app after a kill")
	f := strings.Fields(r.Out)
	for _, number := range f[:2] {
		if number != "1.0" && number != "2.0" {
			t.Fatalf("bin/app says %q", r.Out)
		}
	}
	return f[0] == f[1]
}

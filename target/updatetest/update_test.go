package updatetest

// Updates by bootstrap.py: two versions of a small tree, packed for real, and
// what an update of the one leaves held against a fresh install of the other.

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// the ways in which a new version gets into an installed tree, before bootstrap.py runs.
var ways = map[string]func(t testing.TB, old, new version, root string){
	"delta by tar": func(t testing.TB, old, new version, root string) {
		packtest.RunIn(t, root, packtest.CEnv(), "tar", "-xzf", old.delta(t, new)).Must(t, "tar")
	},
	"delta": func(t testing.TB, old, new version, root string) {
		_, err := archive.LayDelta(context.Background(), open(t, old.delta(t, new)), root, "")
		must(t, err)
	},
	"archive": func(t testing.TB, old, new version, root string) {
		_, err := archive.LayArchive(context.Background(), open(t, new.archive), filepath.Base(new.archive), strings.Repeat("0", 64), root, "")
		must(t, err)
	},
	"archive over it": func(t testing.TB, old, new version, root string) {
		packtest.RunIn(t, root, packtest.CEnv(), "tar", "-xzf", new.archive, "--strip-components=1").Must(t, "tar")
	},
}

// wholeTree notes everything of a tree that a version consists of: type, mode,
// digest, where links lead to; without the way back and what locks leave.
func wholeTree(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	packtest.Walk(t, root, func(path string, d fs.DirEntry) {
		if strings.HasPrefix(path, ".binary-buildout/previous") || path == ".binary-buildout/lock" {
			return
		}
		info, err := d.Info()
		must(t, err)
		full := filepath.Join(root, path)
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(full)
			must(t, err)
			found[path] = "-> " + target
		case d.IsDir():
			found[path] = fmt.Sprint(info.Mode())
		default:
			found[path] = fmt.Sprint(info.Mode(), info.ModTime().Unix() == archive.DefaultEpoch, digest.Of([]byte(packtest.ReadFile(t, full))))
			if strings.HasPrefix(path, ".binary-buildout/") || strings.HasPrefix(path, "bin/buildout") || strings.HasSuffix(path, ".pyc") {
				found[path] = fmt.Sprint(info.Mode(), digest.Of([]byte(packtest.ReadFile(t, full))))
			}
		}
	})
	return found
}

// runs fails the test unless bin/app says that version.
func runs(t testing.TB, root, number string) {
	t.Helper()
	r := packtest.RunIn(t, "/", packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), filepath.Join(root, "bin/app")).Must(t, "bin/app")
	if r.Out != number+" "+number+" "+root+"\n" {
		t.Fatalf("bin/app says %q, want %s", r.Out, number)
	}
}

// TestUpdateSameBytes: whichever way the new version comes, what is there then
// is what a fresh install of it would be, and a rollback brings back what was there.
func TestUpdateSameBytes(t *testing.T) {
	for _, minor := range packtest.ShortPythons() {
		python := packtest.FindPython(t, minor)
		old, new := packVersion(t, python, "1.0"), packVersion(t, python, "2.0")
		// tar can't put a file where a directory is.
		plainOld, plainNew := packVersion(t, python, "1.0", withoutTurns), packVersion(t, python, "2.0", withoutTurns)
		for way, lay := range ways {
			t.Run(minor+" "+way, func(t *testing.T) {
				old, new := old, new
				if way == "archive over it" {
					old, new = plainOld, plainNew
				}
				root := filepath.Join(t.TempDir(), "a place ü")
				new.install(t, root)
				want := wholeTree(t, root)
				old.install(t, root)
				before := wholeTree(t, root)
				lay(t, old, new, root)
				if way != "archive over it" {
					runs(t, root, "1.0")
				}
				old.bootstrap(t, root).Must(t, "update")
				runs(t, root, "2.0")
				packtest.SameMap(t, want, wholeTree(t, root))
				if r := old.bootstrap(t, root).Must(t, "again"); !strings.Contains(r.Out, "nothing to do") {
					t.Errorf("again: %s", r.Out)
				}
				packtest.SameMap(t, want, wholeTree(t, root))
				r := old.bootstrap(t, root, "--rollback")
				if way == "archive over it" {
					if r.Code != 2 || !strings.Contains(r.Err, "no version to go back to") {
						t.Errorf("exit %d: %s", r.Code, r.Err)
					}
					return
				}
				r.Must(t, "rollback")
				runs(t, root, "1.0")
				packtest.SameMap(t, before, wholeTree(t, root))
				if r := old.bootstrap(t, root, "--rollback"); r.Code != 2 {
					t.Errorf("a second rollback: exit %d: %s%s", r.Code, r.Out, r.Err)
				}
				lay(t, old, new, root)
				old.bootstrap(t, root).Must(t, "update again")
				packtest.SameMap(t, want, wholeTree(t, root))
			})
		}
	}
}

// withoutTurns leaves out what is a file in one version and a directory in the other.
func withoutTurns(files map[string]string) {
	for path := range files {
		if strings.HasPrefix(path, "turn") || strings.HasPrefix(path, "back") {
			delete(files, path)
		}
	}
}

// updateEdits is TestUpdateEdits on a Python, by one of the ways.
func updateEdits(t *testing.T, python, way string) {
	old, new := packVersion(t, python, "1.0", withLong("1.0")), packVersion(t, python, "2.0", withLong("2.0"))
	root := filepath.Join(t.TempDir(), "srv")
	new.install(t, root)
	fresh := wholeTree(t, root)
	old.install(t, root)
	edits := map[string]string{
		"etc/plain.txt":                     "mine, of 1.0\n", // changed in 2.0 too
		"etc/always.txt":                    "mine\n",         // the same in both
		"etc/gone.txt":                      "mine, kept\n",   // not in 2.0
		"etc/long.txt":                      "mine too\n",     // a line of 200 is another one in 2.0
		"parts/inst/long.txt":               "mine, again\n",
		"parts/inst/moved-1.0.txt":          "mine, and 2.0 has it elsewhere\n",
		"parts/inst/etc/site.conf":          "mine, by hand\n",
		"bin/app":                           "#!/bin/sh\necho mine\n",
		"parts/old/deep/gone.txt":           "mine, in a part that goes\n",
		"etc/come.txt":                      "mine, before 2.0 had one\n",
		"eggs/dep-1.0-py3.egg/added.py":     "added\n",
		"var/filestorage/Data.fs":           "data\n",
		"host.cfg":                          "[buildout]\nextends = buildout.cfg\n",
		"eggs/same-1.0.egg/plain.pyo":       "bytecode of an unchanged source\n",
		"src/app.pyo":                       "bytecode of a changed source\n",
		"parts/new/deep/mine-beside-it.txt": "mine\n",
	}
	for path, data := range edits {
		packtest.WriteFile(t, filepath.Join(root, path), data)
	}
	before := wholeTree(t, root)
	ways[way](t, old, new, root)
	r := old.bootstrap(t, root).Must(t, "update")
	has := func(path, want string) {
		t.Helper()
		if data, err := os.ReadFile(filepath.Join(root, path)); err != nil || string(data) != want {
			t.Errorf("%s holds %q (%v), want %q", path, data, err, want)
		}
	}
	for _, path := range []string{"etc/plain.txt", "etc/always.txt", "etc/gone.txt", "etc/come.txt", "var/filestorage/Data.fs", "host.cfg",
		"parts/new/deep/mine-beside-it.txt", "eggs/same-1.0.egg/plain.pyo"} {
		has(path, edits[path])
	}
	for _, path := range []string{"parts/inst/etc/site.conf", "bin/app", "parts/old/deep/gone.txt", "parts/inst/long.txt", "parts/inst/moved-1.0.txt"} {
		has(path+".old", edits[path])
	}
	has("etc/long.txt", edits["etc/long.txt"])
	has("etc/long.txt.new", "version 2.0\n"+source(rand.New(rand.NewSource(5)), 200))
	has("etc/plain.txt.new", "of 2.0\n")
	has("etc/come.txt.new", "it came to "+root+"\n")
	for _, path := range []string{"etc/always.txt.new", "etc/gone.txt.new", "eggs/dep-1.0-py3.egg", "src/app.pyo", "parts/old/deep/gone.txt"} {
		if _, err := os.Lstat(filepath.Join(root, path)); err == nil {
			t.Errorf("%s is there", path)
		}
	}
	for _, line := range []string{"bin/app was edited: your version is bin/app.old\n", "etc/plain.txt was edited, and stays: the new one is etc/plain.txt.new\n",
		"etc/gone.txt was edited, and stays: it is no longer part of the application\n"} {
		if !strings.Contains(r.Out, line) {
			t.Errorf("it doesn't say %q:\n%s", line, r.Out)
		}
	}
	if strings.Contains(r.Out, "always.txt") {
		t.Errorf("it speaks of a file that is the same in both:\n%s", r.Out)
	}
	for path, what := range fresh {
		_, mine := edits[path]
		if have := wholeTree(t, root)[path]; have != what && (!mine || strings.HasPrefix(path, "bin/")) && path != archive.StateName {
			t.Errorf("%s is %s, fresh %s", path, have, what)
		}
	}
	runs(t, root, "2.0")
	old.bootstrap(t, root, "--rollback").Must(t, "rollback")
	packtest.SameMap(t, before, wholeTree(t, root))
}

// withLong adds texts of which a delta would have little, if nobody edited them.
func withLong(number string) func(map[string]string) {
	return func(files map[string]string) {
		files["etc/long.txt"] = "version " + number + "\n" + source(rand.New(rand.NewSource(5)), 200)
		files["parts/inst/long.txt"] = "part of " + number + "\n" + source(rand.New(rand.NewSource(6)), 200)
		files["parts/inst/moved-"+number+".txt"] = source(rand.New(rand.NewSource(7)), 20)
	}
}

// source gives lines of Python that compress like code.
func source(r *rand.Rand, lines int) string {
	words := []string{"self", "return", "name", "value", "import", "None", "request", "context", "result", "append"}
	var b strings.Builder
	for range lines {
		fmt.Fprintf(&b, "%s_%d = '%s %s %x'\n", words[r.Intn(len(words))], r.Intn(100), words[r.Intn(len(words))], words[r.Intn(len(words))], r.Int63())
	}
	return b.String()
}

// changedFiles is how many files a version has that another hasn't, and their
// size as a tar.gz.
func changedFiles(t *testing.T, old, new version) (int64, int) {
	t.Helper()
	have := map[string]string{}
	for _, e := range entries(t, old) {
		have[e.Path] = e.SHA256
	}
	dir, count := t.TempDir(), 0
	must(t, archive.Extract(context.Background(), new.archive, filepath.Join(dir, "all"), archive.ExtractOptions{}))
	var paths []string
	for _, e := range entries(t, new) {
		if e.Type == archive.TypeFile && have[e.Path] != e.SHA256 {
			paths = append(paths, e.Path)
			count++
		}
	}
	packtest.WriteFile(t, filepath.Join(dir, "list"), strings.Join(paths, "\n")+"\n")
	packtest.RunIn(t, filepath.Join(dir, "all"), packtest.CEnv(), "tar", "-czf", filepath.Join(dir, "changed.tar.gz"), "-T", filepath.Join(dir, "list")).Must(t, "tar")
	return fileSize(t, filepath.Join(dir, "changed.tar.gz")), count
}

func entries(t *testing.T, v version) []archive.Entry {
	t.Helper()
	r, err := archive.Open(v.archive)
	must(t, err)
	defer r.Close()
	return r.Files()
}

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	must(t, err)
	return info.Size()
}

// buildVersion builds testdata/target/site and packs it.
// withoutBytecode leaves out what Python writes as it runs.

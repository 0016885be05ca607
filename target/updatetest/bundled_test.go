package updatetest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// withPython puts an interpreter into a version.
func withPython(t testing.TB, minor, number string) func(map[string]string) {
	t.Helper()
	bundled, starter := packtest.Bundle(t, minor, number)
	start := filepath.Join(t.TempDir(), "bootstrap")
	packtest.WriteFile(t, start, string(starter))
	return func(files map[string]string) {
		for path, full := range bundled {
			if strings.Contains(path, "/bin/") {
				path += "*"
			}
			files[path] = "file: " + full
		}
		files["bootstrap*"] = "file: " + start
	}
}

// TestUpdateBundled: an interpreter in the archive gives way to that of the next
// version, to none, and comes where there was none; a rollback brings back what
// there was. Whatever ran bootstrap.py, the tree's own interpreter went on.
func TestUpdateBundled(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	newer := packVersion(t, python, "2.0", withPython(t, "3.13", "3.13.11"))
	versions := map[string]version{
		"3.13.9":  packVersion(t, python, "1.0", withPython(t, "3.13", "3.13.9")),
		"3.12.1":  packVersion(t, packtest.FindPython(t, "3.12"), "1.0", withPython(t, "3.12", "3.12.1")),
		"none":    packVersion(t, python, "1.0"),
		"3.13.11": newer,
		"gone":    packVersion(t, python, "2.0"),
	}
	for name, pair := range map[string][2]string{
		"another version": {"3.13.9", "3.13.11"},
		"another minor":   {"3.12.1", "3.13.11"},
		"comes":           {"none", "3.13.11"},
		"goes":            {"3.13.9", "gone"},
	} {
		for way, lay := range ways {
			if want := map[bool]string{false: "delta", true: "archive"}[name == "another minor"]; way != want { // a delta is between archives of one target
				continue
			}
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				old, new := versions[pair[0]], versions[pair[1]]
				root := filepath.Join(t.TempDir(), "a place ü", strings.Repeat("long", 30))
				must(t, os.MkdirAll(filepath.Dir(root), 0o755))
				new.install(t, root)
				want := wholeTree(t, root)
				interpreters(t, root, pair[1])
				old.install(t, root)
				before := wholeTree(t, root)
				interpreters(t, root, pair[0])
				lay(t, old, new, root)
				old.bootstrap(t, root).Must(t, "update")
				runs(t, root, "2.0")
				interpreters(t, root, pair[1])
				packtest.SameMap(t, want, wholeTree(t, root))
				if r := new.bootstrap(t, root).Must(t, "again"); !strings.Contains(r.Out, "nothing to do") {
					t.Errorf("again: %s", r.Out)
				}
				new.bootstrap(t, root, "--rollback").Must(t, "rollback")
				runs(t, root, "1.0")
				interpreters(t, root, pair[0])
				packtest.SameMap(t, before, wholeTree(t, root))
			})
		}
	}
}

// interpreters fails the test unless a tree has this interpreter alone in it.
func interpreters(t *testing.T, root, number string) {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(root, "python-*"))
	starter, _ := os.ReadFile(filepath.Join(root, "bootstrap"))
	if number == "none" || number == "gone" {
		if len(found) > 0 || starter != nil {
			t.Errorf("%s: there are %q and %q", number, found, starter)
		}
		return
	}
	own := filepath.Join(root, "python-"+number)
	if len(found) != 1 || found[0] != own || !strings.Contains(string(starter), "\nPYTHON=python-"+number+"/bin/python") {
		t.Errorf("%s: there are %q", number, found)
	}
	for _, name := range []string{"bin/buildout", "bin/app", ".binary-buildout/state.json"} {
		if text := packtest.ReadFile(t, filepath.Join(root, name)); name == "bin/app" && !strings.Contains(text, own+"/bin/python") {
			t.Errorf("%s isn't for %s: %s", name, own, text)
		}
	}
	// sh and nothing else: no Python on PATH.
	r := packtest.RunIn(t, "/", []string{"PATH=/nonexistent"}, filepath.Join(root, "bootstrap"), "--check").Must(t, "./bootstrap --check")
	if !strings.Contains(r.Out, "as they should be") {
		t.Error(r.Out)
	}
}

// TestStartBundled: ./bootstrap needs sh alone, at any path and after a move; any
// Python goes on under the tree's own interpreter, or says what bootstrap says.
func TestStartBundled(t *testing.T) {
	v := packVersion(t, packtest.FindPython(t, "3.13"), "1.0", withPython(t, "3.13", "3.13.9"))
	unpack := func(t *testing.T, name string) string {
		root := filepath.Join(t.TempDir(), name)
		must(t, archive.Extract(t.Context(), v.archive, root, archive.ExtractOptions{}))
		return root
	}
	bare := []string{"PATH=" + sbin(t)}
	t.Run("moved", func(t *testing.T) {
		root := unpack(t, "first")
		packtest.RunIn(t, "/", bare, filepath.Join(root, "bootstrap")).Must(t, "./bootstrap")
		runs(t, root, "1.0")
		moved := filepath.Join(t.TempDir(), "a place ü", strings.Repeat("long", 40))
		must(t, os.MkdirAll(filepath.Dir(moved), 0o755))
		must(t, os.Rename(root, moved))
		r := packtest.RunIn(t, moved, bare, "./bootstrap").Must(t, "./bootstrap, moved")
		if !strings.Contains(r.Out, "files relocated") {
			t.Error(r.Out)
		}
		runs(t, moved, "1.0")
		if r := packtest.RunIn(t, moved, bare, "./bootstrap").Must(t, "again"); !strings.Contains(r.Out, "nothing to do") {
			t.Error(r.Out)
		}
		packtest.NothingOf(t, moved, root)
	})
	for _, minor := range []string{"2.7", "3.6", "3.12"} {
		t.Run("python"+minor, func(t *testing.T) {
			root := unpack(t, "a place ü")
			python := packtest.FindPython(t, minor)
			packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
			runs(t, root, "1.0")
			var state struct{ Interpreter, Prefix string }
			must(t, json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(root, archive.StateName))), &state))
			if want := filepath.Join(root, "python-3.13.9"); state.Prefix != want || state.Interpreter != want+"/bin/python3.13" {
				t.Errorf("it is fitted to %+v", state)
			}
			text := packtest.ReadFile(t, filepath.Join(root, "bootstrap"))
			packtest.WriteFile(t, filepath.Join(root, "bootstrap"), strings.Replace(text, "MACHINES=\"", "MACHINES=\"s390x \" #", 1))
			if r := packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py"); r.Code != 2 || !strings.HasPrefix(r.Err, "error: this archive is for ") {
				t.Errorf("another machine: exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			must(t, os.WriteFile(filepath.Join(root, "bootstrap"), []byte(text), 0o755))
			must(t, os.Rename(filepath.Join(root, "python-3.13.9/lib"), filepath.Join(root, "python-3.13.9/lab")))
			if r := packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py"); r.Code == 0 {
				t.Errorf("without its library: %s%s", r.Out, r.Err)
			}
			must(t, os.Remove(filepath.Join(root, "bootstrap")))
			if r := packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py"); r.Code != 2 || !strings.Contains(r.Err, "the program bootstrap is missing") {
				t.Errorf("without bootstrap: exit %d: %s%s", r.Code, r.Out, r.Err)
			}
		})
	}
}

// sbin is a directory with what bootstrap runs of a system, and no Python.
func sbin(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"sh", "uname", "getconf"} {
		path, err := exec.LookPath(name)
		must(t, err)
		must(t, os.Symlink(path, filepath.Join(dir, name)))
	}
	return dir
}

// TestUpdateBundledKilled kills an update that brings another interpreter, and
// its rollback, where the one is half there and where the other is half gone.
// What was there goes on to start; the next run finishes it.
func TestUpdateBundledKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("updates again and again")
	}
	python := packtest.FindPython(t, "3.13")
	old := packVersion(t, python, "1.0", oneOfEach, withPython(t, "3.13", "3.13.9"))
	new := packVersion(t, python, "2.0", oneOfEach, withPython(t, "3.13", "3.13.11"))
	for _, tt := range []struct{ args, comes, goes string }{
		{"", "python-3.13.11", "python-3.13.9"},
		{"--rollback", "python-3.13.9", "python-3.13.11"},
	} {
		t.Run("update"+tt.args, func(t *testing.T) {
			k := killing{old: old, new: new, args: strings.Fields(tt.args)}
			d := k.prepare(t, killtest.Dir(t))
			d.lay(t)
			calls := d.killer.Calls(t, d.root, d.command())
			var numbers []int
			for _, at := range []string{"rename /" + tt.comes + "/lib/python313.zip", "rename /bootstrap", "old/" + tt.goes + "/lib/python3.13/os.py", "rmdir /" + tt.goes} {
				number := slices.IndexFunc(calls, func(call string) bool { return strings.HasSuffix(call, at) }) + 1
				if number == 0 {
					t.Errorf("no call is %s", at)
				}
				numbers = append(numbers, number)
			}
			for i, number := range numbers {
				d.lay(t)
				d.killer.Kill(t, d.root, number, d.command())
				starts(t, d.root)
				if d.ends(t, i%2 == 1); t.Failed() {
					t.Fatalf("after the kill at %s", calls[number-1])
				}
			}
		})
	}
}

package updatetest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateEdits: what people changed and added stays, as the design says.
func TestUpdateEdits(t *testing.T) {
	for _, minor := range []string{"3.13", "2.7"} {
		if testing.Short() && minor != "3.13" {
			continue
		}
		for _, way := range []string{"delta", "archive"} {
			t.Run(minor+" "+way, func(t *testing.T) { updateEdits(t, packtest.FindPython(t, minor), way) })
		}
	}
}

// TestUpdateTaken: what Zope took away at its first start doesn't come back, and
// stops no update: it would give the only user its first password again.
func TestUpdateTaken(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	with := func(password string) func(map[string]string) {
		return func(files map[string]string) { files["parts/inst/inituser"] = "admin:" + password + "\n" }
	}
	old := packVersion(t, python, "1.0", with("first"))
	for name, new := range map[string]version{"same": packVersion(t, python, "2.0", with("first")), "other": packVersion(t, python, "2.0", with("second"))} {
		for _, way := range []string{"delta", "archive"} {
			t.Run(name+" "+way, func(t *testing.T) {
				root := filepath.Join(t.TempDir(), "srv")
				taken := filepath.Join(root, "parts/inst/inituser")
				old.install(t, root)
				must(t, os.Remove(taken))
				ways[way](t, old, new, root)
				for _, args := range [][]string{nil, {"--check"}, {"--rollback"}, {"--check"}} {
					old.bootstrap(t, root, args...).Must(t, strings.Join(args, " "))
					if _, err := os.Lstat(taken); err == nil {
						t.Errorf("%q brought it back", args)
					}
				}
			})
		}
	}
}

// TestUpdateRefused: what can't be applied leaves the tree as it was, and says why.
func TestUpdateRefused(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	old, new, other := packVersion(t, python, "1.0"), packVersion(t, python, "2.0"), packVersion(t, python, "3.0")
	root := filepath.Join(t.TempDir(), "srv")
	incoming := func(name string) string {
		return filepath.Join(root, archive.IncomingDir, new.manifest, name)
	}
	for _, test := range []struct {
		name        string
		code        int
		error, hint string
		lay         func(t *testing.T)
	}{
		{"wrong base", 1, "this delta is for app 3.0", "take the delta from 1.0", func(t *testing.T) { ways["delta by tar"](t, other, new, root) }},
		{"a file of the delta is cut", 1, "etc/come.txt of app 2.0 is damaged", "unpack the delta again", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			packtest.WriteFile(t, incoming("files/etc/come.txt"), "cut")
		}},
		{"a file of the delta is missing", 1, "etc/come.txt is missing, and the update doesn't bring it", "whole archive", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.Remove(incoming("files/etc/come.txt")))
		}},
		{"the steps are cut", 1, "patches/steps is damaged", "unpack the delta again", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.Truncate(incoming("patches/steps"), 1))
		}},
		{"what is added is altered", 1, "patches/diff is damaged", "unpack the delta again", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			data, err := os.ReadFile(incoming("patches/diff"))
			must(t, err)
			data[len(data)/2]++
			packtest.WriteFile(t, incoming("patches/diff"), string(data))
		}},
		{"the steps are missing", 1, "patches/steps is damaged", "unpack the delta again", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.Remove(incoming("patches/steps")))
		}},
		{"no document", 2, "delta.json is missing", "unpack the delta again", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.Remove(incoming("delta.json")))
		}},
		{"a link in the delta", 1, "isn't a directory", "", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.RemoveAll(incoming("files/etc")))
			must(t, os.Symlink(filepath.Join(root, "etc"), incoming("files/etc")))
		}},
		{"something is in the way", 1, "turn/mine is in the way", "move it away", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			packtest.WriteFile(t, filepath.Join(root, "turn/mine"), "mine")
		}},
		{"a file of the base is missing", 1, "eggs/same-1.0.egg/plain.py is missing", "whole archive", func(t *testing.T) {
			ways["delta"](t, old, new, root)
			must(t, os.Remove(filepath.Join(root, "eggs/same-1.0.egg/plain.py")))
		}},
		{"a newer system is needed", 2, "this archive needs glibc 99.0", "", func(t *testing.T) {
			ways["delta"](t, old, needing(t, new, "99.0"), root)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			old.install(t, root)
			test.lay(t)
			before := wholeTree(t, root)
			r := old.bootstrap(t, root)
			if r.Code != test.code || !strings.Contains(r.Err, "error: ") || !strings.Contains(r.Err, test.error) || !strings.Contains(r.Err, test.hint) {
				t.Errorf("exit %d: %s", r.Code, r.Err)
			}
			for path := range before {
				if strings.HasPrefix(path, archive.IncomingDir) {
					delete(before, path)
				}
			}
			packtest.SameMap(t, before, wholeTree(t, root))
			runs(t, root, "1.0")
		})
	}
	t.Run("the whole archive repairs", func(t *testing.T) {
		new.install(t, root)
		want := wholeTree(t, root)
		old.install(t, root)
		must(t, os.RemoveAll(filepath.Join(root, "eggs")))
		ways["archive"](t, old, new, root)
		old.bootstrap(t, root).Must(t, "update")
		packtest.SameMap(t, want, wholeTree(t, root))
	})
}

// TestUpdateSeveral: of deltas that are unpacked at once those that lead on from
// what is here are applied, one after the other.
func TestUpdateSeveral(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	one, two, three := packVersion(t, python, "1.0"), packVersion(t, python, "2.0"), packVersion(t, python, "3.0")
	root := filepath.Join(t.TempDir(), "srv")
	trees := map[string]map[string]string{}
	for number, v := range map[string]version{"2.0": two, "3.0": three, "1.0": one} {
		v.install(t, root)
		trees[number] = wholeTree(t, root)
	}
	one.install(t, root)
	for _, pair := range [][2]version{{two, three}, {two, one}, {one, two}} { // not back to where it was
		ways["delta by tar"](t, pair[0], pair[1], root)
	}
	// What a killed bin/buildout left behind goes, too.
	packtest.WriteFile(t, filepath.Join(root, archive.Dir, "journal.new/plan"), "not begun")
	r := one.bootstrap(t, root).Must(t, "bootstrap.py")
	packtest.SameMap(t, trees["3.0"], wholeTree(t, root))
	if strings.Count(r.Out, "next: ") != 1 || !strings.Contains(r.Out, "from app 2.0 to app 3.0") {
		t.Error(r.Out)
	}
	one.bootstrap(t, root, "--rollback").Must(t, "rollback")
	packtest.SameMap(t, trees["2.0"], wholeTree(t, root))
}

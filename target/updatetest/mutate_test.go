package updatetest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// mutations is how many runs a Python has to do. The seed is fixed, so that a
// run that fails here fails again.
const mutations, mutationSeed = 300, 1

// TestMutatedDocuments: whatever one to three wrong values stand in a tree's own
// documents, bootstrap.py and launcher.py end with an error, a hint and exit 1 to 3.
func TestMutatedDocuments(t *testing.T) {
	for _, minor := range packtest.BothPythons() {
		if testing.Short() && minor != "3.13" {
			continue
		}
		t.Run(minor, func(t *testing.T) {
			python := packtest.FindPython(t, minor)
			old, new := packVersion(t, python, "1.0", private("1.0")), packVersion(t, python, "2.0", private("2.0"))
			trees, work := t.TempDir(), killtest.Dir(t)
			home := filepath.Join(work, "home") // where each tree was fitted
			at := func(name string) string { return filepath.Join(trees, name) }
			keep := func(name string) { packtest.CopyDir(t, home, at(name)) }

			old.install(t, home)
			keep("fitted")
			ways["delta"](t, old, new, home)
			keep("incoming")
			old.bootstrap(t, home).Must(t, "update")
			packtest.WriteFile(t, filepath.Join(home, archive.Dir, "install.json"), `{"format": 1, "archive": "a", "sha256": "b", "source": "https://example.org"}`)
			keep("previous")
			must(t, os.Rename(filepath.Join(home, archive.Dir, "previous"), filepath.Join(home, archive.Dir, "transaction"))) // killed before the last step
			must(t, os.Remove(filepath.Join(home, archive.Dir, "transaction/done")))
			keep("transaction")
			must(t, os.RemoveAll(home))
			packtest.CopyDir(t, at("fitted"), at("journal"))
			packtest.CopyDir(t, at("fitted"), at("pending")) // killed while it was fitted to another place
			var state map[string]any
			must(t, json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(at("pending"), archive.StateName))), &state))
			files := state["files"].(map[string]any)
			state["pending"] = map[string]any{"root": home + "-moved", "interpreter": python, "prefix": "/usr", "archive": state["archive"], "signatures": map[string]any{},
				"files": map[string]any{"etc/plain.txt": []any{nil, files["bin/app"], false}, "bin/app": []any{files["bin/app"], files["bin/app"], true}}}
			packtest.WriteJSON(t, filepath.Join(at("pending"), archive.StateName), state)
			journal := filepath.Join(at("journal"), archive.Dir, "journal")
			packtest.WriteFile(t, filepath.Join(journal, "head.json"), `{"format": 1, "copies": ["bin", ".installed.cfg"], "lists": {"eggs": ["same-1.0.egg"], "parts": []}}`)
			packtest.WriteFile(t, filepath.Join(journal, "log"), "[\"move\", 1, \"etc/plain.txt\"]\n[\"part\", 2, \"etc/always.txt\"]\n")
			packtest.WriteFile(t, filepath.Join(journal, "moved/1"), "moved\n")
			packtest.WriteFile(t, filepath.Join(journal, "part/2"), "always\n")
			packtest.WriteFile(t, filepath.Join(journal, "copy/1"), "[buildout]\n")

			r := packtest.RunIn(t, "testdata", packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), python, "mutate.py", trees, work, strconv.Itoa(mutations), strconv.Itoa(mutationSeed))
			if r.Code != 0 || !strings.Contains(r.Out, " 0 wrong") {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			t.Log(r.Out)
			packtest.CopyDir(t, at("fitted"), home) // whose launch.json names no zc.buildout
			r = packtest.RunIn(t, home, packtest.CEnv(), filepath.Join(home, "bin/buildout"))
			if r.Code != 1 || !strings.HasPrefix(r.Err, "error: this tree's zc.buildout can't be imported: ") || strings.Count(r.Err, "\n") != 2 {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
		})
	}
}

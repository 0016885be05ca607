package bootstraptest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBootstrapJournal: an interrupted update's journal is replayed only if each
// of its paths lies in the tree, and what it puts comes from .binary-buildout. target/src/tests
// has all of these refusals.
func TestBootstrapJournal(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	outside := filepath.Join(t.TempDir(), "marker")
	for name, operation := range map[string][]any{
		"climbs": {"put", "../marker", archive.Dir + "/marker", false},
	} {
		t.Run(name, func(t *testing.T) {
			root := smallTree(t, python)
			layJournal(t, root, operation)
			refused(t, root, python, 1, "transaction/plan.json is damaged", "unpack the archive into another directory")
			for _, path := range []string{outside, filepath.Join(filepath.Dir(root), "marker")} {
				if _, err := os.Lstat(path); err == nil {
					t.Errorf("%s was made", path)
				}
			}
		})
	}
	t.Run("of ours", func(t *testing.T) {
		root := smallTree(t, python)
		layJournal(t, root, []any{"put", "lib/marker", archive.Dir + "/marker", false})
		packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
		if got := packtest.ReadFile(t, filepath.Join(root, "lib/marker")); got != "marker" {
			t.Errorf("lib/marker holds %q", got)
		}
	})
}

// TestBootstrapJournalOwner: root replays no journal that another user wrote.
func TestBootstrapJournalOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: another user's files")
	}
	python := packtest.FindPython(t, "3.13")
	for _, path := range []string{"transaction/plan.json", "incoming"} {
		for _, args := range [][]string{{}, {"--recover"}} {
			t.Run(fmt.Sprint(path, args), func(t *testing.T) {
				root := smallTree(t, python)
				layJournal(t, root, []any{"put", "lib/marker", archive.Dir + "/marker", false})
				packtest.WriteFile(t, filepath.Join(root, archive.Dir, "transaction/old/x"), "")
				packtest.WriteFile(t, filepath.Join(root, archive.Dir, "previous/plan.json"), "{}")
				packtest.WriteFile(t, filepath.Join(root, archive.Dir, "incoming/x"), "")
				packtest.WriteFile(t, filepath.Join(root, archive.StateName), "{}")
				if err := os.Chown(filepath.Join(root, archive.Dir, path), 12345, 12345); err != nil {
					t.Fatal(err)
				}
				before := packtest.Names(t, root)
				r := packtest.RunIn(t, root, packtest.CEnv(), python, append([]string{"bootstrap.py"}, args...)...)
				if r.Code != 2 || !strings.Contains(r.Err, "belongs to user 12345") || !strings.Contains(r.Err, "run it as that user") {
					t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
				}
				packtest.SameMap(t, before, packtest.Names(t, root))
			})
		}
	}
}

// TestLauncherJournal: neither does what an interrupted bin/buildout noted lead out of the tree.
func TestLauncherJournal(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	for name, journal := range map[string]struct{ log, copies, lists string }{
		"log": {log: `["move", 1, "../marker"]` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			root := smallTree(t, python)
			at := func(name string) string { return filepath.Join(root, archive.Dir, "journal", name) }
			packtest.WriteFile(t, at("head.json"), fmt.Sprintf(`{"format": 1, "copies": [%s], "lists": {%s}}`, journal.copies, journal.lists))
			packtest.WriteFile(t, at("log"), journal.log)
			packtest.WriteFile(t, at("moved/1"), "marker")
			packtest.WriteFile(t, at("copy/0"), "marker")
			packtest.WriteFile(t, filepath.Join(filepath.Dir(root), "kept/file"), "")
			before := packtest.Names(t, filepath.Dir(root))
			r := packtest.RunIn(t, root, packtest.CEnv(), python, "-sSE", archive.LauncherName, "--recover")
			if r.Code != 1 || !strings.Contains(r.Err, "journal is damaged") {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			packtest.SameMap(t, before, packtest.Names(t, filepath.Dir(root)))
		})
	}
}

// layJournal leaves a journal of one operation, as an update that was killed does.
func layJournal(t *testing.T, root string, operation []any) {
	t.Helper()
	packtest.WriteFile(t, filepath.Join(root, archive.Dir, "marker"), "marker")
	packtest.WriteJSON(t, filepath.Join(root, archive.Dir, "transaction/plan.json"), map[string]any{
		"format": 1, "what": "small 2.0", "from": "a", "to": "b", "keeps": true, "operations": []any{operation},
	})
}

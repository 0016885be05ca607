package install

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestInterruptedInside: what an install that was killed left in the directory
// itself, and nothing of a stranger's, is cleared up, by the table that
// install.py is held to too.
func TestInterruptedInside(t *testing.T) {
	var table struct {
		Rows []struct {
			There       []string `json:"there"`
			Entries     []string `json:"entries"`
			Interrupted bool     `json:"interrupted"`
			Left        []string `json:"left"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(mustRead(t, "../../target/cases/interrupted.json"), &table); err != nil || len(table.Rows) < 8 {
		t.Fatalf("%d rows: %v", len(table.Rows), err)
	}
	for _, row := range table.Rows {
		above := t.TempDir()
		dir, outside := filepath.Join(above, "app"), filepath.Join(above, "outside")
		for _, name := range append([]string{outside}, row.There...) {
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			if err := os.MkdirAll(name, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if row.Entries != nil {
			if err := writeJSON(filepath.Join(dir, insideName, entriesName), row.Entries); err != nil {
				t.Fatal(err)
			}
		}
		if got := interrupted(dir); got != row.Interrupted {
			t.Errorf("%q, %q: interrupted is %v", row.There, row.Entries, got)
		}
		err := undoInside(dir)
		var left []string
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			left = append(left, e.Name())
		}
		if _, statErr := os.Stat(outside); statErr != nil || (err != nil) != (row.Left == nil) || err == nil && !slices.Equal(left, row.Left) {
			t.Errorf("%q, %q: left %q, %v", row.There, row.Entries, left, err)
		}
	}
}

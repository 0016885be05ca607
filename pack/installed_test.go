package pack

import (
	"encoding/json"
	"os"
	"testing"
)

// TestFromIndex: target/cases/installed.json, which bootstrap.py is held to too.
func TestFromIndex(t *testing.T) {
	data, err := os.ReadFile("../target/cases/installed.json")
	check(t, err)
	var table struct{ Rows map[string]bool }
	check(t, json.Unmarshal(data, &table))
	if len(table.Rows) < 10 {
		t.Errorf("%d rows", len(table.Rows))
	}
	for path, want := range table.Rows {
		if got := fromIndex(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

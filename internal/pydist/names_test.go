package pydist

import (
	"encoding/json"
	"os"
	"testing"
)

// TestPlainName: PlainName writes a name as plain_name of target/src/names.py does, whose test reads the same rows.
func TestPlainName(t *testing.T) {
	data, err := os.ReadFile("../../target/cases/projects.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][2]string
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) == 0 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	for _, row := range rows {
		if got := PlainName(row[0]); got != row[1] {
			t.Errorf("%s: %s, want %s", row[0], got, row[1])
		}
	}
}

package text

import (
	"encoding/json"
	"os"
	"testing"
)

// shHeadRow is a row of target/cases/shheads.json, which bootstrap.py is held to too.
type shHeadRow struct{ Who, Head, Interpreter, Beside, Arguments, Kept string }

func readShHeads(t *testing.T) []shHeadRow {
	t.Helper()
	data, err := os.ReadFile("../../../target/cases/shheads.json")
	check(t, err)
	var table struct{ Rows []shHeadRow }
	check(t, json.Unmarshal(data, &table))
	if len(table.Rows) < 20 {
		t.Errorf("%d rows", len(table.Rows))
	}
	return table.Rows
}

func TestShHeads(t *testing.T) {
	for _, row := range readShHeads(t) {
		h := ParseShHead([]byte(row.Head + "import sys\n"))
		if row.Interpreter == "" && row.Beside == "" {
			if h != nil {
				t.Errorf("%s: %+v", row.Who, h)
			}
			continue
		}
		if h == nil || h.Interpreter != row.Interpreter || h.Beside != row.Beside || h.Arguments != row.Arguments || h.End != len(row.Head) || h.Kept() != row.Kept {
			t.Errorf("%s: %+v", row.Who, h)
		}
	}
}

package changes

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

type row struct {
	About              string
	Old, New           version
	OldFiles, NewFiles [][3]any
	Lines, Places      []string
}

type version struct {
	Version, Python, Buildout string
	Floors, Parts             map[string]string
	Libraries                 []string
}

func (v version) side(files [][3]any) Side {
	s := Side{Version: v.Version, Python: v.Python, Buildout: v.Buildout, Floors: v.Floors, Libraries: v.Libraries, Parts: v.Parts}
	for _, f := range files {
		s.Files = append(s.Files, File{Path: f[0].(string), Content: f[1].(string), Size: int64(f[2].(float64))})
	}
	return s
}

// TestTable is target/cases/changes.json, which bootstrap.py's tests read too.
func TestTable(t *testing.T) {
	data, err := os.ReadFile("../../target/cases/changes.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct{ Rows []row }
	// The names have underscores there.
	data = []byte(strings.NewReplacer("old_files", "oldfiles", "new_files", "newfiles").Replace(string(data)))
	if err := json.Unmarshal(data, &table); err != nil || len(table.Rows) < 3 {
		t.Fatalf("%d rows, %v", len(table.Rows), err)
	}
	for _, r := range table.Rows {
		a := Between(r.Old.side(r.OldFiles), r.New.side(r.NewFiles))
		if got := a.Lines(20); !slices.Equal(got, r.Lines) {
			t.Errorf("%s\n%s\nwant\n%s", r.About, strings.Join(got, "\n"), strings.Join(r.Lines, "\n"))
		}
		var places []string
		for _, p := range a.Places {
			places = append(places, p.Path+": "+p.Counts.String())
		}
		slices.Sort(places)
		slices.Sort(r.Places)
		if !slices.Equal(places, r.Places) {
			t.Errorf("%s: places %q, want %q", r.About, places, r.Places)
		}
		if a.Same() != (len(r.Lines) == 1) {
			t.Errorf("%s: same %v", r.About, a.Same())
		}
	}
}

func TestLinesOfMany(t *testing.T) {
	a := &Account{From: "1", To: "2"}
	for _, name := range []string{"a", "b", "c"} {
		a.Eggs = append(a.Eggs, Change{Name: name, From: "1", To: "2"})
	}
	if got := strings.Join(a.Lines(2), "\n"); !strings.HasSuffix(got, "    b 1 -> 2\n    and 1 more") {
		t.Error(got)
	}
	if got := a.Lines(3); len(got) != 5 {
		t.Errorf("%q", got)
	}
	a.Eggs[2].To = ""
	if got := a.Markdown(9); !strings.Contains(got, "3 eggs (2 with another version, 1 gone).") {
		t.Error(got)
	}
	a.Eggs[2].To = "2"
	if got := a.Markdown(2); !strings.Contains(got, "**What changed since 1:** 3 eggs with another version.") || !strings.Contains(got, "| and 1 more | | |") {
		t.Error(got)
	}
}

// Names come from archives that others made: none becomes markup.
func TestMarkup(t *testing.T) {
	a := &Account{From: "<b>", To: "2", Eggs: []Change{{Name: "a|b<script>", From: "1", To: "`2`"}}, Parts: []Change{{Name: "<i>", To: "x|y"}}}
	page, err := a.HTML()
	if err != nil || strings.Contains(string(page), "<script>") || strings.Contains(string(page), "<i>") {
		t.Errorf("%s %v", page, err)
	}
	if got := a.Markdown(9); strings.Contains(got, "<script>") || strings.Contains(got, "a|b") || strings.Contains(got, "`2`") {
		t.Error(got)
	}
}

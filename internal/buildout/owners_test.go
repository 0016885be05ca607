package buildout

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// TestDevelopOwners: what is whose in develop-eggs, by the table that
// launcher.py is held to as well.
func TestDevelopOwners(t *testing.T) {
	data, err := os.ReadFile("../../target/cases/owners.json")
	if err != nil {
		t.Fatal(err)
	}
	var table struct {
		Rows []struct {
			Names   []string          `json:"names"`
			Records map[string]string `json:"records"`
			Owners  map[string]string `json:"owners"`
		} `json:"rows"`
	}
	if err := json.Unmarshal(data, &table); err != nil || len(table.Rows) < 5 {
		t.Fatalf("%d rows: %v", len(table.Rows), err)
	}
	for _, row := range table.Rows {
		content := map[string]string{}
		var links []eggLink
		for _, name := range row.Names {
			if strings.HasSuffix(name, ".dist-info") {
				content[name+"/RECORD"] = row.Records[name]
				continue
			}
			content[name] = ""
			if link, ok := strings.CutSuffix(name, ".egg-link"); ok {
				links = append(links, eggLink{name: link})
			}
		}
		files, err := developFiles(write(t, content), links)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name, owned := range files {
			for _, file := range owned {
				got[file] = strings.ReplaceAll(pydist.PlainName(name), "-", "_")
			}
		}
		if !maps.Equal(got, row.Owners) {
			t.Errorf("%q: %v, want %v", row.Names, got, row.Owners)
		}
	}
}

package fetch

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// wayCase is a row of target/cases/ways.json, which ways.py's tests read too: what
// releases have, and the deltas of the cheapest way from 1.0 to 1.3. most is how many
// install.py takes at most.
type wayCase struct {
	About    string
	Most     int
	Releases map[string]struct {
		Size         int64
		Deltas       [][3]any // name, bytes, version that it leads from
		Name, Target string   // where they are others
	}
	Way []string
}

// base is the digest of a version's manifest.
func base(version string) string { return digest.Of([]byte(version)) }

func (c wayCase) mirror(t *testing.T) folder {
	t.Helper()
	dir := t.TempDir()
	for version, r := range c.Releases {
		a := Asset{Target: "cp313-linux_x86_64", Name: "app-" + version + ".tar.gz", Size: r.Size, SHA256: strings.Repeat("0", 64)}
		if r.Target != "" {
			a.Target = r.Target
		}
		for _, d := range r.Deltas {
			a.Deltas = append(a.Deltas, DeltaAsset{Name: d[0].(string), Size: int64(d[1].(float64)), SHA256: strings.Repeat("1", 64), Base: base(d[2].(string)), BaseVersion: d[2].(string)})
		}
		x := Index{Format: 1, Name: "app", Version: version, Assets: []Asset{a}}
		if r.Name != "" {
			x.Name = r.Name
		}
		data, err := json.Marshal(x)
		if err == nil {
			err = os.MkdirAll(filepath.Join(dir, version), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, version, IndexName), data, 0o644)
		}
		if err == nil && version == "1.3" {
			err = os.WriteFile(filepath.Join(dir, IndexName), data, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return folder{dir}
}

func TestWays(t *testing.T) {
	data, err := os.ReadFile("../../target/cases/ways.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []wayCase
	if err := json.Unmarshal(data, &rows); err != nil || len(rows) < 10 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, c := range rows {
		if c.Most < mostIndexes {
			continue // of install.py alone
		}
		s := c.mirror(t)
		x, err := indexOf(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for _, p := range (Request{Base: base("1.0"), Installed: "1.0"}).way(t.Context(), s, x, x.Assets[0]) {
			got = append(got, p.delta.Name)
		}
		if !slices.Equal(got, c.Way) {
			t.Errorf("%s: %q, want %q", c.About, got, c.Way)
		}
	}
}

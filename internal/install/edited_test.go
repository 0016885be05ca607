package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// TestUpdateEditedEgg: an edit in an egg, of a file by which the delta says the new
// one, or that moves, doesn't stop an update that can have the archive.
func TestUpdateEditedEgg(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	pack := func(number string) string {
		return packAs(t, dist, number, archive.FormatTarGz, func(stage string) {
			var lines strings.Builder
			for i := range 500 {
				fmt.Fprintf(&lines, "line_%d = %d\n", i, i*i*i)
			}
			mkfile(t, filepath.Join(stage, "eggs", "a-"+number+".egg", "a.py"), "version = '"+number+"'\n"+lines.String())
			mkfile(t, filepath.Join(stage, "eggs", "a-"+number+".egg", "moved.py"), "moved = 1\n")
		})
	}
	one, two := pack("1.0"), pack("2.0")
	writeIndex(t, dist, fetch.Index{Format: 1, Name: "app", Version: "2.0", Assets: []fetch.Asset{{
		Target: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(two), "app-2.0-"), ".tar.gz"), Name: filepath.Base(two), SHA256: digest.Of(mustRead(t, two)),
	}}})
	offerDelta(t, dist, deltaBetween(t, one, two, "1.0"))
	for _, edited := range []string{"", "a.py", "moved.py"} {
		into := filepath.Join(t.TempDir(), "app")
		if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
			t.Fatal(err)
		}
		if edited != "" {
			mkfile(t, filepath.Join(into, "eggs", "a-1.0.egg", edited), "mine\n")
		}
		var said []string
		o := realOptions(t, dist, into)
		o.Progress = func(e fetch.Event) { said = append(said, e.Text) }
		if res, err := Update(t.Context(), o); err != nil || !res.Changed || numberIn(t, into) != "2.0" {
			t.Fatalf("edited %q: %+v, %v", edited, res, err)
		}
		if _, err := os.Stat(filepath.Join(into, "eggs", "a-2.0.egg", "a.py")); err != nil {
			t.Error(err)
		}
		if all := strings.Join(said, "\n"); strings.Contains(all, "eggs/a-1.0.egg/"+edited+" was edited") != (edited != "") || strings.Contains(all, "unpacking the delta") != (edited == "") {
			t.Errorf("edited %q: %s", edited, all)
		}
	}
}

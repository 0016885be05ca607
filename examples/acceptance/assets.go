//go:build linux

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/release"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// checkAssets makes the documents of a release of the archive alone. The SBOM is
// checked against its format, and no document, nor the report beside the archive, may name
// a place of this machine.
func checkAssets(t *testing.T, archive, python, example string) {
	t.Helper()
	set, err := release.Gather(filepath.Dir(archive), []string{filepath.Base(archive)}, release.MaxAssetSize)
	if err != nil {
		t.Fatal(err)
	}
	files, err := set.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, ending := range []string{".tar.gz", ".tar.zst", ".zip"} {
		if stem, ok := strings.CutSuffix(archive, ending); ok {
			page, err := release.ReadFile("report", stem+".html")
			if err != nil {
				t.Error(err)
			}
			files = append(files, page)
		}
	}
	home, _ := os.UserHomeDir()
	places := []string{"/var/tmp/", filepath.Dir(filepath.Dir(python)) + "/", filepath.Dir(archive), example, home + "/"}
	for _, f := range files {
		if f.Name == filepath.Base(archive) {
			continue
		}
		data := f.Data
		if f.Path != "" {
			if data, err = os.ReadFile(f.Path); err != nil {
				t.Fatal(err)
			}
		}
		for _, place := range places {
			if i := strings.Index(string(data), place); i >= 0 && strings.Count(place, "/") > 1 {
				t.Errorf("%s names %s: %q", f.Name, place, data[max(0, i-80):min(len(data), i+80)])
			}
		}
		if strings.HasSuffix(f.Name, ".cdx.json") {
			if err := releasetest.CheckSBOM(data); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			checkSources(t, data)
		}
	}
}

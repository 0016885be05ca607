package pack

import (
	"path/filepath"
	"testing"
)

// TestDownloads: what lies in the download-cache stays behind, but for what is
// asked for and what the target needs of it.
func TestDownloads(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	tr := tree{"downloads/dist/docutils-0.20.1.tar.gz": "x", "downloads/cmmi.tar.gz": "x", "downloads/tool/a/b": "x", "downloads/extends/c3f": "x", "downloads2/x": "x", "eggs/x.egg/x.py": "x"}
	tr.write(t, root)
	for _, tt := range []struct {
		rules Rules
		gone  map[string]bool // of tr; each omission has the reason
	}{
		{Rules{}, nil},
		{Rules{Downloads: "downloads", Needed: []string{"eggs", "downloads/extends", "."}}, map[string]bool{"downloads/dist/docutils-0.20.1.tar.gz": true, "downloads/cmmi.tar.gz": true, "downloads/tool/a/b": true}},
		{Rules{Downloads: "downloads", Include: []string{"downloads"}}, nil},
		{Rules{Downloads: "downloads", Include: []string{"downloads/tool/a"}}, map[string]bool{"downloads/dist/docutils-0.20.1.tar.gz": true, "downloads/cmmi.tar.gz": true, "downloads/extends/c3f": true}},
		{Rules{Downloads: "eggs", Needed: []string{"eggs"}}, nil},
		{Rules{Downloads: "."}, nil},
	} {
		a, err := Scan(root, tt.rules)
		check(t, err)
		for path := range tr {
			if _, in := a.Find(path); in == tt.gone[path] {
				t.Errorf("%+v: %s in the archive: %v", tt.rules, path, in)
			}
		}
		for _, o := range a.Omitted {
			if o.Reason != ReasonDownloads {
				t.Errorf("%+v", o)
			}
		}
		for _, dir := range []string{"downloads", "downloads/dist"} { // which zc.buildout wants, or makes
			if _, in := a.Find(dir); !in {
				t.Errorf("%+v: %s is gone", tt.rules, dir)
			}
		}
	}
}

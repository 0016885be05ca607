package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A document of a tree is read if it is a whole one; anything else is an error that names it.
func TestDocument(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := TreeManifest(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("none: %v", err)
	}
	write(StateName, `{"root": "/srv/app"}`)
	if s, err := Document[State](dir, StateName); err != nil || s.Root != "/srv/app" {
		t.Errorf("state.json: %+v, %v", s, err)
	}
	for text, want := range map[string]string{
		`{"format": 1, "name": "app"}`:           "",
		`{"format": 9}`:                          "its format is 9, and this program knows up to 1",
		`{"name": "app"}`:                        "its format is 0",
		`{"format": 1`:                           "unexpected end",
		strings.Repeat("[", maxDocument/40):      "MiB of memory",
		"\"" + strings.Repeat(" ", 65<<20) + `"`: "larger than 64 MiB",
	} {
		write(ManifestName, text)
		m, err := TreeManifest(dir)
		if want == "" && (err != nil || m.Name != "app") || want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "manifest.json")) {
			t.Errorf("%.30s: %v", text, err)
		}
	}
	if _, err := Document[State](dir, Dir); err == nil || !strings.Contains(err.Error(), "isn't a regular file") {
		t.Errorf("a directory: %v", err)
	}
}

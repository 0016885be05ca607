package archive

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is skipped isn't written, a directory with all that is in it.
// TestHostile sees that it is checked like the rest.
func TestExtractSkip(t *testing.T) {
	list := files{"a/keep": "1", "a/drop/x": "2", "a/drop/deep/y": "3", "b": strings.Repeat("4", 1000), "c": "-> b"}
	skip := func(e Entry) bool { return e.Path == "a/drop" || e.Path == "b" || e.Type == TypeLink }
	for _, format := range []string{FormatTarGz, FormatTarZst, FormatZip} {
		data := list.written(t, format)
		dir := filepath.Join(t.TempDir(), "app")
		var done, total int64
		tell := func(d, all int64) { done, total = d, all }
		check(t, Extract(context.Background(), save(t, data, "x"), dir, ExtractOptions{Skip: skip, Progress: tell}))
		if done != total || total == 0 {
			t.Errorf("%s: %d of %d", format, done, total)
		}
		for name, want := range map[string]bool{"a/keep": true, ManifestName: true, "a/drop": false, "b": false, "c": false} {
			if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name))); (err == nil) != want {
				t.Errorf("%s: %s: %v", format, name, err)
			}
		}
	}
}

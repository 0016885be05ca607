package cli

import (
	"path/filepath"
	"testing"
)

func TestShown(t *testing.T) {
	root, err := filepath.Abs("/srv")
	if err != nil {
		t.Fatal(err)
	}
	p := &packing{Command: &Command{Dir: filepath.Join(root, "a", "b")}}
	for path, want := range map[string]string{
		"a/b/dist/x.tar.gz": "dist/x.tar.gz", "a/out/x.tar.gz": "../out/x.tar.gz", "out/x.tar.gz": filepath.ToSlash(root) + "/out/x.tar.gz",
	} {
		if got := filepath.ToSlash(p.shown(filepath.Join(root, path))); got != want {
			t.Errorf("%s is shown as %s, want %s", path, got, want)
		}
	}
}

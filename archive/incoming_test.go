package archive

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// The password of a mirror that is noted in delta.json is for nobody else to read.
func TestLaidSource(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes on Windows")
	}
	for source, want := range map[string]os.FileMode{"": 0o644, "https://user:password@mirror.example.com/app": 0o600} {
		dir := t.TempDir()
		root, err := os.OpenRoot(dir)
		check(t, err)
		defer root.Close()
		check(t, layDocument(root, &Incoming{Digest: "d", Delta: Delta{Format: 1, Source: source}}))
		info, err := os.Stat(filepath.Join(dir, filepath.FromSlash(IncomingDir), "d", deltaName))
		check(t, err)
		if info.Mode() != want {
			t.Errorf("with the source %q: %s", source, info.Mode())
		}
	}
}

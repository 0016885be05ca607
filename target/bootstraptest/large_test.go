package bootstraptest

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// largeTree is smallTree and a good part of an interpreter's own library, in
// which every second module names the tree.
func largeTree(t testing.TB, python string) string {
	t.Helper()
	dir := smallTree(t, python)
	out := packtest.RunIn(t, "", os.Environ(), python, "-c", "import os; print(os.path.dirname(os.__file__))").Must(t, "asking python")
	library := strings.TrimSpace(out.Out)
	for _, name := range []string{"ctypes", "email", "encodings", "json", "logging", "unittest", "xml"} {
		packtest.CopyDir(t, filepath.Join(library, name), filepath.Join(dir, "eggs/large.egg", name))
	}
	var manifest archive.Manifest
	if err := json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(dir, archive.ManifestName))), &manifest); err != nil {
		t.Fatal(err)
	}
	count := 0
	packtest.Walk(t, dir, func(path string, d fs.DirEntry) {
		if !strings.HasPrefix(path, "eggs/large.egg/") || !strings.HasSuffix(path, ".py") {
			return
		}
		if count++; count%2 == 0 {
			return
		}
		full := filepath.Join(dir, path)
		data := packtest.ReadFile(t, full) + "# made in " + archive.Root + "/" + path + "\n"
		packtest.WriteFile(t, full, data)
		os.Chmod(full, 0o644)
		manifest.Relocations = append(manifest.Relocations, archive.Relocation{
			Path: path, Class: archive.ClassText, Mode: 0o644, Size: int64(len(data)), SHA256: digest.Of([]byte(data))})
	})
	packtest.Settle(t, dir)
	packtest.WriteManifest(t, dir, manifest)
	return dir
}

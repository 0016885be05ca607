//go:build linux

package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// TestManyFiles: an archive of half a million files is one, and whatever a
// files.json says, to look at it takes less than 512 MiB of memory.
func TestManyFiles(t *testing.T) {
	const start, end, limit = `{"format":1,"files":[`, `{}]}`, 96 << 20
	empty := func(n, size int) string {
		text := start + strings.Repeat("{},", n) + end
		return text + strings.Repeat(" ", max(size-len(text), 0))
	}
	for name, c := range map[string]struct {
		files string
		code  int
	}{
		"half a million files":   {manyFiles(500000), 0},
		"empty entries":          {empty(1000000, limit), 1},
		"too many empty entries": {empty(1200000, 0), 1},
		"one byte too many":      {empty(1, limit+1), 1},
	} {
		t.Run(name, func(t *testing.T) {
			sum := sha256.Sum256([]byte(c.files))
			manifest := `{"format":1,"name":"demo","version":"1.0","files_sha256":"` + hex.EncodeToString(sum[:]) + `"}`
			path := filepath.Join(t.TempDir(), "demo.tar.gz")
			if err := os.WriteFile(path, handmade(t, manifest, c.files), 0o644); err != nil {
				t.Fatal(err)
			}
			if m, err := archive.ReadManifest(path); (c.code == 0) != (err == nil && m.Name == "demo") {
				t.Errorf("%+v, %v", m, err)
			}
			boundedTo(t, 512, -1, "inspect", path)
		})
	}
}

// manyFiles is a files.json of a directory with n files, of some 150 bytes each.
func manyFiles(n int) string {
	var b strings.Builder
	b.WriteString(`{"format":1,"files":[{"path":"eggs","type":"dir","mode":493}`)
	for i := range n {
		fmt.Fprintf(&b, ",\n"+`{"path":"eggs/module-with-a-usual-name-%07d.py","mode":420,"size":%d,"sha256":"%064d"}`, i, i, i)
	}
	b.WriteString("]}")
	return b.String()
}

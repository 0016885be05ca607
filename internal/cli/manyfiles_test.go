//go:build linux

package cli

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/klauspost/compress/zstd"
)

// TestManyFiles: an archive of half a million files is one, and whatever a
// files.json says, to look at it takes less than 340 MiB of memory, of which a zstd
// window may be 128: with a hostile manifest too, that is less than 512.
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
			boundedTo(t, 340, -1, "inspect", path)
			boundedTo(t, 340, -1, "inspect", windowed(t, path))
		})
	}
}

// windowed is a tar.gz as a tar.zst with the largest window that is read.
func windowed(t *testing.T, path string) string {
	t.Helper()
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	content, err := gzip.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	to, err := os.Create(strings.TrimSuffix(path, "gz") + "zst")
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	z, err := zstd.NewWriter(to, zstd.WithWindowSize(128<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(z, content)
	if err := firstOf(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return to.Name()
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

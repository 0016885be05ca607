package archive

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestDeltaFormats: a delta has the highest format that its base's own bootstrap.py
// applies. In format 1 each changed file is whole, whatever it is like.
func TestDeltaFormats(t *testing.T) {
	lines := strings.Repeat("a line that stays, however often it is there\n", 100)
	made := func(format int, version, text string) string {
		head, entry := regular("eggs/a-"+version+".egg", text)
		h := handmade{list: []Entry{{Path: "eggs", Type: TypeDir, Mode: 0o755}, entry}, headers: []tar.Header{{Name: "demo-1.0/eggs/", Typeflag: tar.TypeDir, Mode: 0o755}, head},
			content: map[string]string{head.Name: text}}
		files, err := json.Marshal(Files{Format: 1, Files: h.list})
		check(t, err)
		m := testManifest()
		m.Format, m.DeltaFormat, m.FilesSHA256 = 1, format, hexSum(string(files))
		manifest, err := json.Marshal(m)
		check(t, err)
		h.manifest = string(manifest)
		return save(t, h.bytes(t), "demo-"+version+".tar.gz")
	}
	next := made(DeltaFormat, "2.0", "two\n"+lines)
	for known, want := range map[int]int{0: 1, 1: 1, 2: 2, 3: 2} {
		var out bytes.Buffer
		_, err := WriteDelta(t.Context(), &out, made(known, "1.0", "one\n"+lines), next, "demo-2.0.tar.gz", "")
		check(t, err)
		var names []string
		file := open(t, save(t, out.Bytes(), "delta.tar.gz"))
		check(t, walkDelta(file, func(_ *Incoming, name string, e *rawEntry) error {
			if e != nil {
				names = append(names, name)
			}
			return nil
		}))
		in, err := ReadDelta(file)
		check(t, err)
		whole := slices.Equal(names, []string{"files/eggs/a-2.0.egg"})
		if in.Delta.Format != want || whole != (want == 1) || (len(in.Delta.Patches) == 1) != (want == 2) {
			t.Errorf("known is %d: format %d, %q", known, in.Delta.Format, names)
		}
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.Open(path)
	check(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

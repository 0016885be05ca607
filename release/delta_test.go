package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writeDelta writes the first file of a delta to an archive.
func writeDelta(t *testing.T, dir, name, archive, digest string) {
	t.Helper()
	doc := fmt.Sprintf(`{"format":1,"base":%q,"base_version":"0.9","archive":%q,"sha256":%q}`, strings.Repeat("b", 64), archive, digest)
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	err := w.WriteHeader(&tar.Header{Name: ".binary-buildout/incoming/" + strings.Repeat("c", 64) + "/delta.json", Mode: 0o644, Size: int64(len(doc))})
	if err == nil {
		_, err = w.Write([]byte(doc))
	}
	for _, close := range []func() error{w.Close, z.Close, func() error { return os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644) }} {
		if err == nil {
			err = close()
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestGatherDelta: a delta goes with the archive that it leads to, index.json
// names it and SHA256SUMS has it; one that leads to another file is refused.
func TestGatherDelta(t *testing.T) {
	dir := dist(t, targets)
	set, err := Gather(dir, wanted(targets), MaxAssetSize)
	if err != nil {
		t.Fatal(err)
	}
	a := set.Archives[0]
	name := archiveEnding.ReplaceAllString(a.File.Name, "") + ".from-0.9.delta.tar.gz"
	writeDelta(t, dir, name, a.File.Name, a.File.SHA256)
	if set, err = Gather(dir, wanted(targets), MaxAssetSize); err != nil {
		t.Fatal(err)
	}
	x := set.Index().Archives[0]
	if len(x.Deltas) != 1 || x.Deltas[0].Delta != name || x.Deltas[0].Base != strings.Repeat("b", 64) || x.Deltas[0].BaseVersion != "0.9" {
		t.Errorf("index.json says %+v", x.Deltas)
	}
	files, err := set.Files()
	if err != nil {
		t.Fatal(err)
	}
	if files[1].Name != name || !strings.Contains(string(files[len(files)-1].Data), "  "+name+"\n") {
		t.Errorf("%s isn't the second file, or not in SHA256SUMS", name)
	}
	if parted, err := Gather(dir, wanted(targets), 100); err != nil || len(parted.Index().Archives[0].Deltas[0].Volumes) < 2 || len(parted.Archives[0].Own()) != 2+len(parted.Archives[0].Deltas[0].Volumes) {
		t.Errorf("a large delta has no volumes: %v, %+v", err, parted.Archives)
	}
	writeDelta(t, dir, name, a.File.Name, strings.Repeat("0", 64))
	if _, err := Gather(dir, wanted(targets), MaxAssetSize); err == nil || !strings.Contains(err.Error(), "not the one that is here") {
		t.Errorf("a delta to another file: %v", err)
	}
	os.Remove(filepath.Join(dir, name))
	writeDelta(t, dir, "other-1.0-cp313-linux_x86_64.from-0.9.delta.tar.gz", a.File.Name, a.File.SHA256)
	if _, err := Gather(dir, wanted(targets), MaxAssetSize); err == nil || !strings.Contains(err.Error(), "surplus: other-") {
		t.Errorf("a delta to nothing: %v", err)
	}
}

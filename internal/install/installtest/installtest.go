// Package installtest makes small archives for tests, with a bootstrap.py that
// does what the real one promises and no more, and reads them. The tests of
// the whole use pack's own.
package installtest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// Archive describes an archive to make.
type Archive struct {
	Name, Version string
	Manifest      archive.Manifest  // name, version and format are filled in
	Files         map[string]string // path to content; a path that starts with bin/ is executable
	Bootstrap     string            // instead of the default bootstrap.py
}

// bootstrapPy replaces the placeholders of root and interpreter in text files,
// and leaves state.json.
const bootstrapPy = `import json, os, sys
def raw(s):
    return s if isinstance(s, bytes) else os.fsencode(s)
here = raw(os.path.dirname(os.path.abspath(__file__)))
root = raw(sys.argv[sys.argv.index("--root") + 1]) if "--root" in sys.argv else here
python = raw(sys.executable)
def read(*names):
    with open(os.path.join(here, *names), "rb") as f:
        return f.read()
manifest = json.loads(read(b".binary-buildout", b"manifest.json").decode("utf-8"))
old = []
if os.path.exists(os.path.join(here, b".binary-buildout", b"old")):
    old = read(b".binary-buildout", b"old").split(b"\0")
for item in manifest["relocations"] or []:
    name = item["path"].encode("utf-8")
    data = read(name).replace(b"@binary-buildout-root@", root).replace(b"@binary-buildout-python@", python)
    if old:
        data = data.replace(old[0], root).replace(old[1], python)
    with open(os.path.join(here, name), "wb") as f:
        f.write(data)
    os.chmod(os.path.join(here, name), 0o755)
with open(os.path.join(here, b".binary-buildout", b"old"), "wb") as f:
    f.write(root + b"\0" + python)
with open(os.path.join(here, b".binary-buildout", b"state.json"), "w") as f:
    json.dump({"format": 1, "root": root.decode("utf-8"), "interpreter": python.decode("utf-8"), "files": {}}, f)
`

// Make writes the archive NAME-VERSION-TARGET.tar.gz and its sidecar into dir,
// and gives its path.
func Make(t testing.TB, dir string, a Archive) string {
	t.Helper()
	m := a.Manifest
	m.Format, m.Name, m.Version = archive.Format, a.Name, a.Version
	content := map[string]string{}
	for p, c := range a.Files {
		content[p] = c
		if strings.Contains(c, archive.PlaceholderMark) {
			m.Relocations = append(m.Relocations, archive.Relocation{Path: p, Class: archive.ClassText, Mode: 0o755, Size: int64(len(c)), SHA256: Digest([]byte(c))})
		}
	}
	slices.SortFunc(m.Relocations, func(a, b archive.Relocation) int { return strings.Compare(a.Path, b.Path) })
	if a.Bootstrap != "" {
		content[archive.BootstrapPy] = a.Bootstrap
	} else if content[archive.BootstrapPy] == "" {
		content[archive.BootstrapPy] = bootstrapPy
	}
	files := archive.Files{Format: archive.Format}
	for _, p := range sorted(content) {
		files.Files = append(files.Files, archive.Entry{Path: p, Mode: uint32(modeOf(p)), Size: int64(len(content[p])), SHA256: Digest([]byte(content[p]))})
	}
	content[archive.FilesName] = encode(t, files)
	m.FilesSHA256 = Digest([]byte(content[archive.FilesName]))
	content[archive.ManifestName] = encode(t, m)

	top := a.Name + "-" + a.Version
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	tw := tar.NewWriter(zw)
	for _, p := range append([]string{archive.ManifestName, archive.FilesName}, sorted(content)...) {
		c, ok := content[p]
		if !ok {
			continue
		}
		delete(content, p)
		check(t, tw.WriteHeader(&tar.Header{Name: top + "/" + p, Mode: modeOf(p), Size: int64(len(c))}))
		_, err := io.WriteString(tw, c)
		check(t, err)
	}
	check(t, tw.Close())
	check(t, zw.Close())
	base := filepath.Join(dir, top+"-"+m.Target)
	check(t, os.WriteFile(base+".tar.gz", buf.Bytes(), 0o644))
	side := map[string]any{"format": 1, "archive": filepath.Base(base) + ".tar.gz", "size": buf.Len(), "sha256": Digest(buf.Bytes())}
	check(t, os.WriteFile(base+".json", []byte(encode(t, side)), 0o644))
	return base + ".tar.gz"
}

func modeOf(path string) int64 {
	if strings.HasPrefix(path, "bin/") {
		return 0o755
	}
	return 0o644
}

// Digest is the SHA-256 in hex.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Read gives an archive's manifest and list of files.
func Read(file *os.File) (*archive.Manifest, *archive.Files, error) {
	m, files := new(archive.Manifest), new(archive.Files)
	err := walk(file, func(name string, _ int64, r io.Reader) error {
		switch name {
		case archive.ManifestName:
			return json.NewDecoder(r).Decode(m)
		case archive.FilesName:
			return json.NewDecoder(r).Decode(files)
		}
		return nil
	})
	if err == nil && m.Format == 0 {
		err = fmt.Errorf("no manifest")
	}
	return m, files, err
}

// Extract unpacks an archive into dir, without its top directory.
func Extract(ctx context.Context, file *os.File, dir string, progress func(done, total int64)) error {
	return walk(file, func(name string, mode int64, r io.Reader) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		to := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, os.FileMode(mode))
		if err != nil {
			return err
		}
		defer f.Close()
		n, err := io.Copy(f, r)
		progress(n, 0)
		return err
	})
}

func walk(file *os.File, each func(name string, mode int64, r io.Reader) error) error {
	zr, err := gzip.NewReader(io.NewSectionReader(file, 0, math.MaxInt64))
	if err != nil {
		return err
	}
	tr := tar.NewReader(zr)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(h.Name, "/")
		if err := each(name, h.Mode, tr); err != nil {
			return err
		}
	}
}

// Python gives the path of an interpreter of a version, "3.13". A test that lacks it is skipped.
func Python(t testing.TB, version string) string {
	t.Helper()
	return testtool.Python(t, version)
}

func sorted(m map[string]string) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func encode(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	check(t, err)
	return string(data)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

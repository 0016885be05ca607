// Package installtest makes small archives for tests, with a bootstrap.py that
// does what the real one promises and no more. The tests of the whole use pack's own.
package installtest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// Archive describes an archive to make.
type Archive struct {
	Name, Version string
	Manifest      archive.Manifest  // name, version and format are filled in
	Files         map[string]string // path to content; a path that starts with bin/ is executable
	Bootstrap     string            // instead of the default bootstrap.py
}

// BootstrapPy is what an Archive without another one has: it replaces the placeholders of root and interpreter in text files,
// and leaves state.json.
const BootstrapPy = `import json, os, sys
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
			m.Relocations = append(m.Relocations, archive.Relocation{Path: p, Class: archive.ClassText, Mode: 0o755, Size: int64(len(c)), SHA256: digest.Of([]byte(c))})
		}
	}
	slices.SortFunc(m.Relocations, func(a, b archive.Relocation) int { return strings.Compare(a.Path, b.Path) })
	if a.Bootstrap != "" {
		content[archive.BootstrapPy] = a.Bootstrap
	} else if content[archive.BootstrapPy] == "" {
		content[archive.BootstrapPy] = BootstrapPy
	}
	var files []archive.File
	made := map[string]bool{}
	for _, p := range sorted(content) {
		for i, c := range p { // the directories above it
			if above := p[:i]; c == '/' && !made[above] {
				made[above] = true
				files = append(files, archive.File{Entry: archive.Entry{Path: above, Type: archive.TypeDir, Mode: 0o755}})
			}
		}
		files = append(files, archive.FileOf(p, modeOf(p), []byte(content[p])))
	}
	slices.SortFunc(files, func(a, b archive.File) int { return strings.Compare(a.Path, b.Path) })
	c, err := archive.Seal(m, files)
	check(t, err)
	var buf bytes.Buffer
	_, err = archive.Write(t.Context(), &buf, c, archive.FormatTarGz, time.Unix(archive.DefaultEpoch, 0), nil)
	check(t, err)
	top := a.Name + "-" + a.Version
	base := filepath.Join(dir, top+"-"+m.Target)
	check(t, os.WriteFile(base+".tar.gz", buf.Bytes(), 0o644))
	side := map[string]any{"format": 1, "archive": filepath.Base(base) + ".tar.gz", "size": buf.Len(), "sha256": digest.Of(buf.Bytes())}
	check(t, os.WriteFile(base+".json", []byte(encode(t, side)), 0o644))
	return base + ".tar.gz"
}

func modeOf(path string) uint32 {
	if strings.HasPrefix(path, "bin/") {
		return 0o755
	}
	return 0o644
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

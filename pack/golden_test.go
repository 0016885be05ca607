package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

var update = flag.Bool("update", false, "write the golden archives anew")

// goldenRoot is where testdata/golden/stage.tar.gz was built, by a real
// zc.buildout with a Python at /opt/pythons/3.11.7: scripts, develop packages,
// an extension module, links, and files that a part wrote.
const goldenRoot = "/srv/golden/demo"

// TestGolden packs a real tree, and compares each byte with what an earlier
// version of this program wrote. Whoever means to change the bytes of archives
// runs it with -update, and says so in CHANGELOG.md.
func TestGolden(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the tree has links and modes of POSIX")
	}
	root := filepath.Join(t.TempDir(), "stage")
	unpackStage(t, "testdata/golden/stage.tar.gz", root)
	for _, format := range []string{archive.FormatTarGz, archive.FormatTarZst, archive.FormatZip} {
		got := packGolden(t, root, format)
		name := "testdata/golden/demo-1.0." + format
		if *update {
			check(t, os.WriteFile(name, got, 0o644))
		}
		want, err := os.ReadFile(name)
		check(t, err)
		if bytes.Equal(got, want) {
			continue
		}
		diff, err := archive.Compare(name, save(t, got, filepath.Base(name)))
		t.Errorf("%s: %d bytes differ from %d golden ones: %v %v", format, len(got), len(want), diff, err)
	}
}

// packGolden packs the tree as pack does, but for bootstrap.py and the
// launcher, which have tests of their own and change more often than the format.
func packGolden(t *testing.T, root, format string) []byte {
	t.Helper()
	a, err := Scan(root, Rules{Develop: []string{"src/demo", "src/pure", "src/demorecipe"}})
	check(t, err)
	text := []byte("# not the real one\n")
	for _, name := range []string{archive.BootstrapPy, archive.LauncherName} {
		a.Add(File{Path: name, Mode: 0o644, Data: text, Size: int64(len(text))})
	}
	m := testManifest()
	m.Generator, m.Buildout = "binary-buildout 0", "4.1.4"
	m.Checkouts = []archive.Checkout{{Path: "src/pure", URL: "https://example.org/pure", Commit: "0123456789abcdef"}}
	m.Verification = map[string]any{"extensions": 1}
	o := testOrigin(goldenRoot)
	o.Binaries = Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded}
	p, err := Relocate(a, o, m.Python.Version)
	check(t, err)
	check(t, p.Report.Err())
	return written(t, p, m, format)
}

// unpackStage unpacks a tree with the modes and times that are in its tar file,
// whatever the umask.
func unpackStage(t *testing.T, name, root string) {
	t.Helper()
	f, err := os.Open(name)
	check(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	check(t, err)
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		check(t, err)
		p := filepath.Join(root, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			check(t, os.MkdirAll(p, 0o755))
		case tar.TypeSymlink:
			check(t, os.Symlink(h.Linkname, p))
			continue
		default:
			data, err := io.ReadAll(r)
			check(t, err)
			check(t, os.WriteFile(p, data, 0o644))
		}
		check(t, os.Chmod(p, os.FileMode(h.Mode)))
		check(t, os.Chtimes(p, h.ModTime, h.ModTime))
	}
}

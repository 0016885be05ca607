package pack

import (
	"context"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// TestAsBuiltThereByBootstrap is TestAsBuiltThere by bootstrap.py itself: it
// finds the tree with a real interpreter, which takes the place of the build's.
// Root and interpreter lie at random places.
func TestAsBuiltThereByBootstrap(t *testing.T) {
	for _, version := range []string{"2.7", "3.6", "3.13"} {
		t.Run(version, func(t *testing.T) {
			python := findPython(t, version)
			about := askPython(t, python)
			for seed := range int64(3) {
				r := rand.New(rand.NewSource(100 + seed))
				tr := randomTree(r)
				if version == "2.7" || version == "3.6" {
					// Scripts that aren't ASCII get a line there that these Pythons need.
					for p, text := range tr {
						tr[p] = strings.ReplaceAll(text, "ü", "ue")
					}
				}
				link := filepath.Join(t.TempDir(), randomPath(r), "python"+version)
				check(t, os.MkdirAll(filepath.Dir(link), 0o755))
				check(t, os.Symlink(python, link))
				checkAsBuiltThere(t, tr, filepath.Join(t.TempDir(), randomPath(r)), link, about)
			}
		})
	}
}

// randomPath is one that needs no quoting anywhere, in URLs neither, up to 30 bytes long.
func randomPath(r *rand.Rand) string {
	const letters = "abcxyzABCXYZ0189._-/"
	b := []byte("d")
	for range r.Intn(30) {
		if c := letters[r.Intn(len(letters))]; c != '/' || b[len(b)-1] != '/' {
			b = append(b, c)
		}
	}
	return strings.TrimRight(string(b), "/.")
}

// askPython asks an interpreter for the manifest's words, and for its prefix.
func askPython(t *testing.T, python string) []string {
	t.Helper()
	out, err := exec.Command(python, "-c", `
import sys, sysconfig
abi = "cp%d%d" % sys.version_info[:2]
abi += ("mu" if sys.maxunicode > 65535 else "m") if sys.version_info[0] == 2 else sys.abiflags
print("%d.%d.%d" % sys.version_info[:3]); print(abi); print(sysconfig.get_platform().replace("-", "_")); print(sys.prefix)`).Output()
	check(t, err)
	return strings.Fields(string(out))
}

func checkAsBuiltThere(t *testing.T, tr tree, b, python string, about []string) {
	t.Helper()
	a := filepath.Join(t.TempDir(), "a", "stage")
	tr[archive.LaunchName] = `{"format": 1, "config": "buildout.cfg"}`
	tr.write(t, a)
	tr.write(t, b)
	expected := snapshot(t, b)

	check(t, os.RemoveAll(b))
	unpackTree(t, a, b, about)
	if out, err := exec.Command(python, "-E", filepath.Join(b, archive.BootstrapPy)).CombinedOutput(); err != nil {
		t.Fatalf("bootstrap.py: %v\n%s", err, out)
	}

	got := snapshot(t, b)
	delete(got, "bin/buildout")
	there := strings.NewReplacer(testPython, python, testPrefix, about[3])
	for p, text := range expected {
		if want := there.Replace(text); got[p] != want {
			t.Errorf("%s\n got %q\nwant %q", p, got[p], want)
		}
		if strings.Contains(got[p], a) || strings.Contains(got[p], testPrefix) {
			t.Errorf("%s names where it was built", p)
		}
	}
	if len(got) != len(expected) {
		t.Errorf("%d files, want %d", len(got), len(expected))
	}
}

// unpackTree packs what lies at a for an interpreter, removes it, and unpacks the archive at b.
func unpackTree(t *testing.T, a, b string, about []string) {
	t.Helper()
	list, rep := relocateTree(t, a, testOrigin(a))
	check(t, rep.Err())
	m := testManifest()
	m.Python = archive.Python{Version: about[0], Implementation: "cpython", ABI: about[1], Platform: about[2], Bits: 64, Libc: "glibc"}
	m.Target = about[1] + "-" + about[2]
	data := written(t, list, m, archive.FormatTarGz)
	check(t, os.RemoveAll(a))
	check(t, archive.Extract(context.Background(), save(t, data, "x"), b, archive.ExtractOptions{}))
}

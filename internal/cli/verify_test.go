package cli

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// TestVerifyCut: an archive that was cut off fails the check, with a hint, and
// is no fault of the surroundings.
func TestVerifyCut(t *testing.T) {
	root := t.TempDir()
	noise := make([]byte, 1<<20)
	rand.New(rand.NewSource(1)).Read(noise)
	if err := os.WriteFile(filepath.Join(root, "zz"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	m := archive.Manifest{Format: archive.Format, Name: "demo", Version: "1.0", Target: "cp313-linux_x86_64"}
	m.Python.Implementation, m.Python.Version, m.Python.ABI = "cpython", "3.13.0", "cp313"
	var b bytes.Buffer
	treetest.Pack(t, &b, root, m, pack.Origin{Root: root, RealRoot: root, Interpreter: "/opt/python/bin/python3.13", Prefix: "/opt/python"}, archive.FormatTarGz)
	for _, tt := range []struct {
		size, code int
		stderr     string
	}{
		{b.Len(), 0, ""},
		{b.Len() / 2, 1, "zz: the archive is cut off\nhint: download it again"},
		{b.Len() - 4, 1, "the archive is cut off\nhint: download it again"},
	} {
		name := filepath.Join(t.TempDir(), "demo-1.0-cp313-linux_x86_64.tar.gz")
		if err := os.WriteFile(name, b.Bytes()[:tt.size], 0o600); err != nil {
			t.Fatal(err)
		}
		if code, _, stderr := run(t, "verify", name); code != tt.code || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("%d of %d bytes: exit code %d, want %d\n%s", tt.size, b.Len(), code, tt.code, stderr)
		}
	}
}

// TestVerifyUnpacked: an archive that was unpacked is verified by its manifest, without what
// bootstrap.py keeps of the files before it relocated them.
func TestVerifyUnpacked(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		".binary-buildout/manifest.json":                                    `{"format": 1, "name": "demo", "version": "1.0", "target": "cp313-linux_x86_64", "python": {"version": "3.13.0", "abi": "cp313"}}`,
		".binary-buildout/origin/eggs/x/_x.cpython-313-x86_64-linux-gnu.so": "no ELF file",
		"eggs/demo-1.0-py3.13.egg/EGG-INFO/PKG-INFO":                        "Name: demo\nVersion: 1.0\n",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, stdout, stderr := run(t, "verify", dir); code != 0 || !strings.Contains(stdout, "3.13.0 (cp313), linux_x86_64") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := run(t, "verify", "--expect", "demo._x", dir); code != 1 || !strings.Contains(stderr, "demo._x") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	if err := os.WriteFile(filepath.Join(dir, ".binary-buildout", "manifest.json"), []byte(`{"format": 99}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := run(t, "verify", dir); code == 0 || !strings.Contains(stderr, "its format is 99") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

// TestVerifyOtherPlatforms: archives for macOS, Windows and other Linuxes are verified here, with the
// same report, and a file of theirs that is cut off is a finding.
func TestVerifyOtherPlatforms(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches wheels")
	}
	for _, row := range []struct{ wheel, platform, libc, format, minimum string }{
		{"macos-arm64", "macosx_11_0_arm64", "", archive.FormatTarGz, "macos 11.0"},
		{"macos-x86_64", "macosx_11_0_x86_64", "", archive.FormatTarZst, "macos 10.13"},
		{"win_amd64", "win_amd64", "", archive.FormatZip, ""},
		{"linux-aarch64", "manylinux_2_28_aarch64", "glibc", archive.FormatTarGz, "glibc 2.17"},
		{"musl-x86_64", "musllinux_1_2_x86_64", "musl", archive.FormatZip, ""},
	} {
		t.Run(row.platform, func(t *testing.T) {
			root := t.TempDir()
			egg := filepath.Join(root, "eggs", "MarkupSafe-3.0.4-py3.13.egg")
			if err := os.CopyFS(egg, wheelFS(t, verifytest.Wheel(t, "markupsafe==3.0.4", row.wheel))); err != nil {
				t.Fatal(err)
			}
			check := func(code int, words ...string) {
				t.Helper()
				file := packedFor(t, root, row.platform, row.libc, row.format)
				got, stdout, stderr := run(t, "verify", file)
				for _, w := range append(words, "3.13.0 (cp313), "+row.platform, row.minimum) {
					if got != code || !strings.Contains(stdout+stderr, w) {
						t.Errorf("exit code %d, no %q:\n%s%s", got, w, stdout, stderr)
					}
				}
			}
			check(0, "1 there\n")
			found, _ := filepath.Glob(filepath.Join(egg, "markupsafe", "_speedups.*.*"))
			binary := found[slices.IndexFunc(found, func(f string) bool { return !strings.HasSuffix(f, ".pyi") })]
			if err := os.Truncate(binary, 3000); err != nil {
				t.Fatal(err)
			}
			row.minimum = ""
			check(1, filepath.Base(binary), "ends before")
		})
	}
}

func wheelFS(t *testing.T, name string) fs.FS {
	t.Helper()
	z, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { z.Close() })
	return z
}

// packedFor writes a tree as pack does for another platform.
func packedFor(t *testing.T, root, platform, libc, format string) string {
	t.Helper()
	m := archive.Manifest{Format: archive.Format, Name: "demo", Version: "1.0", Target: "cp313-" + platform,
		Python: archive.Python{Implementation: "cpython", Version: "3.13.0", ABI: "cp313", Platform: platform, Bits: 64, Libc: libc}}
	name := filepath.Join(t.TempDir(), "demo-1.0-cp313-"+platform+"."+format)
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	treetest.Pack(t, f, root, m, pack.Origin{Root: root, RealRoot: root, Interpreter: "/opt/python/bin/python3.13", Prefix: "/opt/python"}, format)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

package cli

import (
	"bytes"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/pack"
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
	a, err := pack.Scan(root, pack.Rules{})
	if err != nil {
		t.Fatal(err)
	}
	a.Manifest = pack.Manifest{Format: pack.Format, Name: "demo", Version: "1.0", Target: "cp313-linux_x86_64"}
	a.Manifest.Python.Implementation, a.Manifest.Python.Version, a.Manifest.Python.ABI = "cpython", "3.13.0", "cp313"
	if _, err := pack.Relocate(a, pack.Origin{Root: root, RealRoot: root, Interpreter: "/opt/python/bin/python3.13", Prefix: "/opt/python"}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := pack.Write(t.Context(), &b, a, pack.FormatTarGz, time.Unix(pack.DefaultEpoch, 0), nil); err != nil {
		t.Fatal(err)
	}
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

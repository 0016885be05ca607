//go:build unix

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestOtherLibc: an archive for glibc is refused by a Python on musl and the reverse,
// whether a file is installed or a release, and by install.sh; each names the asset that would do.
func TestOtherLibc(t *testing.T) {
	for _, test := range []struct {
		libc, target, python, want, asset string
	}{
		{"glibc", "cp311-manylinux_2_28_x86_64", testtool.Musl(t, testcache.Dir(t)), "it is for glibc", "cp311-musllinux_1_2_x86_64"},
		{"musl", "cp311-musllinux_1_2_x86_64", installtest.Python(t, "3.11"), "it is for musl", "cp311-manylinux_2_28_x86_64"},
	} {
		t.Run(test.libc, func(t *testing.T) {
			a := installtest.Archive{Name: "hello", Version: "1.0", Files: map[string]string{"data.txt": "x"}}
			a.Manifest = archive.Manifest{Target: test.target, Python: archive.Python{ABI: "cp311", Libc: test.libc}}
			dist, into := t.TempDir(), filepath.Join(t.TempDir(), "app")
			file := installtest.Make(t, dist, a)
			data := mustRead(t, file)
			writeIndex(t, dist, fetch.Index{Format: 1, Name: "hello", Version: "1.0", Assets: []fetch.Asset{
				{Target: test.target, Name: filepath.Base(file), Size: int64(len(data)), SHA256: digest.Of(data)}}})
			for _, source := range []string{file, dist} {
				o := options(source, into)
				o.Python = test.python
				_, err := Install(t.Context(), o)
				wantError(t, err, 2, test.want, test.asset)
			}
			cmd := exec.Command("sh", newScriptOf(t), "--into", into, "--from", dist, "--python", test.python)
			cmd.Env = append(os.Environ(), "HOME="+dist)
			said, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(said), test.want) || !strings.Contains(string(said), test.asset) {
				t.Errorf("install.sh: %v\n%s", err, said)
			}
			if _, err := os.Lstat(into); err == nil {
				t.Error("something was installed")
			}
		})
	}
}

package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/rebuild"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
)

// TestRebuildSays: what explains a difference is said first, then the files that
// differ with their eggs; the same bytes are one line.
func TestRebuildSays(t *testing.T) {
	made := func(python, content string) (string, string) {
		root := t.TempDir()
		for name, text := range map[string]string{"eggs/six-1.16.0-py3.13.egg/six.py": content, "parts/lib/lib.a": content, "bin/same": "same\n"} {
			path := filepath.Join(root, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		m := archive.Manifest{Format: archive.Format, Name: "site", Version: "1.0", Target: "cp313-linux_x86_64", Buildout: "6.0.1",
			Python: archive.Python{Version: python, Implementation: "cpython", ABI: "cp313", Platform: "linux_x86_64"}}
		f, err := os.Create(filepath.Join(t.TempDir(), "site-1.0-cp313-linux_x86_64.tar.gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		digest := treetest.Pack(t, f, root, m, pack.Origin{Root: root}, archive.FormatTarGz)
		return f.Name(), digest.SHA256
	}
	first, digest := made("3.13.0", "one\n")
	second, other := made("3.13.1", "two\n")
	for _, c := range []struct {
		name, file, digest string
		code               int
		want               []string // the starts of the lines
	}{
		{"the same", first, digest, 0, []string{"the same bytes: site-1.0-cp313-linux_x86_64.tar.gz, sha256 " + digest}},
		{"another", second, other, 1, []string{
			"surroundings  Python: cpython 3.13.1 (cp313, linux_x86_64), and the archive was built with cpython 3.13.0",
			"different bytes: site-1.0-cp313-linux_x86_64.tar.gz, sha256 " + digest + ", rebuilt " + other,
			"egg six 1.16.0  content  eggs/six-1.16.0-py3.13.egg/six.py", "manifest", "part lib", "",
		}},
	} {
		compared, err := rebuild.Compare(first, digest, c.file, c.digest)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		r := &rebuilding{packing: &packing{Command: &Command{Stdout: &out}}, compared: compared}
		if code := r.exit(r.show(&common{})); code != c.code {
			t.Errorf("%s: exit code %d", c.name, code)
		}
		lines := strings.Split(out.String(), "\n")
		for i, want := range c.want {
			if i >= len(lines) || !strings.HasPrefix(squeeze(lines[i]), squeeze(want)) {
				t.Errorf("%s: line %d isn't %q\n%s", c.name, i+1, want, out.String())
			}
		}
		out.Reset()
		var said rebuild.Result
		if err := r.show(&common{json: true}); (err != nil) != (c.code != 0) {
			t.Errorf("%s: %v", c.name, err)
		}
		if err := json.Unmarshal(out.Bytes(), &said); err != nil || said.Same != (c.code == 0) || said.Archive != filepath.Base(first) {
			t.Errorf("%s: %v\n%s", c.name, err, out.String())
		}
	}
}

// squeeze makes one space of each run of them, as columns have.
func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

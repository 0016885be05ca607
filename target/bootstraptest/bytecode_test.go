package bootstraptest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBootstrapBytecode: an edit of a module that holds the root is seen at
// once, even where it has the time and size that the file had, but in an
// installed distribution. Python 2.7 and 3.6 know time and size alone.
func TestBootstrapBytecode(t *testing.T) {
	text := "where = '" + archive.Form(archive.Root, archive.FormPython) + "'\nsaid = 'one'\n"
	modules := map[string]bool{"lib/develop.py": true, "eggs/six-1.16.0-py3.12.egg/egg.py": false, "parts/site-packages/site1.py": false}
	for _, minor := range packtest.EveryPython() {
		python := packtest.FindPython(t, minor)
		root := smallTree(t, python, func(m *archive.Manifest) {
			for path := range modules {
				pyc := filepath.Join(filepath.Dir(path), "__pycache__", strings.TrimSuffix(filepath.Base(path), ".py")+".cpython-"+strings.ReplaceAll(m.Python.ABI[2:], "m", "")+".pyc")
				if minor == "2.7" {
					pyc = path + "c"
				}
				m.Relocations = append(m.Relocations,
					archive.Relocation{Path: path, Class: archive.ClassText, Mode: 0o644, Size: int64(len(text)), SHA256: digest.Of([]byte(text))},
					archive.Relocation{Path: pyc, Class: archive.ClassBytecode, Mode: 0o644})
			}
		})
		for path := range modules {
			packtest.WriteFile(t, filepath.Join(root, path), text)
		}
		packtest.Settle(t, root)
		packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
		for path, seen := range modules {
			full := filepath.Join(root, path)
			packtest.WriteFile(t, full, strings.ReplaceAll(packtest.ReadFile(t, full), "one", "two"))
			then := time.Unix(archive.DefaultEpoch, 0)
			if err := os.Chtimes(full, then, then); err != nil {
				t.Fatal(err)
			}
			want := "one"
			if seen && minor != "2.7" && minor != "3.6" {
				want = "two"
			}
			module := strings.TrimSuffix(filepath.Base(path), ".py")
			r := packtest.RunIn(t, "/", packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), python, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import "+module+" as m; print(m.said)", filepath.Dir(full)).Must(t, "import")
			if strings.TrimSpace(r.Out) != want {
				t.Errorf("python%s imports %s of %s, want %s", minor, strings.TrimSpace(r.Out), path, want)
			}
		}
	}
}

package pack

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestStarter: a NAME.exe as pip makes it for a script on Windows (distlib's
// program, a line that names the interpreter, a zip file) gets a placeholder
// in its line, and stays one; a path anywhere else in it is refused.
func TestStarter(t *testing.T) {
	const python, root = `C:\Python 3.13\python.exe`, `C:\bb\site`
	program := distlibStarter(t)
	tests := []struct {
		name, line, member string
		want               string // the line in the archive; refused if empty
		tail               string // after the zip file
	}{
		{"the interpreter", "#!" + python + "\r\n", "", `#!"@binary-buildout-python@"` + "\r\n", ""},
		{"in quotes", `#!"` + python + `"` + "\r\n", "", `#!"@binary-buildout-python@"` + "\r\n", ""},
		{"with an argument", `#!"` + python + `" -E` + "\r\n", "", `#!"@binary-buildout-python@" -E` + "\r\n", ""},
		{"a virtualenv's", `#!` + root + `\Scripts\python.exe` + "\n", "", `#!"@binary-buildout-root@\Scripts\python.exe"` + "\n", ""},
		{"a path in the zip file", "#!" + python + "\r\n", "root = '" + root + "'\n", "", ""},
		{"a path after the zip file", "#!" + python + "\r\n", "", "", root},
		{"a path in the program", root + "\x00#!" + python + "\r\n", "", "", ""},
		{"no line", root + "\r\n", "", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			member := zipOf(t, "__main__.py", "import sys\n"+test.member)
			whole := string(program) + test.line + member + test.tail
			check(t, os.MkdirAll(filepath.Join(dir, "Scripts"), 0o755))
			check(t, os.WriteFile(filepath.Join(dir, "Scripts", "run.exe"), []byte(whole), 0o755))
			a, rep := relocateTree(t, dir, Origin{Root: root, RealRoot: dir, Interpreter: python, Prefix: `C:\Python 3.13`})
			if test.want == "" {
				if err := rep.Err(); err == nil || !strings.Contains(err.Error(), "Scripts/run.exe") {
					t.Errorf("got %v, want Scripts/run.exe refused", err)
				}
				return
			}
			check(t, rep.Err())
			got := content(t, a, "Scripts/run.exe")
			if want := string(program) + test.want + member; got != want {
				t.Errorf("the line is %q, want %q", strings.TrimSuffix(strings.TrimPrefix(got, string(program)), member), test.want)
			}
			for _, r := range a.Relocations {
				if r.Class != archive.ClassText || r.SHA256 != hexSum(got) {
					t.Errorf("the manifest has %+v", r)
				}
			}
			if len(a.Relocations) != 1 {
				t.Errorf("%d relocations", len(a.Relocations))
			}
		})
	}
}

// distlibStarter is the program that pip puts before a script's line.
func distlibStarter(t *testing.T) []byte {
	t.Helper()
	prefix := filepath.Dir(filepath.Dir(findPython(t, "3.13")))
	found, err := filepath.Glob(filepath.Join(prefix, "lib/python3.13/site-packages/pip/_vendor/distlib/t64.exe"))
	if err != nil || len(found) != 1 {
		testtool.Lacks(t, "pip's t64.exe below "+prefix)
	}
	data, err := os.ReadFile(found[0])
	check(t, err)
	return data
}

func zipOf(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	f, err := z.Create(name)
	check(t, err)
	_, err = io.WriteString(f, text)
	check(t, err)
	check(t, z.Close())
	return b.String()
}

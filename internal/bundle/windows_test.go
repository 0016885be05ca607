package bundle

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack"
)

// TestCollectWindows: of Windows' own Python the programs, their DLLs, the
// extensions and Lib go in; Tk, tests and what is for a desktop or a compiler don't.
func TestCollectWindows(t *testing.T) {
	const (
		with    = "python.exe pythonw.exe python3.dll python313.dll vcruntime140.dll vcruntime140_1.dll DLLs/_ssl.pyd DLLs/libssl-3.dll DLLs/sqlite3.dll Lib/os.py Lib/ssl.py Lib/venv/scripts/nt/venvlauncher.exe"
		without = "unins000.exe python313_d.dll NEWS.txt DLLs/_tkinter.pyd DLLs/tcl86t.dll DLLs/tk86t.dll DLLs/zlib1.dll DLLs/_testcapi.pyd DLLs/xxlimited.pyd DLLs/_ssl_d.pyd DLLs/py.ico DLLs/pyshellext.dll " +
			"Lib/test/x.py Lib/tkinter/x.py Lib/idlelib/x.py Lib/ensurepip/_bundled/x.whl Lib/site-packages/x.py Lib/pydoc_data/topics.py Lib/distutils/command/wininst-14.0-amd64.exe include/Python.h libs/python313.lib Scripts/pip.exe tcl/x"
	)
	from := t.TempDir()
	for _, name := range strings.Fields(with + " " + without) {
		file := filepath.Join(from, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	none := func(string) bool { return false }
	c := &copier{name: "python-3.13.5", taken: map[string]string{}, o: Options{
		Interpreter: Interpreter{Executable: filepath.Join(from, "python.exe"), Prefix: from, Stdlib: filepath.Join(from, "Lib")},
		OS:          "windows", Dir: t.TempDir(), Included: none, Excluded: none,
	}}
	if err := c.collect(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for p := range c.taken {
		got = append(got, strings.TrimPrefix(p, "python-3.13.5/"))
	}
	want := strings.Fields(with)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q\nnot %q", got, want)
	}
	if c.executable() != "python-3.13.5/python.exe" || !slices.Equal(c.extensions(), []string{"_ssl"}) {
		t.Errorf("%s, %q", c.executable(), c.extensions())
	}
	for _, left := range []string{"include", "libs", "tcl", "Scripts", "Lib/test", "DLLs/tcl86t.dll"} {
		if !slices.ContainsFunc(c.omitted, func(o pack.Omission) bool { return o.Path == "python-3.13.5/"+left }) {
			t.Errorf("nothing says that %s is left out", left)
		}
	}
}

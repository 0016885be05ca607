package pack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// TestShHeadsPacked: a script that pip or uv wrote for the stage's long path
// gets a plain #! line, of which bootstrap.py makes what the target needs. Its
// own text is Python's, not sh's.
func TestShHeadsPacked(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage", strings.Repeat("x", 130))
	const body = "import re\nx = 'ROOT/lib'  # ROOT\n"
	want := body[:len(body)-len("'ROOT/lib'  # ROOT\n")] + "'" + archive.Form(archive.Root, archive.FormPython) + "/lib'  # " + archive.Root + "\n"
	tr, wants := tree{}, map[string]string{}
	add := func(name, head, line string) {
		tr["bin/"+name+"*"], wants["bin/"+name] = head+body, line+want
	}
	add("pip", "#!/bin/sh\n'''exec' ROOT/bin/python \"$0\" \"$@\"\n' '''\n", "#!"+archive.Root+"/bin/python\n")
	add("spaced", "#!/bin/sh\n'''exec' \"ROOT/a b/bin/python3\" \"$0\" \"$@\"\n' '''\n", "#!"+archive.Root+"/a b/bin/python3\n")
	add("uv", "#!/bin/sh\n'''exec' 'ROOT/bin/python' -S \"$0\" \"$@\"\n' '''\n", "#!"+archive.Root+"/bin/python -S\n")
	add("ours", "#!/bin/sh\n# coding: latin-1\n\f#/ 2>/dev/null || exec 'PYBIN' \"$0\" \"$@\"\n", "#!"+archive.Interpreter+"\n# coding: latin-1\n")
	relocatable := "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n"
	add("relocatable", relocatable, relocatable)
	tr.write(t, root)
	data, _, _ := packTree(t, root, testOrigin(root), archive.FormatTarGz)
	dir := filepath.Join(t.TempDir(), "app")
	check(t, archive.Extract(t.Context(), save(t, data, "x"), dir, archive.ExtractOptions{}))
	for path, want := range wants {
		got, err := os.ReadFile(filepath.Join(dir, path))
		check(t, err)
		if string(got) != want {
			t.Errorf("%s\n got %q\nwant %q", path, got, want)
		}
	}
}

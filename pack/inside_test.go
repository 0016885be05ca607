package pack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestZippedEgg(t *testing.T) {
	root := longRoot(t)
	make := func(name, member, text string) {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		f, err := w.Create(member)
		check(t, err)
		io.WriteString(f, text)
		check(t, w.Close())
		check(t, os.MkdirAll(filepath.Join(root, "eggs"), 0o755))
		check(t, os.WriteFile(filepath.Join(root, "eggs", name), b.Bytes(), 0o644))
	}
	make("a.egg", "a.py", strings.Repeat("x = 1\n", 100)+"y = '"+root+"/y'\n")
	make("b.egg", "b.py", "x = '"+root+"2'\n")
	make("c.egg", "README.txt", "built in "+root+"\n")
	_, rep := relocateTree(t, root, testOrigin(root))
	if len(rep.Blocked) != 1 || rep.Blocked[0].Path != "eggs/a.egg" || rep.Blocked[0].Part != "egg a.egg" || !strings.Contains(rep.Blocked[0].Reason, "a.py, compressed in it") {
		t.Errorf("%+v", rep.Blocked)
	}
	if _, ok := item(rep.Excepted, "eggs/c.egg"); !ok {
		t.Errorf("%+v", rep.Excepted)
	}
}

func TestCompressedDebugInformation(t *testing.T) {
	for _, how := range []string{"zlib", "zlib-gnu"} {
		root := longRoot(t)
		source := "int f(int x) { return x + 1; }\n"
		for i := range 200 {
			source += fmt.Sprintf("struct name_%d { int member_%d; } v%d;\n", i, i, i)
		}
		gcc(t, root, source, "parts/z/z.so", "-shared", "-gz="+how)
		raw, err := os.ReadFile(filepath.Join(root, "parts/z/z.so"))
		check(t, err)
		_, rep := relocateTree(t, root, testOrigin(root))
		if !bytes.Contains(raw, []byte("ZLIB")) && how == "zlib-gnu" {
			t.Log("this linker doesn't make .zdebug sections")
		}
		if it, ok := item(rep.Blocked, "parts/z/z.so"); !ok || it.Part != "part z" || !strings.Contains(it.Reason, "compressed in it") {
			t.Errorf("%s: %+v", how, rep)
		}
	}
}

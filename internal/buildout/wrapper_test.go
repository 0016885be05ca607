package buildout

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// An extension whose assertions hold, as CFLAGS of one's own leave them, names
// the header that asserts; not where the build's interpreter has it.
func TestAssertionsNameNoPrefix(t *testing.T) {
	in, err := FindPython(context.Background(), python(t, "3.13"), "")
	if err != nil {
		t.Fatal(err)
	}
	if in.BasePrefix == "/usr" {
		testtool.Lacks(t, "a Python with a prefix of its own") // what systems have in common isn't mapped
	}
	testtool.Compiler(t)
	dir := write(t, map[string]string{"x.c": "#undef NDEBUG\n#include <Python.h>\n" +
		"PyObject *first(PyObject *o) { return PyTuple_GET_ITEM(o, 0); }\n"})
	s := stage{root: filepath.Join(dir, "root"), tmp: filepath.Join(dir, "tmp"), tools: filepath.Join(dir, "tools")}
	if err := os.Mkdir(s.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	path, err := wrapCompilers(context.Background(), s, in, os.Getenv("PATH"))
	if err != nil {
		t.Fatal(err)
	}
	object := filepath.Join(dir, "x.o")
	cmd := exec.Command(filepath.Join(filepath.SplitList(path)[0], "gcc"),
		"-g", "-O0", "-I", in.Include, "-c", filepath.Join(dir, "x.c"), "-o", object)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	data, err := os.ReadFile(object)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte("/build/python/include/")) {
		t.Error("no assertion names its header, so this shows nothing")
	}
	if bytes.Contains(data, []byte(in.BasePrefix+"/")) {
		t.Errorf("%s", around(data, in.BasePrefix+"/"))
	}
}

package verify

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// tree is a Source that is a literal.
type tree map[string]string

func (m tree) Walk(_ context.Context, visit func(Entry) error) error {
	for p, s := range m {
		e := Entry{Path: p, Open: func() (File, error) {
			return memory{bytes.NewReader([]byte(s)), int64(len(s))}, nil
		}}
		if to, ok := strings.CutPrefix(s, "-> "); ok {
			e = Entry{Path: p, Link: to}
		}
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// with adds files to a copy.
func (m tree) with(more tree) tree {
	out := tree{}
	for _, t := range []tree{m, more} {
		for k, v := range t {
			out[k] = v
		}
	}
	return out
}

// gcc compiles C into a file's bytes.
func gcc(t *testing.T, source string, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	c, out := filepath.Join(dir, "x.c"), filepath.Join(dir, "x.so")
	if err := os.WriteFile(c, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testtool.Program(t, "gcc"), append([]string{"-shared", "-fPIC", "-o", out, c}, args...)...)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, b)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// include is the directory of a Python's headers.
func include(t *testing.T, version string) string {
	t.Helper()
	out, err := exec.Command(verifytest.Python(t, version), "-c", "import sysconfig; print(sysconfig.get_paths()['include'])").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// module is the C source of an extension for Python 3 that runs body when it is imported.
func module(name, body string) string {
	return `#include <Python.h>
#include <unistd.h>
#include <stdlib.h>
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "` + name + `", 0, -1, 0};
PyMODINIT_FUNC PyInit_` + name + `(void) { ` + body + `; return PyModule_Create(&def); }
`
}

// extension313 compiles an extension for Python 3.13.
func extension313(t *testing.T, name, body string, args ...string) string {
	t.Helper()
	return gcc(t, module(name, body), append([]string{"-I" + include(t, "3.13")}, args...)...)
}

// fromWheel is a member of a wheel.
func fromWheel(t *testing.T, requirement, platform, pattern string) string {
	t.Helper()
	return string(verifytest.Member(t, requirement, platform, pattern))
}

var linux313 = archive.Python{Version: "3.13.0", ABI: "cp313", Platform: "linux_x86_64", Bits: 64, Libc: "glibc"}

// egg313 is an egg with metadata and the files.
func egg313(files tree) tree {
	out := tree{"eggs/demo-1.0-py3.13.egg/EGG-INFO/PKG-INFO": "Metadata-Version: 1.0\nName: demo\nVersion: 1.0\n\n"}
	for k, v := range files {
		out["eggs/demo-1.0-py3.13.egg/"+k] = v
	}
	return out
}

func check(t *testing.T, in Input) *Report {
	t.Helper()
	if in.Python.ABI == "" {
		in.Python = linux313
	}
	r, err := Tree(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for name, list := range map[string][]Item{"compiled": r.Compiled, "missing": r.Missing, "foreign": r.Foreign, "waived": r.Waived} {
		for _, i := range list {
			key := i.Egg + "|" + i.Module + "|" + i.Path + "|" + i.Part
			if old := seen[key]; old != "" {
				t.Errorf("%s is in the lists %s and %s", key, old, name)
			}
			seen[key] = name
		}
	}
	if (r.Err() != nil) != (len(r.Missing)+len(r.Foreign) > 0) {
		t.Errorf("the error is %v", r.Err())
	}
	return r
}

// messages are all problems of a list, for comparing.
func messages(list []Item) string {
	var all []string
	for _, i := range list {
		for _, p := range i.Problems {
			all = append(all, i.Name()+": "+p.Message)
		}
	}
	return strings.Join(all, "\n")
}

// gccTo compiles C into a file.
func gccTo(t *testing.T, out, source string, args ...string) {
	t.Helper()
	if err := os.WriteFile(out, []byte(gcc(t, source, args...)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// stub is the path of a library of that SONAME, to link against.
func stub(t *testing.T, soname string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), soname)
	gccTo(t, out, "int stub_of_a_library(void){return 1;}", "-Wl,-soname,"+soname)
	return out
}

// newGlibc is the path of a libc.so.6 with a symbol version that no glibc has yet.
func newGlibc(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "map"), []byte("GLIBC_2.99 { strtol; atexit; };"), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "libc.so.6")
	gccTo(t, out, "long strtol(const char*a,char**b,int c){return 0;} int atexit(void(*f)(void)){return 0;}", "-nostdlib", "-fno-builtin", "-Wl,-soname,libc.so.6", "-Wl,--version-script,"+filepath.Join(dir, "map"))
	return out
}

package buildout

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
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
	wrappers, err := wrapCompilers(context.Background(), s, in, os.Environ(), "linux")
	if err != nil {
		t.Fatal(err)
	}
	path := environ.Get(wrappers, "PATH")
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

// wrapping is a stage whose compilers are wrapped, for an environment.
func wrapping(t *testing.T, in Interpreter, env ...string) (stage, []string) {
	t.Helper()
	dir := write(t, nil)
	s := stage{root: filepath.Join(dir, "root"), tmp: filepath.Join(dir, "tmp"), tools: filepath.Join(dir, "tools"), logs: dir}
	if err := os.Mkdir(s.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	env = environ.Set(os.Environ(), env...)
	wrappers, err := wrapCompilers(context.Background(), s, in, env, "linux")
	if err != nil {
		t.Fatal(err)
	}
	return s, environ.Set(env, wrappers...)
}

// A compiler that a variable names, by a name or a path, alone or after ccache,
// compiles in two random directories to the same bytes, and is logged.
func TestNamedCompilers(t *testing.T) {
	gcc, err := filepath.EvalSymlinks(testtool.Program(t, "gcc"))
	if err != nil {
		t.Fatal("this needs gcc")
	}
	elsewhere := t.TempDir()
	for _, name := range []string{"gcc", "mycc"} {
		if err := os.WriteFile(filepath.Join(elsewhere, name), []byte("#!/bin/sh\nexec gcc \"$@\"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	ccache := lookIn(os.Getenv("PATH"), "ccache")
	cases := []struct{ name, variable, value, want string }{
		{"by its name", "CC", filepath.Base(gcc) + " -pthread", filepath.Base(gcc) + " -pthread"},
		{"by its path", "CC", gcc, filepath.Base(gcc)},
		{"another of a name", "LDSHARED", elsewhere + "/gcc -O1", "build-gcc -O1"},
		{"an odd name", "CXX", elsewhere + "/mycc", "build-mycc"},
		{"after ccache", "CC", "ccache gcc", "ccache gcc"},
		{"after ccache, by paths", "CPP", ccache + " " + gcc, ccache + " " + filepath.Base(gcc)},
		{"ccache under its name", "PATH", "/usr/lib/ccache:" + os.Getenv("PATH"), ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if strings.Contains(c.name+c.value, "ccache") && ccache == "" {
				t.Skip("no ccache here")
			}
			s, env := wrapping(t, Interpreter{}, c.variable+"="+c.value)
			command := "gcc"
			if c.want != "" {
				if command = environ.Get(env, c.variable); command != c.want {
					t.Errorf("%s is %q, want %q", c.variable, command, c.want)
				}
			}
			var objects [2][]byte
			for i := range objects {
				random := strings.Repeat(string("ab"[i]), 32)
				dir := filepath.Join(s.tmp, "pip-"+random[:8], "demo_"+random)
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, "x.c"), []byte("const char *where(void) { return __FILE__; }\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				cmd := exec.Command("sh", "-c", command+" -g -c $PWD/x.c -o x.o")
				cmd.Dir, cmd.Env = dir, append(env, "TMPDIR="+s.tmp, "CCACHE_DIR="+filepath.Join(s.tmp, "ccache"))
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if objects[i], err = os.ReadFile(filepath.Join(dir, "x.o")); err != nil {
					t.Fatal(err)
				}
			}
			if normal := bytes.ReplaceAll(objects[1], []byte("pip-bbbbbbbb"), []byte("pip-aaaaaaaa")); !bytes.Equal(objects[0], normal) {
				t.Error("two directories give two objects")
			}
			if bytes.Contains(objects[0], []byte("demo_a")) {
				t.Errorf("the object names the directory: %s", around(objects[0], "demo_a"))
			}
			if calls := callsOf(t, s); len(calls) < 2 || !slices.Contains(calls[len(calls)-1].Argv, "-g") {
				t.Errorf("calls %+v", calls)
			}
		})
	}
}

// Calls of compilers that aren't there are logged, whoever asks for them; a
// compiler that is there has no rival.
func TestStubsOfCompilers(t *testing.T) {
	bin := t.TempDir()
	for _, name := range []string{"sh", "tail", "cat", "rm"} {
		if err := os.Symlink(lookIn(os.Getenv("PATH"), name), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	in := Interpreter{CC: "x86_64-linux-gnu-gcc -pthread", CXX: "/opt/gone/g++"}
	for _, c := range []struct {
		name, command string
		env           []string
		said          string
		exit          int
	}{
		{"the usual name", "gcc -c x.c", nil, "unable to execute 'gcc'", 127},
		{"the interpreter's", "x86_64-linux-gnu-gcc -c x.c", nil, "unable to execute 'x86_64-linux-gnu-gcc'", 127},
		{"C++", "c++ -c x.c", nil, "unable to execute 'c++'", 127},
		{"a path that isn't there", "$CC -c x.c", []string{"CC=/opt/gone/gcc-99 -m64"}, "unable to execute '/opt/gone/gcc-99'", 127},
		{"a compiler that always fails", "$CC -c x.c", []string{"CC=/bin/false"}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, env := wrapping(t, in, append(c.env, "PATH="+bin)...)
			cmd := exec.Command(filepath.Join(bin, "sh"), "-c", c.command)
			cmd.Dir, cmd.Env = s.tmp, append(env, "BINARY_BUILDOUT_BUILD=/src/demo")
			out, err := cmd.CombinedOutput()
			if cmd.ProcessState.ExitCode() != c.exit || !strings.HasPrefix(string(out), c.said) {
				t.Errorf("%v: %s", err, out)
			}
			calls := callsOf(t, s)
			if len(calls) != 1 || calls[0].Exit != c.exit || calls[0].Build != "/src/demo" || calls[0].Dir != s.tmp || calls[0].Argv[len(calls[0].Argv)-1] != "x.c" {
				t.Errorf("calls %+v", calls)
			}
		})
	}
	if err := os.Symlink(testtool.Program(t, "gcc"), filepath.Join(bin, "cc")); err != nil {
		t.Fatal(err)
	}
	_, env := wrapping(t, Interpreter{}, "PATH="+bin, "CC=clang-99 -m64", "LDSHARED=python -m ziglang cc")
	first, _, _ := strings.Cut(environ.Get(env, "PATH"), ":")
	entries, err := os.ReadDir(first)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"c++", "cc", "clang-99", "g++"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("wrapped %q, want %q: %v", names, want, err)
	}
}

func callsOf(t *testing.T, s stage) []CompilerCall {
	t.Helper()
	file := filepath.Join(s.logs, "compiler.jsonl")
	if err := s.writeCalls(file, secrets.Mask); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var calls []CompilerCall
	for line := range bytes.Lines(data) {
		var call CompilerCall
		if err := json.Unmarshal(line, &call); err != nil {
			t.Fatal(err)
		}
		calls = append(calls, call)
	}
	return calls
}

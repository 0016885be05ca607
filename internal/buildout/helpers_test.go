package buildout

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// python gives the path of an interpreter of a minor version.
func python(t *testing.T, minor string) string {
	t.Helper()
	return testtool.Python(t, minor)
}

// write makes a tree of files in a new directory.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func launcher(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/launcher.py")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// hello is a buildout with scripts, a develop package with a C extension, and
// an egg whose extension is compiled by zc.recipe.egg:custom.
func hello(t *testing.T, versions string) string {
	return write(t, map[string]string{
		"buildout.cfg": "[buildout]\nextends = base.cfg\nparts = py more\ndevelop = src/hello\n\n" +
			"[py]\nrecipe = zc.recipe.egg\neggs =\n    hello\n    six\ninterpreter = py\n\n" +
			"[more]\nrecipe = zc.recipe.egg:scripts\neggs = hello\nscripts = hello=more\n",
		"base.cfg":            "[buildout]\nversions = pins\n\n[pins]\nsix = 1.16.0\n" + versions,
		"src/hello/setup.py":  helloSetup,
		"src/hello/hello.py":  "import _hello\n\n\ndef main():\n    print(_hello.hello())\n",
		"src/hello/_hello.c":  helloC,
		"src/hello/README.md": "hello\n",
	})
}

const helloSetup = `from setuptools import setup, Extension
setup(name='hello', version='1.0', py_modules=['hello'], ext_modules=[Extension('_hello', ['_hello.c'])],
      entry_points={'console_scripts': ['hello = hello:main']})
`

const helloC = `#include <Python.h>
static PyObject *hello(PyObject *self, PyObject *args) { return Py_BuildValue("s", "hello from C"); }
static PyMethodDef methods[] = {{"hello", hello, METH_NOARGS, ""}, {NULL, NULL, 0, NULL}};
#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_hello", "", -1, methods};
PyMODINIT_FUNC PyInit__hello(void) { return PyModule_Create(&module); }
#else
PyMODINIT_FUNC init_hello(void) { Py_InitModule("_hello", methods); }
#endif
`

// toolsFor makes tools with an interpreter for the buildout at root.
func toolsFor(t *testing.T, root, python string) toolmaker {
	t.Helper()
	env := os.Environ()
	return toolmaker{root: root, config: "buildout.cfg", python: mustProbe(t, python), pip: tools.With(python, env), dir: t.TempDir(), env: env}
}

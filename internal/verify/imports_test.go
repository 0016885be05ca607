package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// write lays a tree on disk.
func (m tree) write(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for p, s := range m {
		full := filepath.Join(root, p)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func importing(t *testing.T, root, python string) *Import {
	t.Helper()
	return &Import{Interpreter: verifytest.Python(t, python), Root: root, Timeout: 3 * time.Second}
}

// TestImport: a crash, a hang and a failure are findings of their own extension, and end nothing else.
func TestImport(t *testing.T) {
	outside := t.TempDir()
	gccTo(t, outside+"/libout.so.1", "int out(void){return 1;}", "-Wl,-soname,libout.so.1")
	files := egg313(tree{
		"demo/__init__.py":      "",
		"demo/_good" + suffix:   extension313(t, "_good", ""),
		"demo/_crash" + suffix:  extension313(t, "_crash", "abort()"),
		"demo/_exit" + suffix:   extension313(t, "_exit", "_exit(3)"),
		"demo/_hang" + suffix:   extension313(t, "_hang", "for (;;) sleep(1)"),
		"demo/_print" + suffix:  extension313(t, "_print", `printf("{\"id\": 0}\n"); fflush(stdout)`),
		"demo/_raise" + suffix:  extension313(t, "_raise", `if (1) { PyErr_SetString(PyExc_ValueError, "no way"); return NULL; }`),
		"demo/_needs" + suffix:  extension313(t, "_needs", `if (!PyImport_ImportModule("not_here_at_all")) return NULL`),
		"demo/_part" + suffix:   extension313(t, "_part", `if (!PyImport_ImportModule("demo._gone")) return NULL`),
		"demo/_symbol" + suffix: extension313(t, "_symbol", "extern void undefined_thing(void); undefined_thing()"),
		"demo/_out" + suffix:    extension313(t, "_out", "extern int out(void); out()", outside+"/libout.so.1", "-Wl,-rpath,"+outside),
		"demo/_ssl" + suffix:    extension313(t, "_ssl", `PyImport_ImportModule("ssl"); PyErr_Clear()`),
	})
	root := files.write(t)
	r := check(t, Input{Source: Dir(root), Import: importing(t, root, "3.13")})
	want := map[string]string{"_crash": "signal 6 (SIGABRT)", "_exit": "exit code 3", "_hang": "within 3 seconds", "_raise": "ValueError: no way", "_part": "No module named 'demo._gone'",
		"_symbol": "undefined symbol: undefined_thing", "_out": "libout.so.1, which is not in the tree"}
	for _, i := range r.Foreign {
		name := strings.TrimPrefix(i.Module, "demo.")
		if w := want[name]; w == "" || !strings.Contains(messages([]Item{i}), w) {
			t.Errorf("%s: %s", name, messages([]Item{i}))
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is no finding", name)
	}
	if w := messages(r.Warnings); !strings.Contains(w, "it imports not_here_at_all, which isn't in the tree") {
		t.Error(w)
	}
	if len(r.Compiled) != 4 {
		t.Errorf("compiled: %+v", r.Compiled)
	}
	if found, _ := filepath.Glob(root + "/eggs/*/demo/__pycache__"); found != nil {
		t.Error("importing wrote bytecode into the tree")
	}
}

// TestImportRound: an extension and a module that import each other can only be
// imported by that module first, whatever the exception is, and whether or not
// Python code was running when it was raised.
func TestImportRound(t *testing.T) {
	round := func(run string) string {
		return gcc(t, `#include <Python.h>
static int run(PyObject *m) { `+run+` }
static PyModuleDef_Slot slots[] = {{Py_mod_exec, run}, {0, NULL}};
static struct PyModuleDef d = {PyModuleDef_HEAD_INIT, "_round", 0, 0, 0, slots};
PyMODINIT_FUNC PyInit__round(void) { return PyModuleDef_Init(&d); }
`, "-I"+include(t, "3.13"))
	}
	done := round(`PyObject *other = PyImport_ImportModule("demo.round"); return other ? PyModule_AddIntConstant(m, "done", 1) : -1;`)
	// It fails in C alone, where demo_first isn't imported yet: nothing in the traceback names that.
	quiet := round(`if (!PyDict_GetItemString(PyImport_GetModuleDict(), "demo_first")) { PyErr_SetString(PyExc_RuntimeError, "too early"); return -1; } return 0;`)
	for _, row := range []struct {
		name   string
		files  tree
		failed string // words of the only finding; empty is none
	}{
		{"ImportError", tree{"demo/round.py": "from ._round import done\n", "demo/_round" + suffix: done}, ""},
		{"AttributeError, as mypy's", tree{"demo/round.py": "from . import _round\nx = _round.done\n", "demo/_round" + suffix: done}, ""},
		{"no traceback", tree{"demo_first.py": "import demo._round\n", "EGG-INFO/top_level.txt": "demo\ndemo_first\n", "demo/_round" + suffix: quiet}, ""},
		{"a name that isn't there", tree{"demo/round.py": "from ._round import more\n", "demo/_round" + suffix: done}, "importing demo._round fails: ImportError: cannot import name 'more'"},
		{"a package that imports one that fails", tree{"demo/__init__.py": "from . import _round\n", "demo/_round" + suffix: quiet}, "importing demo._round fails: RuntimeError: too early"},
		{"a package that fails", tree{"demo/__init__.py": "raise RuntimeError('not configured')\n", "demo/_round" + suffix: done}, "importing its package demo fails: RuntimeError: not configured"},
	} {
		root := egg313(tree{"demo/__init__.py": ""}).with(egg313(row.files)).write(t)
		r := check(t, Input{Source: Dir(root), Import: importing(t, root, "3.13")})
		if found := messages(r.Foreign); !strings.Contains(found, row.failed) || (found == "") != (row.failed == "") {
			t.Errorf("%s: %q", row.name, found)
		}
	}
}

// TestImportMypy: 22 of mypy's modules are in a circle of imports, and each can be used.
func TestImportMypy(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches mypy")
	}
	root := t.TempDir()
	for _, w := range verifytest.Wheels(t, []string{"mypy==2.4.1", "mypy-extensions==1.2.0", "typing-extensions==4.16.0", "pathspec==1.1.1", "librt==0.17.0", "ast-serialize==0.13.1"}, "linux-x86_64") {
		name := strings.Join(strings.Split(filepath.Base(w), "-")[:2], "-")
		if out, err := exec.Command(verifytest.Python(t, "3.13"), "-m", "zipfile", "-e", w, filepath.Join(root, "eggs", name+"-py3.13.egg")).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	im := importing(t, root, "3.13")
	im.Timeout = time.Minute
	r := check(t, Input{Source: Dir(root), Import: im, Python: python313("manylinux_2_28_x86_64", "glibc")})
	if r.Err() != nil || len(r.Compiled) < 230 {
		t.Errorf("%d extensions; missing %s\nforeign %s", len(r.Compiled), messages(r.Missing), messages(r.Foreign))
	}
}

// TestImportPython2: the same script, in Python 2.7, with paths by groups.
func TestImportPython2(t *testing.T) {
	source := "#include <Python.h>\nstatic PyMethodDef m[] = {{0,0,0,0}};\nPyMODINIT_FUNC init_x(void) { Py_InitModule(\"_x\", m); BODY; }\n"
	good := gcc(t, strings.ReplaceAll(source, "BODY", ""), "-I"+include(t, "2.7"))
	crash := gcc(t, strings.ReplaceAll(source, "BODY", "abort()"), "-I"+include(t, "2.7"))
	root := tree{
		"eggs/a-1.0-py2.7.egg/EGG-INFO/PKG-INFO": "Name: a\nVersion: 1.0\n\n", "eggs/a-1.0-py2.7.egg/a/__init__.py": "import b\n", "eggs/a-1.0-py2.7.egg/a/_x.so": good,
		"eggs/b-1.0-py2.7.egg/EGG-INFO/PKG-INFO": "Name: b\nVersion: 1.0\n\n", "eggs/b-1.0-py2.7.egg/b/__init__.py": "", "eggs/b-1.0-py2.7.egg/b/_x.so": crash,
	}.write(t)
	im := importing(t, root, "2.7")
	im.Paths = [][]string{{"eggs/a-1.0-py2.7.egg", "eggs/b-1.0-py2.7.egg"}}
	py := linux313
	py.Version, py.ABI = "2.7.18", "cp27mu"
	r := check(t, Input{Source: Dir(root), Python: py, Import: im})
	if len(r.Compiled) != 1 || r.Compiled[0].Module != "a._x" || !strings.Contains(messages(r.Foreign), "b._x: importing b._x: it crashes") {
		t.Errorf("compiled %+v, foreign %s", r.Compiled, messages(r.Foreign))
	}
}

// TestImportByScripts: an extension is imported with the paths of a script that
// has its egg, and what that script doesn't have is a warning, not a finding.
func TestImportByScripts(t *testing.T) {
	egg := func(name string, files tree) tree {
		out := tree{"eggs/" + name + "-1.0-py3.13.egg/EGG-INFO/PKG-INFO": "Name: " + name + "\nVersion: 1.0\n\n"}
		for p, s := range files {
			out["eggs/"+name+"-1.0-py3.13.egg/"+p] = s
		}
		return out
	}
	needs := func(module string) string { return `if (!PyImport_ImportModule("` + module + `")) return NULL` }
	root := egg("a", tree{"a/__init__.py": "", "a/_x" + suffix: extension313(t, "_x", needs("c"))}).
		with(egg("b", tree{"b/__init__.py": "", "b/_x" + suffix: extension313(t, "_x", needs("c"))})).
		with(egg("c", tree{"c.py": ""})).
		with(egg("d", tree{"d/__init__.py": "import d.gone\n", "d/_x" + suffix: extension313(t, "_x", "")})).write(t)
	im := importing(t, root, "3.13")
	im.Paths = [][]string{{"eggs/a-1.0-py3.13.egg"}, {"eggs/b-1.0-py3.13.egg", "eggs/c-1.0-py3.13.egg"}}
	r := check(t, Input{Source: Dir(root), Import: im})
	if len(r.Compiled) != 2 || !strings.Contains(messages(r.Foreign), "No module named 'd.gone'") {
		t.Errorf("compiled %+v, foreign %s", r.Compiled, messages(r.Foreign))
	}
	if w := messages(r.Warnings); w != "a._x: it imports c, which isn't among the eggs of the script that has it" {
		t.Errorf("warnings: %s", w)
	}
}

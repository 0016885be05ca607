package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// sdist is a source distribution of setuptools with one good extension, one that
// doesn't compile, and one that doesn't link; a build that goes on without them.
var sdist = tree{
	"setup.py": `
from setuptools import setup, Extension
from setuptools.command.build_ext import build_ext
class forgiving(build_ext):
    def build_extension(self, ext):
        try:
            build_ext.build_extension(self, ext)
        except Exception:
            pass
setup(name='demo', version='1.0', packages=['demo'], cmdclass={'build_ext': forgiving}, ext_modules=[
    Extension('demo._good', ['good.c']), Extension('demo._bad', ['bad.c']), Extension('demo._link', ['link.c'], libraries=['no-such-library'])])
`,
	"demo/__init__.py": "",
	"good.c":           "#include <Python.h>\n" + bothInits("_good"),
	"bad.c":            "#include <Python.h>\n#include <ldap.h>\n" + bothInits("_bad"),
	"link.c":           "#include <Python.h>\n" + bothInits("_link"),
}

func bothInits(name string) string {
	return `#if PY_MAJOR_VERSION >= 3
static struct PyModuleDef def = {PyModuleDef_HEAD_INIT, "` + name + `", 0, -1, 0};
PyMODINIT_FUNC PyInit_` + name + `(void) { return PyModule_Create(&def); }
#else
static PyMethodDef m[] = {{0,0,0,0}};
PyMODINIT_FUNC init` + name + `(void) { Py_InitModule("` + name + `", m); }
#endif
`
}

// pipCache gives PIP_CACHE_DIR: what was downloaded is shared with other runs, and built wheels are not.
// pip builds them in the cache and installs them from there, so a run with a compiler that fails would
// install what another one builds at the same time.
func pipCache(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"http", "http-v2"} {
		shared := filepath.Join(verifytest.Cache(t), "pip", name)
		if err := os.MkdirAll(shared, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(shared, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return "PIP_CACHE_DIR=" + dir
}

// watched runs a build with the witness, and gives what it declared.
func watched(t *testing.T, dir string, env []string, name string, args ...string) []Declaration {
	t.Helper()
	log := filepath.Join(t.TempDir(), "declared.jsonl")
	more, err := InstallWitness(filepath.Join(t.TempDir(), "witness"), log, env)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(append(env, more...), "BINARY_BUILDOUT_WITNESS_DEBUG=1", "PIP_DISABLE_PIP_VERSION_CHECK=1", pipCache(t))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	ds, _, err := ReadLogs(log, "")
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

// TestWitness: distutils and setuptools of each generation, without and with pip's build isolation.
func TestWitness(t *testing.T) {
	for _, row := range []struct {
		python, abi string
		pip         bool
	}{{"2.7", "cp27mu", false}, {"3.8", "cp38", false}, {"3.13", "cp313", true}} {
		t.Run(row.python, func(t *testing.T) {
			if row.pip && testing.Short() {
				t.Skip("fetches setuptools")
			}
			python := verifytest.Python(t, row.python)
			src, out := sdist.write(t), t.TempDir()
			egg := filepath.Join(out, "eggs", "demo-1.0.egg")
			args := []string{"setup.py", "-q", "install", "--single-version-externally-managed", "--root=/", "--install-lib", egg}
			if row.pip {
				args = []string{"-m", "pip", "install", "-q", "--no-deps", "--target", egg, src}
			}
			ds := watched(t, src, os.Environ(), python, args...)
			if len(ds) != 1 || ds[0].Project != "demo" || !slices.Equal(ds[0].Modules, []string{"demo._good", "demo._bad", "demo._link"}) {
				t.Fatalf("%+v", ds)
			}
			if !slices.Contains(ds[0].Built, "demo._good") || slices.Contains(ds[0].Built, "demo._bad") {
				t.Errorf("built: %q", ds[0].Built)
			}
			r := check(t, Input{Source: Dir(out), Python: archive.Python{Version: row.python, ABI: row.abi, Platform: "linux_x86_64"}, Witnessed: true, Declared: ds})
			if len(r.Compiled) != 1 || r.Compiled[0].Module != "demo._good" || len(r.Missing) != 2 || len(r.Foreign) != 0 {
				t.Fatalf("compiled %+v\nmissing %+v\nforeign %+v", r.Compiled, r.Missing, r.Foreign)
			}
			for i, want := range []string{"ldap.h: No such file", "no-such-library"} {
				if m := r.Missing[i]; !strings.Contains(strings.Join(m.Lines, "\n"), want) {
					t.Errorf("%s: lines %q", m.Module, m.Lines)
				}
			}
			if h := r.Missing[0].Problems[0].Hint; !strings.Contains(h, "libldap-dev") {
				t.Error(h)
			}
		})
	}
}

// TestQuietBuilds: a setup.py that asks for none of its modules, and one whose version gets its tag after it asked.
func TestQuietBuilds(t *testing.T) {
	for _, row := range []struct {
		name, setup      string
		missing, warning string
	}{
		{"without ext_modules", "setup(name='demo', version='1.0', packages=['demo'])", "", "_good: its sources define this module"},
		{"tag", "setup(name='demo', version='1.0', packages=['demo'], ext_modules=[Extension('demo._bad', ['bad.c'], optional=True)])", "demo._bad: its build declares it as optional", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			src := sdist.with(tree{"setup.py": "from setuptools import setup, Extension\n" + row.setup + "\n", "setup.cfg": "[egg_info]\ntag_build = .dev3\n"}).write(t)
			ds := watched(t, src, append(os.Environ(), "CC=false"), verifytest.Python(t, "3.8"), "setup.py", "-q", "install", "--single-version-externally-managed", "--root=/",
				"--install-lib", filepath.Join(out, "eggs", "demo.egg"))
			r := check(t, Input{Source: Dir(out), Python: archive.Python{Version: "3.8", ABI: "cp38", Platform: "linux_x86_64"}, Witnessed: true, Declared: ds})
			if m, w := messages(r.Missing), messages(r.Warnings); !strings.HasPrefix(m, row.missing) || !strings.Contains(w, row.warning) || (m == "") != (row.missing == "") || (w == "") != (row.warning == "") {
				t.Errorf("missing %q, warnings %q; declared %+v", m, w, ds)
			}
		})
	}
}

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

// mesonProject is a project of meson-python's. The real ones are of C++ and take minutes to compile, or clone what they need.
var mesonProject = tree{
	"pyproject.toml":   "[build-system]\nrequires = ['meson-python']\nbuild-backend = 'mesonpy'\n\n[project]\nname = 'demo'\nversion = '1.0'\n",
	"meson.build":      "project('demo', 'c', version: '1.0')\npy = import('python').find_installation(pure: false)\npy.install_sources('demo/__init__.py', subdir: 'demo')\npy.extension_module('_fast', 'fast.c', install: true, subdir: 'demo')\n",
	"demo/__init__.py": "",
	"fast.c":           "#include <Python.h>\n" + bothInits("_fast"),
}

// loud is a package that doesn't install without its extensions, built by what has no ext_modules, or that makes them itself.
type loud struct {
	name, requirement string
	modules           []string
	source            string // the end of the path of one source of it
	witness           string
}

// louds are meson-python, scikit-build-core with cffi, cffi alone, maturin and mypyc.
func louds(t *testing.T) []loud {
	return []loud{
		{"demo", mesonProject.write(t), []string{"demo._fast"}, "fast.c", "the install plan of its build by meson"},
		{"argon2-cffi-bindings", "argon2-cffi-bindings==26.2.0", []string{"_argon2_cffi_bindings._ffi"}, "core.c", "the module libraries of its build by CMake"},
		{"xattr", "xattr==1.3.0", []string{"xattr._lib"}, "_lib.c", "ext_modules of its build by setuptools"},
		{"jellyfish", "jellyfish==1.3.0", []string{"jellyfish._rustyfish"}, "src/lib.rs", "the wheel that maturin made"},
		{"pytokens", "pytokens==0.4.1", []string{"pytokens", "pytokens._mypyc_dummy", "%__mypyc"}, "_mypyc_dummy.c", "ext_modules of its build by setuptools"},
	}
}

// strip takes away what else in a directory would name its extensions, and the extensions.
func strip(t *testing.T, site string) {
	t.Helper()
	for _, pattern := range []string{"*.dist-info/RECORD", "*.dist-info/WHEEL", "*/*.so", "*.so"} {
		found, _ := filepath.Glob(filepath.Join(site, pattern))
		for _, f := range found {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestOtherBackends: what builds without ext_modules make and log. With a compiler that works nothing is
// missing; then the tree loses its extensions and each RECORD, and the builds' witness alone misses each.
// With one that fails the build says so and ends.
func TestOtherBackends(t *testing.T) {
	if testing.Short() {
		t.Skip("builds sdists from PyPI")
	}
	all := louds(t)
	for _, python := range []string{"3.13", "3.11"} {
		t.Run(python, func(t *testing.T) {
			t.Parallel()
			heard(t, python, all)
			for _, fault := range faults[1:] {
				t.Run(fault, func(t *testing.T) {
					rest := all[1:]
					if python != "3.13" && fault == "link" {
						rest = all[1:3] // without Rust and mypyc, which compile everything before they link
					}
					// meson-python builds all when pip asks for metadata, and pip then goes no further.
					refused(t, python, fault, all[:1])
					refused(t, python, fault, rest)
				})
			}
		})
	}
}

// pipInstall are the arguments of a Python that installs packages into a directory.
func pipInstall(site string, packages []loud) []string {
	args := []string{"-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-binary=:all:", "--target", site}
	for _, p := range packages {
		args = append(args, p.requirement)
	}
	return args
}

// heard: all is there, and without its files the witness knows of all.
func heard(t *testing.T, python string, packages []loud) {
	t.Helper()
	out := t.TempDir()
	site := filepath.Join(out, "parts", "all")
	env := slices.Concat(compilers(t, "none"), backends(t, python), rust(t, python))
	ds := watched(t, out, env, verifytest.Python(t, python), pipInstall(site, packages)...)
	in := Input{Source: Dir(out), Python: archive.Python{Version: python, ABI: "cp" + strings.Replace(python, ".", "", 1), Platform: "linux_x86_64"}, Witnessed: true, Declared: ds}
	witnesses := map[string]string{}
	var want []string
	for _, p := range packages {
		for _, m := range p.modules {
			want, witnesses[m] = append(want, m), p.witness
		}
	}
	slices.Sort(want)
	if r := check(t, in); r.Err() != nil || !slices.Equal(unhashed(r.Compiled), want) {
		t.Fatalf("compiled %q: %v\n%s\n%s", modulesOf(r.Compiled), r.Err(), messages(r.Missing), messages(r.Foreign))
	}
	strip(t, site)
	r := check(t, in)
	if !slices.Equal(unhashed(r.Missing), want) {
		t.Fatalf("missing %q, want %q; declared %+v", modulesOf(r.Missing), want, ds)
	}
	for _, i := range r.Missing {
		if w := witnesses[unhashed([]Item{i})[0]]; !strings.HasPrefix(i.Witnesses[0], w) {
			t.Errorf("%s is known from %q", i.Module, i.Witnesses)
		}
	}
}

// unhashed are the modules' names, with % for what mypyc computes.
func unhashed(items []Item) []string {
	all := modulesOf(items)
	for i, m := range all {
		if strings.HasSuffix(m, "__mypyc") {
			all[i] = "%__mypyc"
		}
	}
	slices.Sort(all)
	return all
}

// refused: pip says of each package that it can't be built, with the compiler's line, and ends with an error.
func refused(t *testing.T, python, fault string, packages []loud) {
	t.Helper()
	planted := fault
	if fault == "source" {
		planted = ""
		for _, p := range packages {
			planted += p.source + " "
		}
	}
	cmd := exec.Command(verifytest.Python(t, python), pipInstall(t.TempDir(), packages)...)
	cmd.Env = append(slices.Concat(compilers(t, planted), backends(t, python), rust(t, python)), "PIP_DISABLE_PIP_VERSION_CHECK=1", pipCache(t))
	out, err := cmd.CombinedOutput()
	// meson keeps what a compiler said that it doesn't know for its own log.
	if err == nil || strings.Count(string(out), "planted: error")+strings.Count(string(out), "Unknown compiler") < len(packages) {
		t.Errorf("%v\n%s", err, out)
	}
	for _, p := range packages {
		if !strings.Contains(string(out), "Failed building wheel for "+p.name) && !strings.Contains(string(out), "metadata-generation-failed") {
			t.Errorf("pip doesn't say that %s failed:\n%s", p.name, out)
		}
	}
}

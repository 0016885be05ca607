package verify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
	"github.com/binary-buildout/binary-buildout/pack"
)

// optional is a real sdist that installs without its extensions when they don't compile.
type optional struct {
	requirement string
	modules     []string
	source      string   // the end of the path of one source of it
	lost        []string // the modules that are lost with that source
}

func single(requirement, module, source string) optional {
	return optional{requirement, []string{module}, source, []string{module}}
}

// optionals are for Python 3.11 and 3.13: C, generated and handwritten, in extensions that are marked
// as optional, in commands that forgive, and in a setup.py that hatchling runs (pymongo).
var optionals = []optional{
	single("markupsafe==3.0.4", "markupsafe._speedups", "markupsafe/_speedups.c"),
	single("simplejson==3.20.2", "simplejson._speedups", "simplejson/_speedups.c"),
	single("wrapt==2.5.2", "wrapt._wrappers", "_wrappers.c"),
	single("zope.interface==8.7", "zope.interface._zope_interface_coptimizations", "_zope_interface_coptimizations.c"),
	single("zope.proxy==7.3", "zope.proxy._zope_proxy_proxy", "_zope_proxy_proxy.c"),
	single("zope.hookable==8.4", "zope.hookable._zope_hookable", "_zope_hookable.c"),
	single("zope.i18nmessageid==8.4", "zope.i18nmessageid._zope_i18nmessageid_message", "_zope_i18nmessageid_message.c"),
	{"zope.security==8.4", []string{"zope.security._proxy", "zope.security._zope_security_checker"}, "zope/security/_proxy.c", []string{"zope.security._proxy"}},
	single("pyyaml==6.0.3", "yaml._yaml", "yaml/_yaml.c"),
	single("coverage==7.17.3", "coverage.tracer", "filedisp.c"),
	single("tornado==6.6.1", "tornado.speedups", "tornado/speedups.c"),
	single("websockets==17.4", "websockets.speedups", "websockets/speedups.c"),
	single("pyrsistent==0.20.0", "pvectorc", "pvectorcmodule.c"),
	{"pymongo==4.20.0", []string{"bson._cbson", "pymongo._cmessage"}, "_cmessagemodule.c", []string{"pymongo._cmessage"}},
	{"falcon==4.4.0", []string{"falcon.cyutil.misc", "falcon.cyutil.reader", "falcon.cyutil.uri"}, "cyutil/uri.c", []string{"falcon.cyutil.uri"}},
}

// olderOptionals are for Python 2.7 and 3.8.
var olderOptionals = []optional{
	single("markupsafe==1.1.1", "markupsafe._speedups", "markupsafe/_speedups.c"),
	single("simplejson==3.17.6", "simplejson._speedups", "simplejson/_speedups.c"),
	single("coverage==5.5", "coverage.tracer", "filedisp.c"),
	single("zope.hookable==5.4", "zope.hookable._zope_hookable", "_zope_hookable.c"),
}

// compiler fails as the variable FAULT says: always, for the sources in it, or when it links.
// It works without optimising, since the tests look at what is there and not at how fast it is.
const compiler = `#!/bin/sh
stop() { echo "planted: error: not today: $1" >&2; exit 1; }
case $FAULT in
always) stop "$*" ;;
link) for arg do [ "$arg" != -shared ] || stop "the link"; done ;;
*) for arg do
    case $arg in *.c|*.cpp) for source in $FAULT; do
        case $arg in *"$source") stop "$arg" ;; esac
    done ;; esac
done ;;
esac
case $0 in *c++) real=g++ ;; *) real=gcc ;; esac
exec $real "$@" -O0 -g0 -w -I'@INCLUDE@' -L'@LIB@'
`

// debs unpacks packages of the distribution, with what they depend on by names that begin with
// lib, into the cache: development packages that this machine needn't have.
func debs(t *testing.T, name string, packages ...string) string {
	t.Helper()
	root := filepath.Join(verifytest.Cache(t), name)
	if _, err := os.Stat(root); err == nil {
		return root
	}
	dir, err := os.MkdirTemp(filepath.Dir(root), "debs")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cmd := exec.Command("sh", "-c", `set -e
apt-get download -q "$@"
for f in *.deb; do dpkg -x "$f" root; done`, "sh")
	cmd.Args = append(cmd.Args, packages...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fetching %q from the distribution: %v\n%s", packages, err, out)
	}
	_ = os.Rename(filepath.Join(dir, "root"), root)
	return root
}

// compilers gives the environment of a build whose compiler has a fault.
func compilers(t *testing.T, fault string) []string {
	t.Helper()
	yaml := debs(t, "libyaml", "libyaml-dev", "libyaml-0-2")
	libs, _ := filepath.Glob(filepath.Join(yaml, "usr", "lib", "*-linux-gnu"))
	if len(libs) != 1 {
		t.Fatalf("libraries of libyaml in %q", libs)
	}
	dir := t.TempDir()
	text := strings.NewReplacer("@INCLUDE@", filepath.Join(yaml, "usr", "include"), "@LIB@", libs[0]).Replace(compiler)
	for _, name := range []string{"cc", "c++"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cc := filepath.Join(dir, "cc")
	return append(os.Environ(), "CC="+cc, "CXX="+filepath.Join(dir, "c++"), "LDSHARED="+cc+" -shared", "FAULT="+fault)
}

// backends are what the builds import, in the cache: pip's build isolation would install them again for each.
func backends(t *testing.T, python string) []string {
	t.Helper()
	dir := filepath.Join(verifytest.Cache(t), "backends-3-"+python)
	if _, err := os.Stat(dir); err != nil {
		tmp, err := os.MkdirTemp(filepath.Dir(debs(t, "libyaml", "libyaml-dev", "libyaml-0-2")), "backends")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(tmp)
		cmd := exec.Command(verifytest.Python(t, python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "--target", filepath.Join(tmp, "new"),
			"setuptools==82.0.1", "wheel==0.48.0", "cython==3.3.1", "hatchling==1.33.0", "hatch-requirements-txt", "scikit-build-core==1.1.2", "meson-python==0.22.1",
			"meson==1.12.1", "ninja==1.13.2", "cffi==2.1.1", "setuptools-scm==10.3.4", "zope.proxy==7.3")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("fetching build backends: %v\n%s", err, out)
		}
		_ = os.Rename(filepath.Join(tmp, "new"), dir)
	}
	return []string{"PYTHONPATH=" + dir, "PATH=" + filepath.Join(dir, "bin") + string(os.PathListSeparator) + os.Getenv("PATH")}
}

// TestAcceptance installs real packages with optional extensions from their sdists. pip ends with success
// each time; with a compiler that fails, each extension is missing by name, with the compiler's own line,
// and with one that works, none is. The faults are spread over the Pythons, for CI's time.
func TestAcceptance(t *testing.T) {
	if testing.Short() {
		t.Skip("builds sdists from PyPI")
	}
	for _, row := range []struct {
		python, version, abi string
		packages             []optional
		faults               []string
	}{
		{"3.13", "3.13.0", "cp313", optionals, []string{"always", "source", "none"}},
		{"3.11", "3.11.7", "cp311", optionals, []string{"link"}},
		{"3.8", "3.8.18", "cp38", olderOptionals, []string{"link", "none"}},
		{"2.7", "2.7.18", "cp27mu", olderOptionals, []string{"always", "none"}},
	} {
		var env []string
		if len(row.packages) == len(optionals) {
			env = backends(t, row.python)
		}
		for _, fault := range row.faults {
			t.Run(row.python+" "+fault, func(t *testing.T) {
				t.Parallel()
				py := pack.Python{Version: row.version, ABI: row.abi, Platform: "linux_x86_64"}
				accept(t, verifytest.Python(t, row.python), py, row.packages, fault, env)
			})
		}
	}
}

func accept(t *testing.T, python string, py pack.Python, packages []optional, fault string, env []string) {
	t.Helper()
	out, planted := t.TempDir(), fault
	// One directory for all, as site-packages is: old pips write no RECORD, and top_level.txt says whose a module is.
	site := filepath.Join(out, "parts", "all")
	var there, missing, sources []string
	args := []string{"-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-binary=:all:", "--target", site}
	for _, p := range packages {
		args, sources = append(args, p.requirement), append(sources, p.source)
		for _, m := range p.modules {
			if fault == "none" || fault == "source" && !slices.Contains(p.lost, m) {
				there = append(there, m)
			} else {
				missing = append(missing, m)
			}
		}
	}
	if fault == "source" {
		planted = strings.Join(sources, " ")
	}
	ds := watched(t, out, append(compilers(t, planted), env...), python, args...)
	r := check(t, Input{Source: Dir(out), Python: py, Witnessed: true, Declared: ds, SystemLibraries: []string{"libyaml-0.so.*"}})
	for _, l := range []struct {
		name string
		got  []Item
		want []string
	}{{"compiled", r.Compiled, there}, {"missing", r.Missing, missing}, {"foreign", r.Foreign, nil}} {
		got := modulesOf(l.got)
		slices.Sort(l.want)
		if !slices.Equal(got, l.want) {
			t.Errorf("%s: %q, want %q\n%s", l.name, got, l.want, messages(l.got))
		}
	}
	for _, i := range r.Missing {
		if !strings.Contains(strings.Join(i.Lines, "\n"), "planted: error") || i.Egg == "" || !strings.HasPrefix(i.Witnesses[0], "ext_modules of its build") {
			t.Errorf("%s of %q, known from %q: the compiler's lines are %q", i.Module, i.Egg, i.Witnesses, i.Lines)
		}
	}
}

func modulesOf(items []Item) []string {
	var all []string
	for _, i := range items {
		all = append(all, i.Module)
	}
	slices.Sort(all)
	return all
}

// strip takes away what else in an installed egg would name its extensions, and the extensions.
func strip(t *testing.T, root string) {
	t.Helper()
	for _, pattern := range []string{"*.dist-info/RECORD", "*.dist-info/WHEEL", "*/*.so", "*.so"} {
		found, _ := filepath.Glob(filepath.Join(root, "eggs", "all.egg", pattern))
		for _, f := range found {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// mesonProject is a project of meson-python's. The real ones are of C++, and take minutes to compile.
var mesonProject = tree{
	"pyproject.toml":   "[build-system]\nrequires = ['meson-python']\nbuild-backend = 'mesonpy'\n\n[project]\nname = 'demo'\nversion = '1.0'\n",
	"meson.build":      "project('demo', 'c', version: '1.0')\npy = import('python').find_installation(pure: false)\npy.install_sources('demo/__init__.py', subdir: 'demo')\npy.extension_module('_fast', 'fast.c', install: true, subdir: 'demo')\n",
	"demo/__init__.py": "",
	"fast.c":           "#include <Python.h>\n" + bothInits("_fast"),
}

// TestOtherBackends: what builds without ext_modules make and log. Those that work have nothing missing;
// then the egg loses its extensions and its RECORD, and the build's witness alone misses each.
func TestOtherBackends(t *testing.T) {
	if testing.Short() {
		t.Skip("builds sdists from PyPI")
	}
	env := backends(t, "3.13")
	for _, row := range []struct {
		requirement string
		fault       string
		modules     []string
		witness     string
	}{
		{mesonProject.write(t), "none", []string{"demo._fast"}, "the install plan of its build by meson"},
		{"argon2-cffi-bindings==26.2.0", "none", []string{"_argon2_cffi_bindings._ffi"}, "the module libraries of its build by CMake"},
		{"xattr==1.3.0", "none", []string{"xattr._lib"}, "ext_modules of its build by setuptools"},
		// It builds again without CMake, as scikit-build-core's if.failed has it, and is pure then.
		{"rapidfuzz==3.14.6", "always", []string{"_feature_detector_cpp", "_initialize_cpp", "fuzz_cpp", "fuzz_cpp_avx2", "fuzz_cpp_sse2", "metrics_cpp", "metrics_cpp_avx2",
			"metrics_cpp_sse2", "process_cpp_impl", "utils_cpp"}, "a source of its build, whose CMake failed"},
	} {
		t.Run(filepath.Base(row.requirement), func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			ds := watched(t, out, append(compilers(t, row.fault), env...), verifytest.Python(t, "3.13"), "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation",
				"--no-binary=:all:", "--target", filepath.Join(out, "eggs", "all.egg"), row.requirement)
			in := Input{Source: Dir(out), Python: linux313, Witnessed: true, Declared: ds}
			if row.fault == "none" {
				if r := check(t, in); r.Err() != nil || !slices.Equal(modulesOf(r.Compiled), row.modules) {
					t.Fatalf("compiled %q: %v", modulesOf(r.Compiled), r.Err())
				}
				strip(t, out)
			}
			r := check(t, in)
			if !slices.Equal(modulesOf(r.Missing), row.modules) {
				t.Fatalf("missing %q, want %q; declared %s", modulesOf(r.Missing), row.modules, fmt.Sprint(ds))
			}
			for _, i := range r.Missing {
				if !strings.HasPrefix(i.Witnesses[0], row.witness) {
					t.Errorf("%s is known from %q", i.Module, i.Witnesses)
				}
				if row.fault != "none" && !strings.Contains(strings.Join(i.Lines, "\n"), "planted: error") {
					t.Errorf("%s: lines %q", i.Module, i.Lines)
				}
			}
		})
	}
}

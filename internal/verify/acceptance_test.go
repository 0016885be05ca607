package verify

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// optional is a real sdist that installs without its extensions when they don't compile.
type optional struct {
	requirement string
	modules     []string
	source      string   // the end of the path of one source of it
	lost        []string // the modules that are lost with that source
	witness     string   // what its modules are known from, if not ext_modules
}

func single(requirement, module, source string) optional {
	return optional{requirement, []string{module}, source, []string{module}, ""}
}

// optionals are for Python 3.11 and 3.13: C, generated and handwritten, in extensions that are marked
// as optional, in commands that forgive, in a setup.py that hatchling runs (pymongo), in a script that
// poetry runs (fnv-hash-fast), and Rust by setuptools-rust (dulwich).
var optionals = []optional{
	single("markupsafe==3.0.4", "markupsafe._speedups", "markupsafe/_speedups.c"),
	single("simplejson==3.20.2", "simplejson._speedups", "simplejson/_speedups.c"),
	single("wrapt==2.5.2", "wrapt._wrappers", "_wrappers.c"),
	single("zope.interface==8.7", "zope.interface._zope_interface_coptimizations", "_zope_interface_coptimizations.c"),
	single("fnv-hash-fast==2.0.3", "fnv_hash_fast._fnv_impl", "_fnv_impl.c"),
	single("zope.hookable==8.4", "zope.hookable._zope_hookable", "_zope_hookable.c"),
	{"zope.security==8.4", []string{"zope.security._proxy", "zope.security._zope_security_checker"}, "zope/security/_proxy.c", []string{"zope.security._proxy"}, ""},
	single("pyyaml==6.0.3", "yaml._yaml", "yaml/_yaml.c"),
	single("websockets==17.4", "websockets.speedups", "websockets/speedups.c"),
	single("pyrsistent==0.20.0", "pvectorc", "pvectorcmodule.c"),
	{"pymongo==4.20.0", []string{"bson._cbson", "pymongo._cmessage"}, "_cmessagemodule.c", []string{"pymongo._cmessage"}, ""},
	{"dulwich==1.2.21", []string{"dulwich._diff_tree", "dulwich._objects", "dulwich._pack"}, "crates/pack/src/lib.rs", []string{"dulwich._pack"}, ""},
}

// withoutCMake builds again without CMake where that fails, as scikit-build-core's if.failed has it, and is pure then.
// It is of C++ that takes minutes to compile, so it is there for the compiler that always fails alone.
var withoutCMake = optional{"rapidfuzz==3.14.6", []string{"_feature_detector_cpp", "_initialize_cpp", "fuzz_cpp", "fuzz_cpp_avx2", "fuzz_cpp_sse2", "metrics_cpp", "metrics_cpp_avx2",
	"metrics_cpp_sse2", "process_cpp_impl", "utils_cpp"}, "", nil, "a source of its build, whose CMake failed"}

// olderOptionals are for Python 2.7 and 3.8.
var olderOptionals = []optional{
	single("markupsafe==1.1.1", "markupsafe._speedups", "markupsafe/_speedups.c"),
	single("simplejson==3.17.6", "simplejson._speedups", "simplejson/_speedups.c"),
	single("coverage==5.5", "coverage.tracer", "filedisp.c"),
	single("zope.hookable==5.4", "zope.hookable._zope_hookable", "_zope_hookable.c"),
}

// faults are what becomes of a compiler. The one that works comes first: the others find what it compiled in the cache.
var faults = []string{"none", "source", "link", "always"}

// TestAcceptance installs real packages with optional extensions from their sdists. pip ends with success
// each time; with a compiler that fails, each extension is missing by name, with the compiler's own line,
// and with one that works, none is: each package with each fault on each of its Pythons.
func TestAcceptance(t *testing.T) {
	if testing.Short() {
		t.Skip("builds sdists from PyPI")
	}
	for _, row := range []struct {
		python, version, abi string
		packages             []optional
	}{
		{"3.13", "3.13.0", "cp313", optionals},
		{"3.11", "3.11.7", "cp311", optionals},
		{"3.8", "3.8.18", "cp38", olderOptionals},
		{"2.7", "2.7.18", "cp27mu", olderOptionals},
	} {
		t.Run(row.python, func(t *testing.T) {
			t.Parallel()
			for _, fault := range faults {
				t.Run(fault, func(t *testing.T) {
					packages, env := row.packages, []string(nil)
					if len(packages) == len(optionals) {
						env = slices.Concat(backends(t, row.python), rust(t, row.python))
						if fault == "always" {
							packages = append(packages[:len(packages):len(packages)], withoutCMake)
						}
					}
					accept(t, verifytest.Python(t, row.python), archive.Python{Version: row.version, ABI: row.abi, Platform: "linux_x86_64"}, packages, fault, env)
				})
			}
		})
	}
}

func accept(t *testing.T, python string, py archive.Python, packages []optional, fault string, env []string) {
	t.Helper()
	out, planted := t.TempDir(), fault
	// One directory for all, as site-packages is: old pips write no RECORD, and top_level.txt says whose a module is.
	site := filepath.Join(out, "parts", "all")
	var there, missing, sources []string
	witnesses := map[string]string{}
	args := []string{"-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-binary=:all:", "--target", site}
	for _, p := range packages {
		args, sources = append(args, p.requirement), append(sources, p.source)
		for _, m := range p.modules {
			witnesses[m] = orDefault(p.witness, "ext_modules of its build")
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
		if !strings.Contains(strings.Join(i.Lines, "\n"), "planted: error") || i.Egg == "" || !strings.HasPrefix(i.Witnesses[0], witnesses[i.Module]) {
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

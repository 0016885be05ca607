package verify

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

const suffix = ".cpython-313-x86_64-linux-gnu.so"

var (
	python313t = archive.Python{Version: "3.13.0", ABI: "cp313t", Platform: "linux_x86_64", Bits: 64, Libc: "glibc"}
	python315  = archive.Python{Version: "3.15.0", ABI: "cp315", Platform: "linux_x86_64", Bits: 64, Libc: "glibc"}
	python315t = archive.Python{Version: "3.15.0", ABI: "cp315t", Platform: "linux_x86_64", Bits: 64, Libc: "glibc"}
)

// TestFindings: each row is a tree with one fault, and the words that name it.
func TestFindings(t *testing.T) {
	good := extension313(t, "_x", "")
	dep := gcc(t, "int dep(void){return 1;}", "-Wl,-soname,libdep.so.1")
	needs := func(args ...string) string {
		// A stub of the library to link against: the tree's own has the same name.
		dir := t.TempDir()
		gccTo(t, dir+"/libdep.so.1", "int dep(void){return 1;}", "-Wl,-soname,libdep.so.1")
		return extension313(t, "_x", "extern int dep(void); dep()", append([]string{dir + "/libdep.so.1"}, args...)...)
	}
	wheel := func(files tree) tree {
		return tree{"eggs/demo-1.0-py3.13.egg/EGG-INFO/PKG-INFO": "Name: demo\nVersion: 1.0\n\n",
			"eggs/demo-1.0-py3.13.egg/EGG-INFO/WHEEL": "Root-Is-Purelib: false\nTag: cp313-cp313-linux_x86_64\n"}.with(files)
	}
	for _, row := range []struct {
		name    string
		in      Input
		missing string // words of the only finding; empty is none
		foreign string
		warning string
	}{
		{name: "good", in: Input{Source: egg313(tree{"demo/_x" + suffix: good})}},
		{name: "truncated", in: Input{Source: egg313(tree{"demo/_x" + suffix: good[:len(good)/2]})}, foreign: "ends before"},
		{name: "empty", in: Input{Source: egg313(tree{"demo/_x" + suffix: ""})}, foreign: "empty"},
		{name: "nothing but zeros", in: Input{Source: egg313(tree{"demo/_x" + suffix: strings.Repeat("\x00", 4096)})}, foreign: "isn't one"},
		{name: "text", in: Input{Source: egg313(tree{"demo/_x" + suffix: "hello\n"})}, foreign: "isn't one"},
		{name: "linker script", in: Input{Source: tree{"parts/x/lib/libc.so": "/* GNU ld script */\nGROUP ( libc.so.6 )\n"}}},
		{name: "another architecture", in: Input{Source: egg313(tree{"demo/_speedups" + suffix: fromWheel(t, "markupsafe==3.0.4", "linux-aarch64", "_speedups*.so")})}, foreign: "aarch64"},
		{name: "another format", in: Input{Source: egg313(tree{"demo/_speedups" + suffix: fromWheel(t, "markupsafe==3.0.4", "win_amd64", "_speedups*.pyd")})}, foreign: "PE file"},
		{name: "no slice", in: Input{Python: python313("macosx_11_0_arm64", ""), Source: egg313(tree{"demo/_cffi_backend.cpython-313-darwin.so": fromWheel(t, "cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so")})}, foreign: "x86_64"},
		{name: "fat without our slice", in: Input{Python: python313("macosx_11_0_arm64", ""), Source: egg313(tree{"demo/_cffi_backend.cpython-313-darwin.so": fat(fromWheel(t, "cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so"))})}, foreign: "x86_64"},
		{name: "fat with our slice", in: Input{Python: python313("macosx_11_0_x86_64", ""), Source: egg313(tree{"demo/_cffi_backend.cpython-313-darwin.so": fat(fromWheel(t, "cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so"))})}},
		{name: "half of universal2", in: Input{Python: python313("macosx_11_0_universal2", ""), Source: egg313(tree{"demo/_cffi_backend.cpython-313-darwin.so": fromWheel(t, "cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so")})}, foreign: "a slice for x86_64 only"},
		{name: "another Python", in: Input{Source: egg313(tree{"demo/_x.cpython-312-x86_64-linux-gnu.so": good})}, foreign: "for cp312"},
		{name: "free-threaded", in: Input{Source: egg313(tree{"demo/_x.cpython-313t-x86_64-linux-gnu.so": good})}, foreign: "for cp313t"},
		{name: "another Python too", in: Input{Source: egg313(tree{"demo/_x.cpython-312-x86_64-linux-gnu.so": good, "demo/_x" + suffix: good})}},
		{name: "another name", in: Input{Source: egg313(tree{"demo/_y" + suffix: good})}, foreign: "no PyInit__y"},
		{name: "Python 2", in: Input{Source: egg313(tree{"demo/_x.so": gcc(t, "void init_x(void){}")})}, foreign: "for Python 2"},
		{name: "static libpython", in: Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-D_PyRuntime=_PyRuntime_", "-Wl,--defsym,_PyRuntime=PyInit__x")})}, foreign: "whole Python"},
		{name: "outside abi3", in: Input{Source: egg313(tree{"demo/_x.abi3.so": extension313(t, "_x", "extern void _PyPrivate_Thing(void); _PyPrivate_Thing()")})}, foreign: "_PyPrivate_Thing"},
		{name: "newer abi3", in: Input{Source: egg313(tree{"demo/_x.abi3.so": extension313(t, "_x", "extern void PyABIInfo_Check(void); PyABIInfo_Check()")})}, foreign: "Python 3.15 or newer"},
		{name: "abi3", in: Input{Source: egg313(tree{"demo/_x.abi3.so": good})}},

		{name: "abi3 where threads are free", in: Input{Python: python315t, Source: egg313(tree{"demo/_x.abi3.so": good})}, foreign: "loads no abi3"},
		{name: "abi3t where threads are free", in: Input{Python: python315t, Source: egg313(tree{"demo/_x.abi3t.so": gcc(t, "int PyModExport__x(void){return 0;}")})}},
		{name: "abi3t where they aren't", in: Input{Python: python315, Source: egg313(tree{"demo/_x.abi3t.so": gcc(t, "int PyModExport__x(void){return 0;}")})}},
		{name: "abi3t too early", in: Input{Source: egg313(tree{"demo/_x.abi3t.so": gcc(t, "int PyModExport__x(void){return 0;}")})}, foreign: "it is for abi3t, and there is none for cp313"},
		{name: "abi3t with a platform", in: Input{Python: python315t, Source: egg313(tree{"demo/_x.abi3t-x86_64-linux-gnu.so": gcc(t, "int PyModExport__x(void){return 0;}")})}},
		{name: "abi3 with a platform", in: Input{Python: python315, Source: egg313(tree{"demo/_x.abi3-x86_64-linux-gnu.so": good})}},
		{name: "abi3 with a platform too early", in: Input{Source: egg313(tree{"demo/_x.abi3-x86_64-linux-gnu.so": good})}, foreign: "it is for abi3 by a name that Python 3.15 and newer look for, and there is none for cp313"},
		{name: "abi3 with a platform declared", in: Input{Python: python315, Witnessed: true, Declared: []Declaration{{Project: "Demo", Version: "1.0", Modules: []string{"demo._x"}}}, Source: egg313(tree{"demo/_x.abi3-x86_64-linux-gnu.so": good})}},
		{name: "abi3 with a platform where threads are free", in: Input{Python: python315t, Source: egg313(tree{"demo/_x.abi3-x86_64-linux-gnu.so": good})}, foreign: "loads no abi3"},
		{name: "PyO3's submodules", in: Input{Python: python315t, Source: egg313(tree{"src/lib.rs": "#[pymodule]\nmod _rust {\n#[pymodule]\nmod asn1 {}\n}\n",
			"_rust.abi3t.so": gcc(t, "int PyModExport_asn1(void){return 0;} int PyModExport__rust(void){return 0;}")})}},
		{name: "PyO3's submodules without the entry", in: Input{Python: python315t, Source: egg313(tree{"_rust.abi3t.so": gcc(t, "int PyModExport_asn1(void){return 0;}")})}, foreign: "no PyInit__rust"},
		{name: "source that exports", in: Input{Python: python315, Source: egg313(tree{"demo/_y.c": "#include <Python.h>\nPyMODEXPORT_FUNC PyModExport__y(void) { return slots; }\n"})}, missing: "demo._y: eggs/demo-1.0-py3.13.egg/demo/_y.c defines"},
		{name: "outside abi3t", in: Input{Python: python315t, Source: egg313(tree{"demo/_x.abi3t.so": extension313(t, "_x", "extern void _PyPrivate_Thing(void); _PyPrivate_Thing()")})}, foreign: "_PyPrivate_Thing"},
		{name: "PyModExport too early", in: Input{Source: egg313(tree{"demo/_x" + suffix: gcc(t, "int PyModExport__x(void){return 0;}")})}, foreign: "no PyInit__x"},
		{name: "free-threaded 3.13", in: Input{Python: python313t, Source: egg313(tree{"demo/_x.cpython-313t-x86_64-linux-gnu.so": good})}},
		{name: "GIL where threads are free", in: Input{Python: python313t, Source: egg313(tree{"demo/_x" + suffix: good})}, foreign: "for cp313, and there is none for cp313t"},

		{name: "no library", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs()})}, foreign: "libdep.so.1, which is neither"},
		{name: "library out of sight", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs()}).with(tree{"parts/dep/lib/libdep.so.1": dep})}, foreign: "where the loader doesn't look"},
		{name: "library of another egg", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs()}).with(tree{"eggs/dep-1.0-py3.13.egg/EGG-INFO/PKG-INFO": "Name: dep\nVersion: 1.0\n\n", "eggs/dep-1.0-py3.13.egg/dep/libdep.so.1": dep})}, foreign: "is in another egg"},
		{name: "library by RUNPATH", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs("-Wl,-rpath,$ORIGIN/../../../parts/dep/lib")}).with(tree{"parts/dep/lib/libdep.so.1": dep})}},
		{name: "library by link", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs("-Wl,-rpath,$ORIGIN/../../../parts/dep/lib64")}).with(tree{"parts/dep/lib/libdep.so.1.2": dep, "parts/dep/lib/libdep.so.1": "-> libdep.so.1.2", "parts/dep/lib64": "-> lib"})}},
		{name: "library by the stage's path", in: Input{Roots: []string{"/stage/x"}, Source: egg313(tree{"demo/_x" + suffix: needs("-Wl,-rpath,/stage/x/parts/dep/lib")}).with(tree{"parts/dep/lib/libdep.so.1": dep})}},
		{name: "library by the host's luck", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs("-Wl,-rpath,/stage/x/parts/dep/lib")}).with(tree{"parts/dep/lib/libdep.so.1": dep})}, foreign: "doesn't look"},
		{name: "library of another architecture", in: Input{Source: egg313(tree{"demo/_x" + suffix: needs("-Wl,-rpath,$ORIGIN")}).with(tree{"eggs/demo-1.0-py3.13.egg/demo/libdep.so.1": fromWheel(t, "markupsafe==3.0.4", "linux-aarch64", "_speedups*.so")})}, foreign: "libdep.so.1"},
		{name: "library allowed", in: Input{SystemLibraries: []string{"libdep.so.*"}, Source: egg313(tree{"demo/_x" + suffix: needs()})}},
		{name: "libpython", in: Input{Relocated: true, Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,--no-as-needed", stub(t, "libpython3.13.so.1.0"))})}, foreign: "libpython3.13.so.1.0"},
		{name: "libpython before relocation", in: Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,--no-as-needed", stub(t, "libpython3.13.so.1.0"))})}, warning: "libpython3.13.so.1.0"},
		{name: "libpython of one that only exports", in: Input{Relocated: true, Python: python315, Source: egg313(tree{"demo/_x.so": gcc(t, "int PyModExport__x(void){return 0;}", "-Wl,--no-as-needed", stub(t, "libpython3.15.so.1.0"))})}, foreign: "libpython3.15.so.1.0"},
		{name: "libpython of one that only exports, before relocation", in: Input{Python: python315, Source: egg313(tree{"demo/_x.so": gcc(t, "int PyModExport__x(void){return 0;}", "-Wl,--no-as-needed", stub(t, "libpython3.15.so.1.0"))})}, warning: "libpython3.15.so.1.0"},
		{name: "another libpython", in: Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,--no-as-needed", stub(t, "libpython3.12.so.1.0"))})}, foreign: "another Python's"},

		{name: "floor", in: Input{Floor: "glibc 2.2.1", Source: egg313(tree{"demo/_x" + suffix: good + ""}).with(tree{"parts/p/p.so": gcc(t, "#include <stdio.h>\nint p(){return puts(\"\");}")})}, foreign: "allows no more than 2.2.1"},
		{name: "floor of macOS", in: Input{Floor: "macos 10.14", Python: python313("macosx_11_0_x86_64", ""), Source: egg313(tree{"demo/_cffi_backend.cpython-313-darwin.so": fromWheel(t, "cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so")})}, foreign: "needs macos 10.15; the floor asked for allows no more than 10.14"},
		{name: "floor of musl", in: Input{Floor: "musl 1.1", Python: python313("musllinux_1_2_x86_64", "musl"), Source: egg313(tree{"demo/_x.cpython-313-x86_64-linux-musl.so": fromWheel(t, "pillow==13.0.0", "musl-x86_64", "libzstd*.so*")})}, foreign: "allows no more than 1.1"},
		{name: "floor kept", in: Input{Floor: "2.99", Source: egg313(tree{"demo/_x" + suffix: good})}},
		{name: "platform broken", in: Input{Platform: "manylinux_2_28_x86_64", Source: tree{"parts/p/p.so": gcc(t, "#include <stdlib.h>\nint p(char*a){return strtol(a,0,0)+atexit(0);}", "-D_ISOC23_SOURCE", "-Wl,--defsym,zz=0", newGlibc(t))}}, foreign: "needs glibc 2.99"},

		{name: "zlib's inner symbol", in: Input{Platform: "manylinux_2_28_x86_64", Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "extern void inflate_fast(void); inflate_fast()", "-Wl,--no-as-needed", stub(t, "libz.so.1"))})}, foreign: "it needs inflate_fast of libz.so.1, which manylinux_2_28 doesn't promise"},
		{name: "zlib's inner symbol on this system", in: Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "extern void inflate_fast(void); inflate_fast()", "-Wl,--no-as-needed", stub(t, "libz.so.1"))})}},
		{name: "processor", in: Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,-z,x86-64-v3")})}, warning: "a processor of x86-64-v3"},

		{name: "declared", in: Input{Witnessed: true, Declared: []Declaration{{Project: "Demo", Version: "1.0", Backend: "setuptools", Modules: []string{"demo._x", "demo._y"}, Errors: []BuildError{{Module: "demo._y", Lines: []string{"y.c:1: fatal error: yaml.h: No such file or directory"}}}}}, Source: egg313(tree{"demo/_x" + suffix: good})}, missing: "demo._y: its build declares it"},
		{name: "declared of another egg", in: Input{Witnessed: true, Declared: []Declaration{{Project: "other", Version: "1.0", Modules: []string{"other._y"}}}, Source: egg313(tree{"demo/_x" + suffix: good})}},
		{name: "declared by a build script under another name", in: Input{Witnessed: true, Declared: []Declaration{{Project: "extended", Version: "0.1", Outer: "demo", Modules: []string{"demo._y"}}}, Source: egg313(tree{"demo/_x" + suffix: good})}, missing: "demo._y: its build declares it"},
		{name: "declared before the tag", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "0.9.00", Modules: []string{"demo._y"}}}, Source: egg313(tree{"EGG-INFO/PKG-INFO": "Name: demo\nVersion: 0.9.dev0\n\n"})}, missing: "demo._y: its build declares it"},
		{name: "declared of another version", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0.1", Modules: []string{"demo._y"}}}, Source: egg313(nil)}},
		{name: "declared for CMake", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo"}, Sources: map[string][]string{"demo": {}}}}, Source: egg313(tree{"demo/_x" + suffix: good})}},
		{name: "declared for CMake, which made none", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._y"}, Sources: map[string][]string{"demo._y": {}}}}, Source: egg313(nil)}, missing: "demo._y: its build declares it"},
		{name: "declared none of its sources", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Unbuilt: []string{"_y"}}}, Source: egg313(nil)}, warning: "_y: its sources define this module"},
		{name: "lost by a compiler that was tried", in: Input{Witnessed: true, Declared: lossy("/b/demo"), Compiles: []Compile{{Argv: []string{"cc", "-c", "probe.c"}, Cwd: "/b/demo/sub", Exit: 1}}, Source: egg313(nil)}, missing: "_y: its sources define it; its build tried a compiler (cc -c probe.c)"},
		{name: "lost by a compiler that was tried elsewhere", in: Input{Witnessed: true, Declared: lossy("/b/demo"), Compiles: []Compile{{Argv: []string{"cc", "--version"}, Cwd: "/tmp/x", Build: "/b/demo", Exit: 127}}, Source: egg313(nil)}, missing: "_y: its sources define it; its build tried a compiler (cc --version)"},
		{name: "a compiler that failed for another", in: Input{Witnessed: true, Declared: lossy("/b/demo"), Compiles: []Compile{{Argv: []string{"cc", "-c", "probe.c"}, Cwd: "/b/demo2", Exit: 1}}, Source: egg313(nil)}, warning: "_y: its sources define this module"},
		{name: "a probe of what compiles nothing", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Directory: "/b/demo", Looked: true}}, Compiles: []Compile{{Argv: []string{"cc", "-c", "probe.c"}, Cwd: "/b/demo", Exit: 1}}, Source: egg313(nil)}},
		{name: "the index's wheel has it", in: Input{Witnessed: true, Declared: lossy("/b/demo"), IndexWheel: hasWheel, Source: egg313(nil)}, missing: "demo._y: the index's wheel of 1.0 has demo/_y"},
		{name: "the index's wheel has one more", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._x"}, Unbuilt: []string{"_y", "_z"}, Looked: true}}, IndexWheel: hasWheel, Source: egg313(tree{"demo/_x" + suffix: good})}, missing: "demo._y: the index's wheel of 1.0 has demo/_y"},
		{name: "sources that the index's wheel has no module of", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._x"}, Unbuilt: []string{"_z"}, Looked: true}}, IndexWheel: hasWheel, Source: egg313(tree{"demo/_x" + suffix: good})}},
		{name: "a package's own __init__", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"_x.__init__"}}}, Source: egg313(tree{"_x/__init__" + suffix: good})}},
		{name: "a package's own __init__, gone", in: Input{Witnessed: true, Declared: []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo.__init__"}}}, Source: egg313(nil)}, missing: "demo: its build declares it"},
		{name: "source", in: Input{Source: egg313(tree{"demo/_y.c": module("_y", "")})}, missing: "demo._y: eggs/demo-1.0-py3.13.egg/demo/_y.c defines"},
		{name: "Rust source", in: Input{Source: egg313(tree{"src/lib.rs": "#[pymodule]\n#[pyo3(name = \"_rust\")]\nfn rust(m: &Bound<PyModule>) {}"})}, missing: "src._rust"},
		{name: "source in tests", in: Input{Source: egg313(tree{"demo/tests/_y.c": module("_y", "")})}},
		{name: "source with its module", in: Input{Source: egg313(tree{"demo/other.c": module("_x", ""), "demo/_x" + suffix: good})}},
		{name: "source list", in: Input{Source: egg313(tree{"EGG-INFO/SOURCES.txt": "setup.py\nsrc/demo/_speed.c\n"})}, missing: "demo._speed"},
		{name: "native_libs", in: Input{Source: egg313(tree{"EGG-INFO/native_libs.txt": "demo/_x" + suffix + "\n"})}, missing: "demo._x"},
		{name: "RECORD", in: Input{Source: wheel(tree{"eggs/demo-1.0-py3.13.egg/demo/_x" + suffix: good, "eggs/demo-1.0-py3.13.egg/EGG-INFO/RECORD": "demo/_x" + suffix + ",,\ndemo/_z" + suffix + ",,\n"})}, missing: "demo._z"},
		{name: "tag", in: Input{Source: wheel(nil)}, missing: "tagged cp313-cp313-linux_x86_64"},
		{name: "tag of a program", in: Input{Source: wheel(tree{"eggs/demo-1.0-py3.13.egg/EGG-INFO/RECORD": "../../bin/demo,,\n"})}, missing: "it is tagged cp313-cp313-linux_x86_64 and holds nothing compiled: its wheel brings the program demo, and zc.buildout keeps"},
		{name: "programs", in: Input{Source: wheel(tree{"eggs/demo-1.0-py3.13.egg/demo/_x" + suffix: good, "eggs/demo-1.0-py3.13.egg/EGG-INFO/RECORD": "../../bin/demo,,\n../../bin/democtl,,\n"})}, warning: "its wheel brings the programs demo, democtl, and zc.buildout"},
		{name: "scripts of entry points", in: Input{Source: wheel(tree{"eggs/demo-1.0-py3.13.egg/demo/_x" + suffix: good, "eggs/demo-1.0-py3.13.egg/EGG-INFO/RECORD": "../../bin/demo,,\n", "eggs/demo-1.0-py3.13.egg/EGG-INFO/entry_points.txt": "[console_scripts]\ndemo = demo:main\n"})}},
		{name: "expect", in: Input{Expect: []string{"demo._x", "lxml.etree"}, Source: egg313(tree{"demo/_x" + suffix: good})}, missing: "lxml.etree: expect"},
		{name: "compiler", in: Input{Compiles: []Compile{{Argv: []string{"cc", "-c", "demo/_q.c", "-o", "q.o"}, Cwd: "/tmp/pip-install-1/demo_0123456789abcdef0123456789abcdef", Exit: 1, Stderr: "demo/_q.c:1: error: no\n"}}, Source: egg313(nil)}, missing: "_q: compiling demo/_q.c failed"},
		{name: "compiler of CMake", in: Input{Compiles: []Compile{{Argv: []string{"cc", "-c", "/tmp/pip-install-1/demo_0123456789abcdef0123456789abcdef/src/_q.c", "-o", "q.o"}, Cwd: "/tmp/tmpx/build", Exit: 1, Stderr: "_q.c:1: error: no\n"}}, Source: egg313(nil)}, missing: "_q: compiling /tmp/pip-install-1"},
		{name: "configure", in: Input{Compiles: []Compile{{Argv: []string{"cc", "-c", "conftest.c"}, Cwd: "/tmp/demo-1.0", Exit: 1}}, Source: egg313(nil)}},
		{name: "part", in: Input{Roots: []string{"/stage"}, Parts: []Part{{Name: "custom", Recipe: "zc.recipe.egg:custom", Installed: []string{"/stage/develop-eggs/gone.egg", "/stage/eggs"}}}, Source: egg313(nil)}, missing: "part custom"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := check(t, row.in)
			for _, w := range []struct{ name, got, want string }{{"missing", messages(r.Missing), row.missing}, {"foreign", messages(r.Foreign), row.foreign}, {"warnings", messages(r.Warnings), row.warning}} {
				if w.want == "" && w.got != "" || !strings.Contains(w.got, w.want) {
					t.Errorf("%s: want %q, got %q", w.name, w.want, w.got)
				}
			}
			for _, i := range append(r.Missing, r.Foreign...) {
				for _, p := range i.Problems {
					if p.Hint == "" {
						t.Errorf("%q has no hint", p.Message)
					}
				}
			}
		})
	}
}

// fat puts a thin Mach-O file of x86_64 into a fat one, as lipo does.
func fat(thin string) string {
	be := binary.BigEndian
	head := make([]byte, 4096)
	for i, v := range []uint32{0xcafebabe, 1, 0x01000007, 3, uint32(len(head)), uint32(len(thin)), 12} {
		be.PutUint32(head[4*i:], v)
	}
	return string(head) + thin
}

func TestWaive(t *testing.T) {
	declared := []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._y"}}}
	for _, w := range []string{"demo", "demo._y", "*._y", "demo:demo._y", "demo:*"} {
		r := check(t, Input{Source: egg313(nil), Witnessed: true, Declared: declared, Waive: []string{w}})
		if len(r.Missing) != 0 || len(r.Waived) != 1 || r.Err() != nil {
			t.Errorf("%s: missing %v, waived %v", w, r.Missing, r.Waived)
		}
	}
	r := check(t, Input{Source: egg313(nil), Witnessed: true, Declared: declared, Waive: []string{"other"}})
	if len(r.Missing) != 1 || !strings.Contains(messages(r.Warnings), "waives nothing") {
		t.Errorf("missing %v, warnings %v", r.Missing, r.Warnings)
	}
}

func TestHints(t *testing.T) {
	declared := []Declaration{{Project: "demo", Version: "1.0", Modules: []string{"demo._y"}, Errors: []BuildError{{Module: "_y", Lines: []string{"y.c:1:10: fatal error: ldap.h: No such file or directory"}}}}}
	r := check(t, Input{Source: egg313(nil), Witnessed: true, Declared: declared})
	if h := r.Missing[0].Problems[0].Hint; !strings.Contains(h, "apt-get install -y libldap-dev (dnf: openldap-devel, apk: openldap-dev, brew: openldap)") || !strings.Contains(h, "waive = demo:demo._y") {
		t.Error(h)
	}
	r = check(t, Input{Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,--no-as-needed", stub(t, "libldap-2.5.so.0"))})})
	if h := r.Foreign[0].Problems[0].Hint; !strings.Contains(h, "system-libraries = libldap-2.5.so.0") || !strings.Contains(h, "libldap-2.5-0 (Debian 12") {
		t.Error(h)
	}
	r = check(t, Input{SystemLibraries: []string{"libldap*"}, Source: egg313(tree{"demo/_x" + suffix: extension313(t, "_x", "", "-Wl,--no-as-needed", stub(t, "libldap-2.5.so.0"))})})
	if len(r.SystemLibraries) != 1 || r.SystemLibraries[0].Name != "libldap-2.5.so.0" || r.SystemLibraries[0].Package == "" {
		t.Errorf("%+v", r.SystemLibraries)
	}
}

func TestTarget(t *testing.T) {
	for platform, want := range map[string]string{
		"manylinux_2_28_x86_64": "linux x86_64 glibc 2.28", "manylinux2014_aarch64": "linux aarch64 glibc 2.17", "musllinux_1_2_x86_64": "linux x86_64 musl 1.2",
		"linux_i686": "linux i686 glibc ", "macosx_11_0_arm64": "macos aarch64  11.0", "win_amd64": "windows x86_64  ", "win32": "windows i686  ", "linux-x86_64": "linux x86_64 glibc ",
	} {
		tg, err := newTarget(archive.Python{ABI: "cp313"}, platform)
		if got := strings.Join([]string{tg.os, tg.arch, tg.libc, tg.floor}, " "); err != nil || got != want {
			t.Errorf("%s: %q, %v", platform, got, err)
		}
	}
	if _, err := newTarget(archive.Python{ABI: "cp313"}, "beos"); err == nil {
		t.Error("no error")
	}
}

// lossy is a build in a directory that declared nothing of what its sources define.
func lossy(directory string) []Declaration {
	return []Declaration{{Project: "demo", Version: "1.0", Directory: directory, Unbuilt: []string{"_y"}, Looked: true}}
}

// hasWheel is an index that has a wheel of demo 1.0 alone.
func hasWheel(project, version string) []string {
	if project != "demo" || version != "1.0" {
		return nil
	}
	return []string{"demo/_x.cpython-313-x86_64-linux-gnu.so", "demo/_y.cpython-313-x86_64-linux-gnu.so"}
}

package pack

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// gcc compiles a source within a tree, with debug information as autoconf's default asks for.
func gcc(t *testing.T, root, source, out string, args ...string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("ELF is made on Linux")
	}
	check(t, os.MkdirAll(filepath.Join(root, "src"), 0o755))
	check(t, os.MkdirAll(filepath.Join(root, filepath.Dir(out)), 0o755))
	check(t, os.WriteFile(filepath.Join(root, "src", "x.c"), []byte(source), 0o644))
	testtool.Compiler(t)
	cmd := exec.Command(testtool.Program(t, "gcc"), append([]string{"-g", "-O0", "-fPIC", filepath.Join(root, "src", "x.c"), "-o", filepath.Join(root, out)}, args...)...)
	cmd.Dir = root
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("install gcc: %v: %s", err, b)
	}
	check(t, os.RemoveAll(filepath.Join(root, "src")))
}

// longRoot is a root as long as a stage's.
func longRoot(t *testing.T) string {
	root := filepath.Join(t.TempDir(), "stage-"+strings.Repeat("x", 40))
	check(t, os.MkdirAll(root, 0o755))
	return root
}

func item(list []Item, p string) (Item, bool) {
	for _, it := range list {
		if it.Path == p {
			return it, true
		}
	}
	return Item{}, false
}

func TestDebugInformationIsInert(t *testing.T) {
	root := longRoot(t)
	gcc(t, root, "int f(int x) { return x + 1; }\n", "eggs/x.egg/x.so", "-shared", "-fdebug-prefix-map=/nothing="+testPrefix)
	raw, err := os.ReadFile(filepath.Join(root, "eggs/x.egg/x.so"))
	check(t, err)
	if !bytes.Contains(raw, []byte(root)) {
		t.Fatal("the compiler left no path in debug information")
	}
	a, rep := relocateTree(t, root, testOrigin(root))
	check(t, rep.Err())
	it, ok := item(rep.Relocated, "eggs/x.egg/x.so")
	if !ok || it.Class != ClassInert || len(a.Relocations) != 0 {
		t.Fatalf("%+v, %+v", rep, a.Relocations)
	}
	got := content(t, a, "eggs/x.egg/x.so")
	if strings.Contains(got, root) || len(got) != len(raw) {
		t.Error("the path is still there, or the length changed")
	}
	f, err := elf.NewFile(strings.NewReader(got))
	check(t, err)
	d, err := f.DWARF()
	check(t, err)
	if _, err := d.Reader().Next(); err != nil {
		t.Error(err)
	}
}

const paths = `
#include <stdio.h>
const char *prefix(void) { return "%[1]s/parts/x"; }
const char *args(void) { return "--prefix=%[1]s/parts/x --conf=%[1]s/etc/x.conf -O2"; }
const char *tail(void) { return "/parts/x"; }
const char *sibling(void) { return "%[1]s2/parts"; }
int main(void) { printf("%%s|%%s|%%s\n", prefix(), args(), tail()); return 0; }
`

// relocate does to CStrings what bootstrap.py does.
func relocateStrings(t *testing.T, data []byte, list []archive.CString, root string) {
	t.Helper()
	for _, c := range list {
		if string(data[c.Offset:c.Offset+int64(len(c.Old))]) != c.Old {
			t.Fatalf("%+v is not there", c)
		}
		if len(root) > c.Prefix {
			t.Fatal("the root is too long")
		}
		copy(data[c.Offset:], strings.Repeat("/", c.Prefix-len(root))+root)
	}
}

func TestCompiledInPaths(t *testing.T) {
	for _, kind := range []string{"program", "library in an archive"} {
		t.Run(kind, func(t *testing.T) {
			root := longRoot(t)
			name := "parts/x/bin/x"
			if kind == "program" {
				gcc(t, root, fmt.Sprintf(paths, root), name, "-O2", "-Wl,-O2")
			} else {
				gcc(t, root, fmt.Sprintf(paths, root), "x.o", "-c", "-O2")
				name = "parts/x/lib/libx.a"
				check(t, os.MkdirAll(filepath.Join(root, "parts/x/lib"), 0o755))
				check(t, exec.Command("ar", "crD", filepath.Join(root, name), filepath.Join(root, "x.o")).Run())
				check(t, os.Remove(filepath.Join(root, "x.o")))
			}
			a, rep := relocateTree(t, root, testOrigin(root))
			check(t, rep.Err())
			if len(a.Relocations) != 1 || a.Relocations[0].Class != archive.ClassCString {
				t.Fatalf("%+v", a.Relocations)
			}
			rel := a.Relocations[0]
			limit, file := a.rootLimit()
			if len(rel.CStrings) != 3 || limit != len(root) || file != name {
				t.Errorf("%+v, limit %d by %s", rel.CStrings, limit, file)
			}
			data := []byte(content(t, a, name))
			elsewhere := filepath.Join(t.TempDir(), "app")
			relocateStrings(t, data, rel.CStrings, elsewhere)
			if bytes.Contains(bytes.ReplaceAll(data, []byte(root+"2"), nil), []byte(root)) {
				t.Error("the root is still there")
			}
			check(t, os.WriteFile(elsewhere+"-x.o.a", data, 0o755))
			program := elsewhere + "-x.o.a"
			if kind != "program" {
				program = elsewhere + "-linked"
				if out, err := exec.Command("gcc", "-o", program, "-Wl,--whole-archive", elsewhere+"-x.o.a", "-Wl,--no-whole-archive").CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
			}
			out, err := exec.Command(program).Output()
			check(t, err)
			got := strings.Split(strings.TrimSpace(string(out)), "|")
			if len(got) != 3 || filepath.Clean(got[0]) != elsewhere+"/parts/x" || got[2] != "/parts/x" ||
				!strings.Contains(got[1], elsewhere+"/etc/x.conf -O2") || strings.Count(got[1], elsewhere) != 2 {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestPluginDirectory: a program finds its plugins, by the directory that is
// compiled into it, at the new place, and not at the old one, which is still there.
func TestPluginDirectory(t *testing.T) {
	root := longRoot(t)
	gcc(t, root, `const char *place(void) { return "new"; }`, "parts/app/lib/plugins/p.so", "-shared", "-g0")
	gcc(t, root, `
#include <dlfcn.h>
#include <stdio.h>
static const char plugins[] = "`+root+`/parts/app/lib/plugins";
int main(void) {
	char name[4096];
	snprintf(name, sizeof name, "%s/p.so", plugins);
	void *p = dlopen(name, RTLD_NOW);
	if (!p) { puts(dlerror()); return 1; }
	puts(((const char *(*)(void))dlsym(p, "place"))());
	return 0;
}`, "parts/app/bin/app", "-g0", "-ldl")
	a, rep := relocateTree(t, root, testOrigin(root))
	check(t, rep.Err())
	elsewhere := filepath.Join(t.TempDir(), "my app")
	for _, r := range a.Relocations {
		data := []byte(content(t, a, r.Path))
		relocateStrings(t, data, r.CStrings, elsewhere)
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(elsewhere, r.Path)), 0o755))
		check(t, os.WriteFile(filepath.Join(elsewhere, r.Path), data, 0o755))
	}
	app := filepath.Join(elsewhere, "parts/app/bin/app")
	if out, err := exec.Command(app).CombinedOutput(); err == nil || !strings.Contains(string(out), elsewhere+"/parts/app/lib/plugins/p.so: cannot open") {
		t.Errorf("without the plugin at the new place: %v, %s", err, out)
	}
	check(t, os.MkdirAll(filepath.Join(elsewhere, "parts/app/lib/plugins"), 0o755))
	check(t, os.WriteFile(filepath.Join(elsewhere, "parts/app/lib/plugins/p.so"), []byte(content(t, a, "parts/app/lib/plugins/p.so")), 0o755))
	if out, err := exec.Command(app).CombinedOutput(); err != nil || string(out) != "new\n" {
		t.Errorf("%v, %s", err, out)
	}
}

func TestBinaryRefusals(t *testing.T) {
	for name, tt := range map[string]struct{ source, reason string }{
		"interpreter":  {`const char *p = "` + testPrefix + `/lib";`, "the build's interpreter " + testPrefix},
		"not a string": {`const char p[] = {%s, 1, 2, 3, 0};`, "not as a plain C string"},
	} {
		t.Run(name, func(t *testing.T) {
			root := longRoot(t)
			chars := []string{}
			for _, c := range root {
				chars = append(chars, fmt.Sprint(int(c)))
			}
			source := tt.source
			if strings.Contains(source, "%s") {
				source = fmt.Sprintf(source, strings.Join(chars, ","))
			}
			gcc(t, root, source, "parts/emb/lib/x.so", "-shared")
			_, rep := relocateTree(t, root, testOrigin(root))
			it, ok := item(rep.Blocked, "parts/emb/lib/x.so")
			if !ok || !strings.Contains(it.Reason, tt.reason) || it.Part != "part emb" {
				t.Errorf("%+v", rep)
			}
			if err := rep.Err(); err == nil || !strings.Contains(err.Error(), "parts/emb/lib/x.so (part emb)") {
				t.Error(err)
			}
		})
	}
}

func TestRunpath(t *testing.T) {
	root := longRoot(t)
	gcc(t, root, "int f(void) { return 1; }", "parts/x/lib/x.so", "-shared", "-g0")
	o := testOrigin(root)
	var got []string
	o.Binaries.SetRunpath = func(_ io.ReaderAt, _ int64, f func(string) string) ([]binfmt.Edit, error) {
		for _, p := range []string{
			root + "/parts/y/lib:" + testPrefix + "/lib:/usr/lib:" + root + "/parts/x/lib", "$ORIGIN/../z", "::" + root, "/host/lib", "lib",
		} {
			got = append(got, f(p))
		}
		return []binfmt.Edit{{Offset: 100, New: []byte("x")}}, nil
	}
	a, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	want := []string{"$ORIGIN/../../y/lib:$ORIGIN", "$ORIGIN/../z", "$ORIGIN/../../..", "", ""}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%q, want %q", got, want)
	}
	if c := content(t, a, "parts/x/lib/x.so"); c[100] != 'x' {
		t.Error("the edit is not made")
	}
	if it, _ := item(rep.Relocated, "parts/x/lib/x.so"); it.Class != ClassRpath {
		t.Errorf("%+v", rep.Relocated)
	}
}

func TestNeededLibpython(t *testing.T) {
	root := longRoot(t)
	gcc(t, root, "int PyInit_ext(void) { return 0; }", "eggs/a/ext.cpython-311-x86_64-linux-gnu.so", "-shared", "-g0")
	gcc(t, root, "int initold(void) { return 0; }", "eggs/a/old.so", "-shared", "-g0")
	gcc(t, root, "int PyModExport_new(void) { return 0; }", "eggs/a/new.cpython-315-x86_64-linux-gnu.so", "-shared", "-g0")
	gcc(t, root, "int PyModExport_sub(void) { return 0; } int PyModExport_pyo(void) { return 0; }", "eggs/a/pyo.abi3t-x86_64-linux-gnu.so", "-shared", "-g0")
	gcc(t, root, "int PyModExportU_lanmt_2sa6t(void) { return 0; }", "eggs/a/lančmít.so", "-shared", "-g0")
	gcc(t, root, "int PyInitU_lanmt_2sa6t(void) { return 0; }", "eggs/a/lunch.so", "-shared", "-g0")
	gcc(t, root, "int start(void) { return 0; }", "eggs/a/mod_wsgi.so", "-shared", "-g0")
	o := testOrigin(root)
	var mu sync.Mutex // files are relocated by several goroutines
	asked := map[bool]int{}
	o.Binaries.DropNeeded = func(_ io.ReaderAt, _ int64, drop func(string) bool) ([]binfmt.Edit, error) {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range []string{"libpython2.7.so.1.0", "libpython3.11.so.1.0", "libpython3.so", "libc.so.6", "libpythonic.so"} {
			asked[drop(n)]++
		}
		return nil, nil
	}
	_, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	if asked[true] != 5*3 || asked[false] != 5*2 {
		t.Errorf("%v: five extensions, neither mod_wsgi nor the entry of another name", asked)
	}
}

// TestForeignWheel: what a wheel built elsewhere names of its own build machine is not ours.
func TestForeignWheel(t *testing.T) {
	root := longRoot(t)
	source := `const char *p = "/home/runner/.cargo/registry/x.rs";`
	gcc(t, root, source, "eggs/f.egg/f.so", "-shared", "-g0")
	gcc(t, root, source, "eggs/own.egg/own.so", "-shared", "-g0")
	tree{
		"eggs/f.egg/EGG-INFO/WHEEL":   "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_17_x86_64\n",
		"eggs/own.egg/EGG-INFO/WHEEL": "Wheel-Version: 1.0\nTag: cp311-cp311-linux_x86_64\n",
		"eggs/f.egg/config.py":        "x = '/home/runner/x'\n",
		"eggs/own.egg/README.txt":     "made in /home/runner/x\n",
	}.write(t, root)
	o := testOrigin(root)
	o.Home = "/home/runner"
	_, rep := relocateTree(t, root, o)
	if len(rep.Blocked) != 1 || rep.Blocked[0].Path != "eggs/own.egg/own.so" || rep.Blocked[0].Part != "egg own.egg" {
		t.Errorf("blocked %+v", rep.Blocked)
	}
	if len(rep.Excepted) != 3 {
		t.Errorf("excepted %+v", rep.Excepted)
	}
}

// TestRemovedRunpath: an editor may take a RUNPATH's entry out of the dynamic
// section and leave its text; then the text goes too, and the library loads.
func TestRemovedRunpath(t *testing.T) {
	root := longRoot(t)
	name := "eggs/a/ext.so"
	gcc(t, root, "int lib(void) { return 41; } int f(void) { return lib() + 1; }", name, "-shared", "-g0", "-Wl,-rpath,"+testPrefix+"/lib")
	o := testOrigin(root)
	_, rep := relocateTree(t, root, o)
	if it, ok := item(rep.Blocked, name); !ok || !strings.Contains(it.Reason, testPrefix) {
		t.Errorf("a RUNPATH that stays is not blocked: %+v", rep)
	}
	o.Binaries.SetRunpath = func(r io.ReaderAt, _ int64, f func(string) string) ([]binfmt.Edit, error) {
		if got := f(testPrefix + "/lib"); got != "" {
			t.Errorf("%q", got)
		}
		e, err := elf.NewFile(r)
		check(t, err)
		s := e.SectionByType(elf.SHT_DYNAMIC)
		data, err := s.Data()
		check(t, err)
		for i := 0; i < len(data); i += 16 {
			if tag := elf.DynTag(e.ByteOrder.Uint64(data[i:])); tag == elf.DT_RUNPATH || tag == elf.DT_RPATH {
				return []binfmt.Edit{{Offset: int64(s.Offset) + int64(i), New: []byte{byte(elf.DT_DEBUG), 0, 0, 0, 0, 0, 0, 0}}}, nil
			}
		}
		t.Error("no RUNPATH")
		return nil, nil
	}
	a, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	got := content(t, a, name)
	if strings.Contains(got, testPrefix) {
		t.Error("the text is still there")
	}
	if it, _ := item(rep.Relocated, name); it.Class != ClassRpath {
		t.Errorf("%+v", it)
	}
	file := filepath.Join(t.TempDir(), "ext.so")
	check(t, os.WriteFile(file, []byte(got), 0o755))
	out, err := exec.Command(findPython(t, "3.11"), "-c", "import ctypes,sys; print(ctypes.CDLL(sys.argv[1]).f())", file).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "42" {
		t.Errorf("%v: %s", err, out)
	}
}

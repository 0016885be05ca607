package verify

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// extension is a compiled extension module in the tree.
type extension struct {
	file   *file
	image  *binfmt.Image // the one for the target, or the first
	egg    *egg          // nil if it belongs to none
	module string        // dotted, from its egg's base
	name   pymodule.Name
}

// version is the interpreter's, as pymodule takes it.
func (t target) version() pymodule.PythonVersion {
	return pymodule.PythonVersion{Major: t.pyMajor, Minor: t.pyMinor}
}

func exportsAny(m *binfmt.Image, names []string) bool { return slices.ContainsFunc(names, m.Exported) }

// asExtension says whether a binary is an extension module: it has an entry of
// its name, or a name that no library has.
func asExtension(f *file) (pymodule.Name, bool) {
	n, ok := pymodule.NameOf(f.path)
	if !ok {
		return n, false
	}
	for i := range f.images {
		m := &f.images[i]
		if m.Type != binfmt.TypeShared && m.Type != binfmt.TypeBundle {
			continue
		}
		if stem, ok := pymodule.Entry(n, m.Exported); ok {
			n.Stem = stem
			return n, true
		}
		if !n.Library() {
			return n, true
		}
	}
	return n, false
}

// moduleFrom is the dotted name of an extension, seen from base.
func (x *extension) moduleFrom(base string) string {
	if x.name.Package {
		return moduleName(x.file.path, base, "__init__")
	}
	return moduleName(x.file.path, base, x.name.Stem)
}

// moduleName is the dotted name of an extension, seen from base.
func moduleName(p, base, stem string) string {
	rest, _ := under(p, base)
	dir := path.Dir(rest)
	if dir == "." {
		return stem
	}
	if stem == "__init__" {
		return strings.ReplaceAll(dir, "/", ".")
	}
	return strings.ReplaceAll(dir, "/", ".") + "." + stem
}

// guessBase is the directory above the outermost package that a file lies in.
func (s *scan) guessBase(p string) string {
	d := path.Dir(p)
	for d != "." && (s.all[d+"/__init__.py"] || s.all[d+"/__init__.pyc"]) {
		d = path.Dir(d)
	}
	return d
}

var libPython = regexp.MustCompile(`(?:^|/)(?:lib/)?python(\d)\.(\d+)t?/`)

// ofOtherPython says whether a file belongs to a Python in the tree that isn't
// the interpreter: its standard library, or site-packages of another version.
func (c *checker) ofOtherPython(p string) bool {
	if c.in.Bundled != "" && strings.HasPrefix(p, c.in.Bundled+"/") {
		return false
	}
	if strings.Contains(p, "/lib-dynload/") || strings.HasPrefix(p, "lib-dynload/") {
		return true
	}
	m := libPython.FindStringSubmatch(p)
	return m != nil && (m[1] != strconv.Itoa(c.target.pyMajor) || m[2] != strconv.Itoa(c.target.pyMinor))
}

// fitting is the image for the target: format and architecture. Without one it is the first, and false.
func (f *file) fitting(t target) (*binfmt.Image, bool) {
	for i := range f.images {
		if m := &f.images[i]; string(m.Kind) == t.format() && t.fits(m.Arch) {
			return m, true
		}
	}
	if len(f.images) == 0 {
		return nil, false
	}
	return &f.images[0], false
}

// forOther says whether the name is for an interpreter that isn't the target's,
// so that Python never looks at the file.
func (x *extension) forOther(t target) bool {
	n := x.name
	switch {
	case n.ABI == pymodule.Other || x.otherPlatform(t):
		return true
	case n.Newest():
		return matrix.CompareVersions(t.python(), "3.15") < 0
	case n.ABI == pymodule.ABI3:
		return t.pyMajor < 3
	case n.ABI == pymodule.CPython:
		return n.Major != t.pyMajor || n.Minor != t.pyMinor || strings.Trim(n.Flags, "md") != strings.Trim(t.abiFlags, "mdu")
	}
	return false
}

// otherPlatform says whether the platform in the name is another one.
func (x *extension) otherPlatform(t target) bool {
	platform := x.name.Platform
	switch {
	case platform == "":
		return false
	case strings.Contains(platform, "win") && platform != "darwin" || strings.HasPrefix(platform, "mingw"):
		return t.os != "windows"
	case platform == "darwin":
		return t.os != "macos"
	case strings.Contains(platform, "-musl"):
		return t.os != "linux" || t.libc != "musl"
	}
	return t.os != "linux" // Pythons for musl said -gnu for years
}

// abiProblems are what is wrong with an extension that the interpreter would load.
func (x *extension) abiProblems(t target, libs map[string]bool) []Problem {
	var all []Problem
	add := func(kind, hint, format string, args ...any) {
		all = append(all, Problem{Kind: kind, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	m, fits := x.file.fitting(t)
	if m == nil {
		return nil
	}
	if !fits {
		add("format", "build or fetch it for "+t.platform, "it is %s for %s, not for %s", article(m.Kind), archs(x.file), t.platform)
		return all
	}
	if t.arch == "universal2" && len(x.file.images) < 2 {
		add("format", "build or fetch it as universal2", "it has a slice for %s only", archs(x.file))
	}
	names := pymodule.Entries(x.name.Stem, t.version())
	if !exportsAny(m, names) {
		hint := "rebuild it for Python " + t.python()
		if exportsAny(m, pymodule.Entries(x.name.Stem, pymodule.PythonVersion{Major: 5 - t.pyMajor, Minor: 15})) {
			add("abi", hint, "it is for Python %d: it has no %s", 5-t.pyMajor, names[0])
		} else {
			add("init", hint, "it exports no %s, so it can't be imported", names[0])
		}
	}
	if x.name.ABI == pymodule.ABI3 && strings.Contains(t.abiFlags, "t") {
		add("abi", "build it for the free-threaded Python", "a free-threaded Python loads no abi3 extension")
	}
	if x.name.Stable() {
		all = append(all, stableProblems(m, t, libs)...)
	}
	all = append(all, pythonProblems(m, t)...)
	return all
}

func article(k binfmt.Kind) string {
	return map[binfmt.Kind]string{binfmt.ELF: "an ELF file", binfmt.MachO: "a Mach-O file", binfmt.PE: "a PE file"}[k]
}

func archs(f *file) string {
	var all []string
	for _, m := range f.images {
		all = append(all, m.Arch)
	}
	return strings.Join(all, " and ")
}

// stableProblems are the symbols of an abi3 extension that the interpreter
// doesn't promise. Symbols that a library of the tree has are not Python's.
func stableProblems(m *binfmt.Image, t target, libs map[string]bool) []Problem {
	table := loadTables().stable
	var outside, newer []string
	worst := ""
	for _, s := range m.Imports {
		if s.Weak || !strings.HasPrefix(s.Name, "Py") && !strings.HasPrefix(s.Name, "_Py") || libs[s.Name] {
			continue
		}
		added, ok := table[s.Name]
		if !ok {
			outside = append(outside, s.Name)
		} else if matrix.CompareVersions(added, t.python()) > 0 {
			newer = append(newer, s.Name)
			if matrix.CompareVersions(added, worst) > 0 {
				worst = added
			}
		}
	}
	var all []Problem
	if len(outside) > 0 {
		all = append(all, Problem{Kind: "abi3", Message: "it is tagged as using the stable ABI and needs what isn't in the stable ABI: " + few(outside),
			Hint: "build it without py_limited_api, or report it to its project"})
	}
	if len(newer) > 0 {
		all = append(all, Problem{Kind: "abi3", Message: "it needs Python " + worst + " or newer: " + few(newer), Hint: "build it for Python " + t.python()})
	}
	return all
}

// few shows the first of many.
func few(names []string) string {
	if len(names) > 4 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:4], ", "), len(names)-4)
	}
	return strings.Join(names, ", ")
}

// elfPython is libpython on Linux and macOS: libpython3.11.so.1.0, libpython2.7.dylib.
var elfPython = regexp.MustCompile(`(?:^|/)libpython(\d)(?:\.(\d+)([a-z]*))?(?:\.so.*|\.dylib)$|(?:^|/)Python\.framework/Versions/(\d)\.(\d+)/Python$`)

// pythonProblems are a libpython linked in, or another Python's.
func pythonProblems(m *binfmt.Image, t target) []Problem {
	var all []Problem
	if m.Exported("Py_InitializeEx") && m.Exported("PyEval_EvalFrameEx") || m.Exported("_PyRuntime") {
		all = append(all, Problem{Kind: "libpython", Message: "a whole Python is linked into it, and it isn't the one that will run",
			Hint: "link it without libpython.a; extensions take Python's symbols from the interpreter"})
	}
	for _, s := range m.Imports {
		if t.pyMajor == 2 && (strings.HasPrefix(s.Name, "PyUnicodeUCS2_") && t.abiFlags == "mu" || strings.HasPrefix(s.Name, "PyUnicodeUCS4_") && t.abiFlags == "m") {
			all = append(all, Problem{Kind: "abi", Message: "it is for a Python with another width of unicode: it needs " + s.Name,
				Hint: "rebuild it for cp27" + t.abiFlags})
			break
		}
	}
	for _, lib := range m.Needed {
		v := windowsPython.FindStringSubmatch(strings.ToLower(path.Base(lib)))
		if t.os != "windows" || v == nil {
			continue
		}
		want := fmt.Sprintf("%d%d%s", t.pyMajor, t.pyMinor, strings.Trim(t.abiFlags, "mu"))
		if got := v[2] + v[3] + v[4]; v[3] != "" && got != want || v[2] != strconv.Itoa(t.pyMajor) {
			all = append(all, Problem{Kind: "abi", Message: "it links to " + lib + ", another Python's", Hint: "rebuild it for Python " + t.python()})
		} else if v[5] != "" {
			all = append(all, Problem{Kind: "abi", Message: "it is a debug build: it links to " + lib, Hint: "rebuild it without --debug"})
		}
	}
	return all
}

package packtest

import (
	_ "embed"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

//go:embed testdata/makepython.py
var makePython string

var imported = regexp.MustCompile(`(?m)^\s*(?:import ([\w., ]+)|from ([\w.]+) import)`)

// pythons remembers the small interpreters of this process: minor version to directory.
var pythons sync.Map

// SmallPython is a real interpreter as a prefix that works at any place, with
// what bootstrap.py and launcher.py import and nothing else.
func SmallPython(t testing.TB, minor string) string {
	t.Helper()
	if dir, ok := pythons.Load(minor); ok {
		return dir.(string)
	}
	dir, kept := filepath.Join(t.TempDir(), "python"), os.Getenv(sites)
	if kept != "" {
		dir = filepath.Join(kept, "python-"+minor)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	args := []string{"-sSE", "-c", makePython, dir}
	for _, program := range []string{string(target.Bootstrap()), string(target.Launcher()), target.InstallProgram()} {
		for _, m := range imported.FindAllStringSubmatch(program, -1) {
			args = append(args, strings.FieldsFunc(m[1]+m[2], func(r rune) bool { return r == ' ' || r == ',' })...)
		}
	}
	RunIn(t, dir, os.Environ(), FindPython(t, minor), args...).Must(t, "makepython.py")
	if kept != "" {
		pythons.Store(minor, dir)
	}
	return dir
}

// Bundle gives the files of a tree that has an interpreter in it, each by its
// path with where it lies, and what starts it. Version is what its directory is
// named by: 3.13.11 may be another's files.
func Bundle(t testing.TB, minor, version string) (files map[string]string, starter []byte) {
	t.Helper()
	dir, top := SmallPython(t, minor), "python-"+version
	files = map[string]string{}
	Walk(t, dir, func(path string, d fs.DirEntry) {
		if d.Type().IsRegular() {
			files[top+"/"+path] = filepath.Join(dir, path)
		}
	})
	about := AboutPython(t, FindPython(t, minor))
	arch := strings.TrimPrefix(about.Platform, "linux_")
	starter, err := target.Starter{Executable: top + "/bin/python" + minor, Target: about.ABI + "-" + about.Platform, System: "linux", Arch: arch,
		Libc: "glibc", Loader: testtool.Loader(t), Floor: "2.5"}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return files, starter
}

// BundledIn is what a manifest says of the interpreter that Bundle laid in a
// tree; nil if there is none.
func BundledIn(t testing.TB, root string) *archive.BundledPython {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(root, "python-*/bin/python*"))
	if len(found) == 0 {
		return nil
	}
	program, err := filepath.Rel(root, found[0])
	if err != nil {
		t.Fatal(err)
	}
	top, _, _ := strings.Cut(program, "/")
	return &archive.BundledPython{Version: strings.TrimPrefix(top, "python-"), Directory: top, Executable: program}
}

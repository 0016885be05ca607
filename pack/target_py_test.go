package pack_test

// Real, small trees for the tests of bootstrap.py and launcher.py: a buildout
// that a real zc.buildout built with a real Python, and a minimal archive of
// it with placeholders, as Relocate and Write would make it.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/pack"
)

// pyLine is a line of the table of zc.buildouts: what they need to run.
type pyLine struct {
	python, buildout string
	wheels           []string // pure ones, resolved by hand; from PyPI
	sources          []string // sdists alone, which setuptools and wheel of the above build
	tools            []string // what makes wheels and eggs, where the line's own setuptools can't
}

var pyLines = []pyLine{
	{"3.13", "6.0.1", []string{"zc.buildout==6.0.1", "setuptools==80.9.0", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "platformdirs==4.5.0", "zc.recipe.egg==4.0.0"}, nil, nil},
	{"3.12", "5.2.0", []string{"zc.buildout==5.2.0", "setuptools==75.8.2", "pip==25.2", "wheel==0.45.1", "packaging==25.0", "zc.recipe.egg==4.0.0"}, nil, nil},
	{"3.11", "4.2.0", []string{"zc.buildout==4.2.0", "setuptools==75.8.2", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "zc.recipe.egg==3.0.0"}, nil, nil},
	{"3.6", "3.3", []string{"zc.buildout==3.3", "setuptools==57.5.0", "pip==21.3.1", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
	{"3.8", "2.13.8", []string{"zc.buildout==2.13.8", "setuptools==51.3.3", "pip==21.3.1", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
	{"2.7", "2.13.8", []string{"zc.buildout==2.13.8", "setuptools==44.1.1", "pip==20.3.4", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
	{"2.7", "1.7.1", []string{"setuptools==7.0"}, []string{"zc.buildout==1.7.1", "zc.recipe.egg==1.3.2"}, []string{"setuptools==44.1.1", "wheel==0.37.1"}},
	{"3.11", "6.0.1", []string{"zc.buildout==6.0.1", "setuptools==80.9.0", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "platformdirs==4.5.0", "zc.recipe.egg==4.0.0"}, nil, nil},
}

func (l pyLine) String() string { return l.python + "-" + l.buildout }

// findPython gives a real interpreter of a minor version, or fails the test.
func findPython(t testing.TB, minor string) string {
	t.Helper()
	candidates := []string{}
	if p, err := exec.LookPath("python" + minor); err == nil {
		candidates = append(candidates, p)
	}
	root := os.Getenv("PYENV_ROOT")
	if root == "" {
		home, _ := os.UserHomeDir()
		root = filepath.Join(home, ".pyenv")
	}
	more, _ := filepath.Glob(filepath.Join(root, "versions", minor+".*", "bin", "python"+minor))
	for _, p := range append(candidates, more...) {
		out, err := exec.Command(p, "-c", "import sys; print(sys.executable)").Output()
		if err == nil {
			return strings.TrimSpace(string(out))
		}
	}
	t.Fatalf("no python%s: neither on PATH nor in %s/versions", minor, root)
	return ""
}

// result is what a command left.
type result struct {
	code     int
	out, err string
}

// runIn runs a command with exactly this environment, for at most five minutes.
func runIn(t testing.TB, dir string, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Env = dir, env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("running %s: %v", name, err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// must fails the test unless the command exited 0.
func (r result) must(t testing.TB, what string) result {
	t.Helper()
	if r.code != 0 {
		t.Fatalf("%s: exit %d\n%s\n%s", what, r.code, r.out, r.err)
	}
	return r
}

// eggsOf makes the eggs of a line, once a machine: they lie in the user's cache.
func eggsOf(t testing.TB, l pyLine) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte(l.String() + strings.Join(append(l.wheels, l.sources...), " ")))
	final := filepath.Join(cache, "binary-buildout-test", l.String()+"-"+hex.EncodeToString(key[:6]))
	if _, err := os.Stat(final); err == nil {
		return final
	}
	if err := os.MkdirAll(filepath.Dir(final), 0o755); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(filepath.Dir(final), "making-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work)
	python := findPython(t, l.python)
	wheels, tools, eggs := filepath.Join(work, "wheels"), filepath.Join(work, "tools"), filepath.Join(work, "eggs")
	script, _ := filepath.Abs("testdata/target/makeeggs.py")
	wheel := func(env []string, into string, names ...string) {
		args := []string{"-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", into}
		runIn(t, work, env, python, append(args, names...)...).must(t, "pip wheel")
	}
	made := wheels
	if l.tools != nil {
		made = tools
		wheel(os.Environ(), tools, l.tools...)
	}
	wheel(os.Environ(), wheels, l.wheels...)
	if len(l.sources) > 0 {
		toolEggs := filepath.Join(work, "tool-eggs")
		runIn(t, work, os.Environ(), python, script, made, toolEggs, made).must(t, "makeeggs.py")
		found, _ := filepath.Glob(filepath.Join(toolEggs, "*.egg"))
		env := append(os.Environ(), "PYTHONPATH="+strings.Join(found, string(os.PathListSeparator)))
		wheel(env, wheels, append([]string{"--no-build-isolation"}, l.sources...)...)
	}
	runIn(t, work, os.Environ(), python, script, wheels, eggs, made).must(t, "makeeggs.py")
	if err := os.Rename(eggs, final); err != nil {
		if _, e := os.Stat(final); e != nil { // another process was first
			t.Fatal(err)
		}
	}
	return final
}

// site is a built buildout, and where its archive lies.
type site struct {
	line    pyLine
	python  string
	archive string // a directory: what unpacking an archive leaves
}

// edit changes a freshly copied checkout, before it is built.
type edit func(t testing.TB, stage string)

// built remembers the sites of this process: "LINE NAME" to archive.
var built sync.Map

// siteOf builds testdata/target/site, once a process. To work on bootstrap.py
// and launcher.py, BINARY_BUILDOUT_TEST_SITES names a directory that keeps
// the sites from one run to the next.
func siteOf(t testing.TB, l pyLine) site {
	t.Helper()
	if archive, ok := built.Load(l.String()); ok {
		return site{l, findPython(t, l.python), archive.(string)}
	}
	kept := os.Getenv("BINARY_BUILDOUT_TEST_SITES")
	if kept == "" {
		kept = pack.SitesDir
	}
	s := site{l, findPython(t, l.python), filepath.Join(kept, l.String(), "archive")}
	if _, err := os.Stat(s.archive); err != nil {
		fresh := buildSite(t, l)
		copyDir(t, fresh.archive, s.archive)
	}
	renew(t, s.archive)
	built.Store(l.String(), s.archive)
	return s
}

// renew puts the bootstrap.py and launcher.py of the checkout into an archive.
func renew(t testing.TB, archive string) {
	t.Helper()
	writeFile(t, filepath.Join(archive, "bootstrap.py"), readFile(t, "bootstrap.py"))
	writeFile(t, filepath.Join(archive, pack.LauncherName), readFile(t, "launcher.py"))
	var manifest pack.Manifest
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(archive, pack.ManifestName))), &manifest); err != nil {
		t.Fatal(err)
	}
	settle(t, archive)
	writeManifest(t, archive, manifest)
}

// buildSite builds testdata/target/site and makes an archive of it.
func buildSite(t testing.TB, l pyLine, edits ...edit) site {
	t.Helper()
	python := findPython(t, l.python)
	base := t.TempDir()
	stage := filepath.Join(base, "stage", strings.Repeat("x", 40))
	copyDir(t, "testdata/target/site", stage)
	eggs := filepath.Join(stage, "eggs")
	if l.buildout[0] >= '5' {
		eggs = filepath.Join(eggs, "v5")
	}
	copyDir(t, eggsOf(t, l), eggs)
	writeFile(t, filepath.Join(stage, "base.cfg"), "[versions]\nsetuptools = \n")
	for _, e := range edits {
		e(t, stage)
	}
	own := filepath.Join(stage, pack.Dir)
	if err := os.MkdirAll(own, 0o755); err != nil {
		t.Fatal(err)
	}
	launcher, err := os.ReadFile("launcher.py")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(stage, pack.LauncherName), string(launcher))
	launch := pack.Launch{Format: 1, Config: "buildout.cfg", Options: []string{"buildout:eggs-directory=${buildout:directory}/eggs"}}
	found, _ := filepath.Glob(filepath.Join(eggs, "*.egg"))
	for _, egg := range found {
		if name := filepath.Base(egg); !strings.Contains(name, "recipe") && !strings.HasPrefix(name, "mr") {
			rel, _ := filepath.Rel(stage, egg)
			launch.Path = append(launch.Path, rel)
		}
	}
	writeJSON(t, filepath.Join(stage, pack.LaunchName), launch)
	env := append(os.Environ(), "PIP_NO_BUILD_ISOLATION=0")
	args := []string{"-sSE", filepath.Join(own, "launcher.py"), "--mode=build", "-U", "-N"}
	built := runIn(t, stage, env, python, args...).must(t, "building")
	if !strings.Contains(built.out+built.err, "Installing") {
		t.Fatalf("nothing was installed: %s", built.out)
	}
	return site{l, python, packSite(t, stage, python, launch)}
}

// packSite copies a built stage to an archive's directory with placeholders,
// and writes manifest.json and files.json.
func packSite(t testing.TB, stage, python string, launch pack.Launch) string {
	t.Helper()
	archive := filepath.Join(filepath.Dir(filepath.Dir(stage)), "archive")
	copyDir(t, stage, archive)
	bootstrap, err := os.ReadFile("bootstrap.py")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(archive, "bootstrap.py"), string(bootstrap))
	manifest := pack.Manifest{Format: 1, Generator: "test", Name: "site", Version: "1.0", Python: aboutPython(t, python)}
	manifest.Target = manifest.Python.ABI + "-" + manifest.Python.Platform
	walk(t, archive, func(path string, d fs.DirEntry) {
		full := filepath.Join(archive, path)
		if strings.HasSuffix(path, ".pyc") {
			os.Remove(full)
		}
		if !d.Type().IsRegular() || strings.HasPrefix(path, "eggs/") || strings.HasPrefix(path, pack.Dir) {
			return
		}
		data, _ := os.ReadFile(full)
		if strings.HasSuffix(path, ".so") {
			module := strings.Split(filepath.Base(path), ".")[0]
			manifest.Extensions = append(manifest.Extensions, pack.Extension{Path: path, Module: module, SHA256: sum(data)})
		}
		if new := withPlaceholders(path, data, stage, python); new != nil {
			info, _ := d.Info()
			os.WriteFile(full, new, info.Mode())
			manifest.Relocations = append(manifest.Relocations, pack.Relocation{Path: path, Class: pack.ClassText,
				Mode: uint32(info.Mode().Perm()), Size: int64(len(new)), SHA256: sum(new)})
		}
	})
	settle(t, archive)
	signatures(t, stage, archive, python, &manifest)
	settle(t, archive)
	writeManifest(t, archive, manifest)
	return archive
}

// withPlaceholders is what Relocate does to a text, or nil if it holds no path.
func withPlaceholders(path string, data []byte, stage, python string) []byte {
	if bytes.IndexByte(data, 0) >= 0 || !bytes.Contains(data, []byte(stage)) && !bytes.Contains(data, []byte(python)) {
		return nil
	}
	form := pack.FormPlain
	if strings.HasSuffix(path, ".json") {
		form = pack.FormURL
	}
	s := string(data)
	line, rest, _ := strings.Cut(s, "\n")
	if strings.HasPrefix(line, "#!") {
		line = strings.ReplaceAll(line, python, pack.Interpreter)
		for _, quote := range []string{`'`, `"`} {
			rest = strings.ReplaceAll(rest, quote+stage, quote+pack.Form(pack.Root, pack.FormPython))
		}
		s = line + "\n" + rest
	}
	if strings.HasSuffix(path, ".py") {
		s = strings.ReplaceAll(s, stage, pack.Form(pack.Root, pack.FormPython))
	}
	s = strings.ReplaceAll(s, stage, pack.Form(pack.Root, form))
	return []byte(strings.ReplaceAll(s, python, pack.Interpreter))
}

// signatures finds develop hashes in .installed.cfg, the directories that they
// were made of, and puts in those over the archive's own content.
func signatures(t testing.TB, stage, archive, python string, manifest *pack.Manifest) {
	t.Helper()
	path := filepath.Join(archive, ".installed.cfg")
	installed := readFile(t, path)
	dirs := []string{"develop-eggs"}
	links, _ := filepath.Glob(filepath.Join(stage, "develop-eggs", "*.egg-link"))
	for _, link := range links {
		first, _, _ := strings.Cut(readFile(t, link), "\n")
		rel, err := filepath.Rel(stage, strings.TrimSpace(first))
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, rel)
	}
	before, after := hashes(t, stage, python, dirs), hashes(t, archive, python, dirs)
	for _, m := range regexp.MustCompile(`([A-Za-z0-9_.]+)-([0-9a-f]{32})`).FindAllStringSubmatch(installed, -1) {
		i := slices.Index(before, m[2])
		if i < 0 {
			t.Fatalf("%s is the hash of no develop directory (%v)", m[0], dirs)
		}
		installed = strings.ReplaceAll(installed, m[0], m[1]+"-"+after[i])
		if !hasSignature(manifest.Signatures, m[1]) {
			manifest.Signatures = append(manifest.Signatures, pack.Signature{Name: m[1], Path: dirs[i], Hash: after[i]})
		}
	}
	writeFile(t, path, installed)
	for i, r := range manifest.Relocations {
		if r.Path == ".installed.cfg" {
			manifest.Relocations[i].Size, manifest.Relocations[i].SHA256 = int64(len(installed)), sum([]byte(installed))
		}
	}
}

// hashes gives zc.buildout's hash of each directory of a tree.
func hashes(t testing.TB, root, python string, dirs []string) []string {
	t.Helper()
	args := append([]string{"-sSE", filepath.Join(root, pack.LauncherName), "--signature"}, dirs...)
	return strings.Fields(runIn(t, root, os.Environ(), python, args...).must(t, "--signature").out)
}

func hasSignature(list []pack.Signature, name string) bool {
	for _, s := range list {
		if s.Name == name {
			return true
		}
	}
	return false
}

// settle removes bytecode that a run left, and gives everything one time.
func settle(t testing.TB, dir string) {
	t.Helper()
	when := time.Unix(315532800, 0)
	walk(t, dir, func(path string, d fs.DirEntry) {
		full := filepath.Join(dir, path)
		if d.Name() == "__pycache__" {
			os.RemoveAll(full)
		} else if strings.HasSuffix(path, ".pyc") {
			os.Remove(full)
		} else if d.Type().IsRegular() {
			os.Chtimes(full, when, when)
		}
	})
}

// writeManifest writes manifest.json and files.json of an archive's directory.
func writeManifest(t testing.TB, archive string, manifest pack.Manifest) {
	t.Helper()
	files := pack.Files{Format: 1}
	walk(t, archive, func(path string, d fs.DirEntry) {
		entry := pack.Entry{Path: path, Mode: 0o755}
		full := filepath.Join(archive, path)
		switch {
		case path == pack.ManifestName || path == pack.FilesName:
			return
		case d.IsDir():
			entry.Type = "dir"
		case d.Type()&fs.ModeSymlink != 0:
			entry.Type = "link"
			entry.Link, _ = os.Readlink(full)
		default:
			data, _ := os.ReadFile(full)
			entry.Size, entry.SHA256 = int64(len(data)), sum(data)
		}
		files.Files = append(files.Files, entry)
	})
	sort.Slice(files.Files, func(i, j int) bool { return files.Files[i].Path < files.Files[j].Path })
	writeJSON(t, filepath.Join(archive, pack.ManifestName), manifest)
	writeJSON(t, filepath.Join(archive, pack.FilesName), files)
}

// aboutPython asks an interpreter what the manifest says of it.
func aboutPython(t testing.TB, python string) pack.Python {
	t.Helper()
	out := runIn(t, "", os.Environ(), python, "-c", `
import sys, struct, sysconfig
abi = "cp%d%d" % sys.version_info[:2]
abi += ("mu" if sys.maxunicode > 65535 else "m") if sys.version_info[0] == 2 else sys.abiflags
print("%d.%d.%d" % sys.version_info[:3])
print(abi)
print(sysconfig.get_platform().replace("-", "_").replace(".", "_"))
print(struct.calcsize("P") * 8)`).must(t, "asking python")
	f := strings.Fields(out.out)
	bits := 64
	if f[3] == "32" {
		bits = 32
	}
	return pack.Python{Version: f[0], Implementation: "cpython", ABI: f[1], Platform: f[2], Bits: bits, Libc: "glibc"}
}

// walk calls f for everything in dir, by relative path with slashes.
func walk(t testing.TB, dir string, f func(path string, d fs.DirEntry)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(full string, d fs.DirEntry, err error) error {
		if err != nil {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		if rel, _ := filepath.Rel(dir, full); rel != "." {
			f(filepath.ToSlash(rel), d)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyDir copies a tree with modes, times and links.
func copyDir(t testing.TB, from, to string) {
	t.Helper()
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	walk(t, from, func(path string, d fs.DirEntry) {
		source, target := filepath.Join(from, path), filepath.Join(to, path)
		info, err := d.Info()
		switch {
		case err != nil:
		case d.IsDir():
			err = os.MkdirAll(target, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			var link string
			if link, err = os.Readlink(source); err == nil {
				err = os.Symlink(link, target)
			}
		case d.Type().IsRegular():
			var data []byte
			if data, err = os.ReadFile(source); err == nil {
				err = os.WriteFile(target, data, info.Mode().Perm())
			}
			os.Chmod(target, info.Mode().Perm())
			os.Chtimes(target, info.ModTime(), info.ModTime())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
}

func writeFile(t testing.TB, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeJSON(t testing.TB, path string, v any) {
	t.Helper()
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, string(data)+"\n")
}

func sum(data []byte) string {
	h := sha256.Sum256(data)
	return hex.EncodeToString(h[:])
}

// Package packtest has what the tests of bootstrap.py and launcher.py share: a
// buildout that a real zc.buildout built with a real Python, a minimal archive
// of it with placeholders, as Relocate and Write would make it, commands, and
// snapshots of trees. Those tests run Pythons again and again; they are packages
// of their own, so that each keeps within the ten minutes of go test.
package packtest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

// Line is a line of the table of zc.buildouts: what they need to run.
type Line struct {
	Python, Buildout string
	Wheels           []string // pure ones, resolved by hand; from PyPI
	Sources          []string // sdists alone, which setuptools and wheel of the above build
	Tools            []string // what makes wheels and eggs, where the line's own setuptools can't
}

// Lines are the zc.buildouts that the tests run, the newest first.
func Lines() []Line {
	return []Line{
		{"3.13", "6.0.1", []string{"zc.buildout==6.0.1", "setuptools==80.9.0", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "platformdirs==4.5.0", "zc.recipe.egg==4.0.0"}, nil, nil},
		{"3.12", "5.2.0", []string{"zc.buildout==5.2.0", "setuptools==75.8.2", "pip==25.2", "wheel==0.45.1", "packaging==25.0", "zc.recipe.egg==4.0.0"}, nil, nil},
		{"3.11", "4.2.0", []string{"zc.buildout==4.2.0", "setuptools==75.8.2", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "zc.recipe.egg==3.0.0"}, nil, nil},
		{"3.6", "3.3", []string{"zc.buildout==3.3", "setuptools==57.5.0", "pip==21.3.1", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
		{"3.8", "2.13.8", []string{"zc.buildout==2.13.8", "setuptools==51.3.3", "pip==21.3.1", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
		{"2.7", "2.13.8", []string{"zc.buildout==2.13.8", "setuptools==44.1.1", "pip==20.3.4", "wheel==0.37.1"}, []string{"zc.recipe.egg==2.0.7"}, nil},
		{"2.7", "1.7.1", []string{"setuptools==7.0"}, []string{"zc.buildout==1.7.1", "zc.recipe.egg==1.3.2"}, []string{"setuptools==44.1.1", "wheel==0.37.1"}},
		{"3.11", "6.0.1", []string{"zc.buildout==6.0.1", "setuptools==80.9.0", "pip==25.3", "wheel==0.45.1", "packaging==25.0", "platformdirs==4.5.0", "zc.recipe.egg==4.0.0"}, nil, nil},
	}
}

func (l Line) String() string { return l.Python + "-" + l.Buildout }

// eggsOf makes the eggs of a line, once a machine: they lie in the user's cache.
func eggsOf(t testing.TB, l Line) string {
	t.Helper()
	key := sha256.Sum256([]byte(l.String() + strings.Join(append(l.Wheels, l.Sources...), " ")))
	final := filepath.Join(testcache.Dir(t), "eggs", l.String()+"-"+hex.EncodeToString(key[:6]))
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
	python := testtool.PythonWith(t, l.Python, "pip")
	wheels, tools, eggs := filepath.Join(work, "wheels"), filepath.Join(work, "tools"), filepath.Join(work, "eggs")
	script, _ := filepath.Abs("../packtest/testdata/makeeggs.py")
	wheel := func(env []string, into string, names ...string) {
		args := []string{"-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", into}
		RunIn(t, work, env, python, append(args, names...)...).Must(t, "pip wheel")
	}
	made := wheels
	if l.Tools != nil {
		made = tools
		wheel(os.Environ(), tools, l.Tools...)
	}
	wheel(os.Environ(), wheels, l.Wheels...)
	if len(l.Sources) > 0 {
		toolEggs := filepath.Join(work, "tool-eggs")
		RunIn(t, work, os.Environ(), python, script, made, toolEggs, made).Must(t, "makeeggs.py")
		found, _ := filepath.Glob(filepath.Join(toolEggs, "*.egg"))
		env := append(os.Environ(), "PYTHONPATH="+strings.Join(found, string(os.PathListSeparator)))
		wheel(env, wheels, append([]string{"--no-build-isolation"}, l.Sources...)...)
	}
	RunIn(t, work, os.Environ(), python, script, wheels, eggs, made).Must(t, "makeeggs.py")
	if err := os.Rename(eggs, final); err != nil {
		if _, e := os.Stat(final); e != nil { // another process was first
			t.Fatal(err)
		}
	}
	return final
}

// Site is a built buildout, and where its archive lies.
type Site struct {
	Line    Line
	Python  string
	Archive string // a directory: what unpacking an archive leaves
}

// Edit changes a freshly copied checkout, before it is built.
type Edit func(t testing.TB, stage string)

// sites is the variable that names the directory of what SiteOf builds. To work
// on bootstrap.py and launcher.py, set it: then they are kept from one run to
// the next.
const sites = "BINARY_BUILDOUT_TEST_SITES"

// Main runs the tests of a package, and removes the sites that they built.
func Main(m *testing.M) int {
	if os.Getenv(sites) == "" {
		dir, err := os.MkdirTemp("", "sites")
		if err == nil {
			err = os.Setenv(sites, dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
	}
	return m.Run()
}

// built remembers the sites of this process: "LINE NAME" to archive.
var built sync.Map

// SiteOf builds testdata/site, once a process that started with Main.
func SiteOf(t testing.TB, l Line) Site {
	t.Helper()
	if unpacked, ok := built.Load(l.String()); ok {
		return Site{l, FindPython(t, l.Python), unpacked.(string)}
	}
	s := Site{l, FindPython(t, l.Python), filepath.Join(os.Getenv(sites), l.String(), "archive")}
	if _, err := os.Stat(s.Archive); err != nil {
		fresh := BuildSite(t, l)
		CopyDir(t, fresh.Archive, s.Archive)
	}
	renew(t, s.Archive)
	built.Store(l.String(), s.Archive)
	return s
}

// renew puts the bootstrap.py and launcher.py of the checkout into an archive.
func renew(t testing.TB, unpacked string) {
	t.Helper()
	WriteFile(t, filepath.Join(unpacked, "bootstrap.py"), string(target.Bootstrap()))
	WriteFile(t, filepath.Join(unpacked, archive.LauncherName), string(target.Launcher()))
	var manifest archive.Manifest
	if err := json.Unmarshal([]byte(ReadFile(t, filepath.Join(unpacked, archive.ManifestName))), &manifest); err != nil {
		t.Fatal(err)
	}
	Settle(t, unpacked)
	WriteManifest(t, unpacked, manifest)
}

// BuildSite builds testdata/site and makes an archive of it.
func BuildSite(t testing.TB, l Line, edits ...Edit) Site {
	t.Helper()
	b := newBuild(t, l, edits)
	said := b.run(t).Must(t, "building")
	if !strings.Contains(said.Out+said.Err, "Installing") {
		t.Fatalf("nothing was installed: %s", said.Out)
	}
	return Site{l, b.python, packSite(t, b.stage, b.python, b.launch)}
}

// FailBuild builds testdata/site, which has to fail, and gives what was said.
func FailBuild(t testing.TB, l Line, edits ...Edit) string {
	t.Helper()
	r := newBuild(t, l, edits).run(t)
	if r.Code == 0 {
		t.Fatalf("the build didn't fail:\n%s%s", r.Out, r.Err)
	}
	return r.Out + r.Err
}

// build is a stage before it is built.
type build struct {
	stage, python string
	launch        archive.Launch
}

func newBuild(t testing.TB, l Line, edits []Edit) build {
	t.Helper()
	python := FindPython(t, l.Python)
	stage := filepath.Join(t.TempDir(), "stage", strings.Repeat("x", 40))
	CopyDir(t, "../packtest/testdata/site", stage)
	eggs := filepath.Join(stage, "eggs")
	if l.Buildout[0] >= '5' {
		eggs = filepath.Join(eggs, "v5")
	}
	CopyDir(t, eggsOf(t, l), eggs)
	WriteFile(t, filepath.Join(stage, "base.cfg"), "[versions]\nsetuptools = \n")
	for _, e := range edits {
		e(t, stage)
	}
	WriteFile(t, filepath.Join(stage, archive.LauncherName), string(target.Launcher()))
	launch := archive.Launch{Format: 1, Config: "buildout.cfg", Options: []string{"buildout:eggs-directory=${buildout:directory}/eggs"}}
	found, _ := filepath.Glob(filepath.Join(eggs, "*.egg"))
	for _, egg := range found {
		if name := filepath.Base(egg); !strings.Contains(name, "recipe") && !strings.HasPrefix(name, "mr") {
			rel, _ := filepath.Rel(stage, egg)
			launch.Path = append(launch.Path, rel)
		}
	}
	WriteJSON(t, filepath.Join(stage, archive.LaunchName), launch)
	return build{stage, python, launch}
}

func (b build) run(t testing.TB) Result {
	t.Helper()
	env := append(os.Environ(), "PIP_NO_BUILD_ISOLATION=0")
	launcher := filepath.Join(b.stage, filepath.FromSlash(archive.LauncherName))
	return RunIn(t, b.stage, env, b.python, "-sSE", launcher, "--mode=build", "-U", "-N")
}

// packSite copies a built stage to an archive's directory with placeholders,
// and writes manifest.json and files.json.
func packSite(t testing.TB, stage, python string, launch archive.Launch) string {
	t.Helper()
	unpacked := filepath.Join(filepath.Dir(filepath.Dir(stage)), "archive")
	CopyDir(t, stage, unpacked)
	WriteFile(t, filepath.Join(unpacked, "bootstrap.py"), string(target.Bootstrap()))
	manifest := archive.Manifest{Format: 1, Generator: "test", Name: "site", Version: "1.0", Python: AboutPython(t, python)}
	manifest.Target = manifest.Python.ABI + "-" + manifest.Python.Platform
	Walk(t, unpacked, func(path string, d fs.DirEntry) {
		full := filepath.Join(unpacked, path)
		if strings.HasSuffix(path, ".pyc") {
			os.Remove(full)
		}
		if !d.Type().IsRegular() || strings.HasPrefix(path, "eggs/") || strings.HasPrefix(path, archive.Dir) {
			return
		}
		data, _ := os.ReadFile(full)
		if strings.HasSuffix(path, ".so") {
			module := strings.Split(filepath.Base(path), ".")[0]
			manifest.Extensions = append(manifest.Extensions, archive.Extension{Path: path, Module: module, SHA256: digest.Of(data)})
		}
		if new := withPlaceholders(path, data, stage, python); new != nil {
			info, _ := d.Info()
			os.WriteFile(full, new, info.Mode())
			manifest.Relocations = append(manifest.Relocations, archive.Relocation{Path: path, Class: archive.ClassText,
				Mode: uint32(info.Mode().Perm()), Size: int64(len(new)), SHA256: digest.Of(new)})
		}
	})
	Settle(t, unpacked)
	signatures(t, stage, unpacked, python, &manifest)
	Settle(t, unpacked)
	WriteManifest(t, unpacked, manifest)
	return unpacked
}

// withPlaceholders is what Relocate does to a text, or nil if it holds no path.
func withPlaceholders(path string, data []byte, stage, python string) []byte {
	if bytes.IndexByte(data, 0) >= 0 || !bytes.Contains(data, []byte(stage)) && !bytes.Contains(data, []byte(python)) {
		return nil
	}
	form := archive.FormPlain
	if strings.HasSuffix(path, ".json") {
		form = archive.FormURL
	}
	s := string(data)
	line, rest, _ := strings.Cut(s, "\n")
	if strings.HasPrefix(line, "#!") {
		line = strings.ReplaceAll(line, python, archive.Interpreter)
		for _, quote := range []string{`'`, `"`} {
			rest = strings.ReplaceAll(rest, quote+stage, quote+archive.Form(archive.Root, archive.FormPython))
		}
		s = line + "\n" + rest
	}
	if strings.HasSuffix(path, ".py") {
		s = strings.ReplaceAll(s, stage, archive.Form(archive.Root, archive.FormPython))
	}
	s = strings.ReplaceAll(s, stage, archive.Form(archive.Root, form))
	return []byte(strings.ReplaceAll(s, python, archive.Interpreter))
}

// signatures finds develop hashes in .installed.cfg, the directories that they
// were made of, and puts in those over the archive's own content.
func signatures(t testing.TB, stage, unpacked, python string, manifest *archive.Manifest) {
	t.Helper()
	path := filepath.Join(unpacked, ".installed.cfg")
	installed := ReadFile(t, path)
	dirs := []string{"develop-eggs"}
	links, _ := filepath.Glob(filepath.Join(stage, "develop-eggs", "*.egg-link"))
	for _, link := range links {
		first, _, _ := strings.Cut(ReadFile(t, link), "\n")
		rel, err := filepath.Rel(stage, strings.TrimSpace(first))
		if err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, rel)
	}
	before, after := hashes(t, stage, python, dirs), hashes(t, unpacked, python, dirs)
	for _, m := range regexp.MustCompile(`([A-Za-z0-9_.]+)-([0-9a-f]{32})`).FindAllStringSubmatch(installed, -1) {
		i := slices.Index(before, m[2])
		if i < 0 {
			t.Fatalf("%s is the hash of no develop directory (%v)", m[0], dirs)
		}
		installed = strings.ReplaceAll(installed, m[0], m[1]+"-"+after[i])
		if !hasSignature(manifest.Signatures, m[1]) {
			manifest.Signatures = append(manifest.Signatures, archive.Signature{Name: m[1], Path: dirs[i], Hash: after[i]})
		}
	}
	WriteFile(t, path, installed)
	for i, r := range manifest.Relocations {
		if r.Path == ".installed.cfg" {
			manifest.Relocations[i].Size, manifest.Relocations[i].SHA256 = int64(len(installed)), digest.Of([]byte(installed))
		}
	}
}

// hashes gives zc.buildout's hash of each directory of a tree.
func hashes(t testing.TB, root, python string, dirs []string) []string {
	t.Helper()
	args := append([]string{"-sSE", filepath.Join(root, archive.LauncherName), "--signature"}, dirs...)
	return strings.Fields(RunIn(t, root, os.Environ(), python, args...).Must(t, "--signature").Out)
}

func hasSignature(list []archive.Signature, name string) bool {
	for _, s := range list {
		if s.Name == name {
			return true
		}
	}
	return false
}

// Settle removes bytecode that a run left, and gives everything one time.
func Settle(t testing.TB, dir string) {
	t.Helper()
	when := time.Unix(315532800, 0)
	Walk(t, dir, func(path string, d fs.DirEntry) {
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

// WriteManifest writes manifest.json and files.json of an archive's directory.
func WriteManifest(t testing.TB, unpacked string, manifest archive.Manifest) {
	t.Helper()
	files := archive.Files{Format: 1}
	Walk(t, unpacked, func(path string, d fs.DirEntry) {
		entry := archive.Entry{Path: path, Mode: 0o755}
		full := filepath.Join(unpacked, path)
		switch {
		case path == archive.ManifestName || path == archive.FilesName:
			return
		case d.IsDir():
			entry.Type = "dir"
		case d.Type()&fs.ModeSymlink != 0:
			entry.Type = "link"
			entry.Link, _ = os.Readlink(full)
		default:
			data, _ := os.ReadFile(full)
			entry.Size, entry.SHA256 = int64(len(data)), digest.Of(data)
		}
		files.Files = append(files.Files, entry)
	})
	sort.Slice(files.Files, func(i, j int) bool { return files.Files[i].Path < files.Files[j].Path })
	WriteJSON(t, filepath.Join(unpacked, archive.ManifestName), manifest)
	WriteJSON(t, filepath.Join(unpacked, archive.FilesName), files)
}

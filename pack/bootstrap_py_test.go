package pack_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/binary-buildout/binary-buildout/pack"
)

// everyPython are the interpreters that bootstrap.py is run with.
var everyPython = []string{"2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"}

// shortPythons stand for all of them where a test is repeated often.
var shortPythons = []string{"2.7", "3.6", "3.13"}

const stageRoot = "/var/tmp/binary-buildout/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

func wide(s string) string {
	var b bytes.Buffer
	binary.Write(&b, binary.LittleEndian, utf16.Encode([]rune(s)))
	return b.String()
}

// smallFiles holds one file of each kind that bootstrap.py relocates.
func smallFiles() map[string]string {
	root, python := pack.Root, pack.Interpreter
	binaryFile := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 9) + stageRoot + "/lib/plugins\x00rest\x00" + stageRoot + "\x00end"
	return map[string]string{
		"bin/script":                "#!" + python + "\nimport sys\nsys.path[0:0] = ['" + pack.Form(pack.Root, pack.FormPython) + "/lib']\nimport mod\nprint(mod.where)\n",
		"bin/flags":                 "#!" + python + " -S\nprint('flags')\n",
		"bin/tool":                  "#!/bin/sh\nexec " + pack.Form(pack.Interpreter, pack.FormShell) + " -c 'print(1)' " + pack.Form(pack.Root, pack.FormShell) + "/x\n",
		"lib/mod.py":                "where = '" + pack.Form(pack.Root, pack.FormPython) + "'\n",
		"lib/pkg/sub.py":            "prefix = '" + pack.Form(pack.Prefix, pack.FormPython) + "'\n",
		"etc/a name with space.cfg": "[x]\nroot = " + root + "\nlib = " + root + "/lib\npython = " + python + "\n",
		"etc/url.json":              `{"url": "file://` + pack.Form(pack.Root, pack.FormURL) + `/src", "path": "` + pack.Form(pack.Root, pack.FormJSON) + "\"}\n",
		"etc/wide.ini":              wide("root=" + root + "/x\r\n"),
		"etc/latin.conf":            "caf\xe9 = " + root + "\n",
		"lib/ü.txt":                 root + "\n",
		"lib/plugin.so":             binaryFile,
		".installed.cfg":            "[buildout]\ninstalled_develop_eggs = \nparts = x\n\n[x]\n__buildout_installed__ = " + root + "/bin/script\n",
	}
}

// smallTree makes an archive's directory of smallFiles.
func smallTree(t testing.TB, python string, change ...func(*pack.Manifest)) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "archive")
	manifest := pack.Manifest{Format: 1, Generator: "test", Name: "small", Version: "1.0", Python: aboutPython(t, python), LongestPath: "lib/pkg/sub.py"}
	manifest.Target = manifest.Python.ABI + "-" + manifest.Python.Platform
	files := smallFiles()
	paths := []string{}
	for path := range files {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		data := files[path]
		writeFile(t, filepath.Join(dir, path), data)
		r := pack.Relocation{Path: path, Class: pack.ClassText, Mode: 0o644, Size: int64(len(data)), SHA256: sum([]byte(data))}
		if strings.HasPrefix(path, "bin/") {
			r.Mode = 0o755
			os.Chmod(filepath.Join(dir, path), 0o755)
		}
		if strings.HasSuffix(path, ".so") {
			r.Class = pack.ClassCString
			for _, tail := range []string{"/lib/plugins", ""} {
				old := stageRoot + tail
				r.CStrings = append(r.CStrings, pack.CString{Offset: int64(strings.Index(data, old+"\x00")), Old: old, Prefix: len(stageRoot)})
			}
		}
		manifest.Relocations = append(manifest.Relocations, r)
	}
	pyc := "lib/__pycache__/mod.cpython-" + strings.ReplaceAll(manifest.Python.ABI[2:], "m", "") + ".pyc"
	if strings.HasPrefix(manifest.Python.ABI, "cp27") {
		pyc = "lib/mod.pyc"
	}
	os.MkdirAll(filepath.Join(dir, filepath.Dir(pyc)), 0o755)
	manifest.Relocations = append(manifest.Relocations,
		pack.Relocation{Path: pyc, Class: pack.ClassBytecode, Mode: 0o644},
		pack.Relocation{Path: "bin/python", Class: pack.ClassLink, Link: pack.Interpreter},
		pack.Relocation{Path: "etc/inside", Class: pack.ClassLink, Link: pack.Root + "/lib/mod.py"})
	writeFile(t, filepath.Join(dir, pack.LauncherName), readFile(t, "launcher.py"))
	writeFile(t, filepath.Join(dir, "bootstrap.py"), readFile(t, "bootstrap.py"))
	writeJSON(t, filepath.Join(dir, pack.LaunchName), pack.Launch{Format: 1, Config: "buildout.cfg"})
	settle(t, dir)
	for _, c := range change {
		c(&manifest)
	}
	writeManifest(t, dir, manifest)
	return dir
}

// cEnv is an environment that has next to nothing.
func cEnv(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}, more...)
}

// TestBootstrap fits a small tree to a place with a space and an ü, by each Python.
func TestBootstrap(t *testing.T) {
	for _, minor := range everyPython {
		t.Run(minor, func(t *testing.T) {
			python := findPython(t, minor)
			archive := smallTree(t, python)
			root := filepath.Join(t.TempDir(), "ein Ort für alles")
			copyDir(t, archive, root)
			other := elsewhere(t, python, "python"+minor)
			r := runIn(t, "/", cEnv("HOME="), "/bin/sh", "-c", `umask 077; exec "$0" "$@"`, other, filepath.Join(root, "bootstrap.py")).must(t, "bootstrap.py")
			if !strings.Contains(r.out, "16 files relocated\nnext: bin/buildout\n") {
				t.Error(r.out)
			}
			checkSmall(t, root, other, minor)
			first := contents(t, root)
			r = runIn(t, root, cEnv(), other, "bootstrap.py").must(t, "again")
			if !strings.Contains(r.out, "nothing to do") {
				t.Error(r.out)
			}
			sameMap(t, first, contents(t, root))
			runIn(t, root, cEnv(), other, "bootstrap.py", "--check").must(t, "--check")

			// At a place that begins like the first one, by the plain interpreter, and back.
			second := filepath.Join(root+"x", "deeper")
			os.MkdirAll(root+"x", 0o755)
			os.Rename(root, second)
			runIn(t, second, cEnv(), python, "-S", "-E", "bootstrap.py").must(t, "moved")
			checkSmall(t, second, python, minor)
			nothingOf(t, second, root+"/", other)
			os.Rename(second, root)
			runIn(t, root, cEnv(), other, "bootstrap.py").must(t, "moved back")
			sameMap(t, first, contents(t, root))
		})
	}
}

// checkSmall fails the test unless smallFiles are what they have to be.
func checkSmall(t testing.TB, root, python, minor string) {
	t.Helper()
	env := cEnv("HOME=/nonexistent")
	if r := runIn(t, "/", env, filepath.Join(root, "bin/script")).must(t, "bin/script"); strings.TrimSpace(r.out) != root {
		t.Errorf("bin/script says %q", r.out)
	}
	runIn(t, "/", env, filepath.Join(root, "bin/flags")).must(t, "bin/flags")
	runIn(t, "/", env, filepath.Join(root, "bin/tool")).must(t, "bin/tool")
	binaryFile := readFile(t, filepath.Join(root, "lib/plugin.so"))
	want := smallFiles()["lib/plugin.so"]
	padded := strings.Repeat("/", len(stageRoot)-len(root)) + root
	if want = strings.ReplaceAll(want, stageRoot, padded); binaryFile != want {
		t.Errorf("lib/plugin.so holds %q", binaryFile)
	}
	if got := readFile(t, filepath.Join(root, "etc/wide.ini")); got != wide("root="+root+"/x\r\n") {
		t.Errorf("etc/wide.ini holds %q", got)
	}
	var urls struct{ URL, Path string }
	if err := json.Unmarshal([]byte(readFile(t, filepath.Join(root, "etc/url.json"))), &urls); err != nil || urls.Path != root {
		t.Errorf("%v %v", err, urls)
	}
	if strings.ContainsAny(urls.URL, " ü") {
		t.Error(urls.URL)
	}
	if cfg := readFile(t, filepath.Join(root, "etc/a name with space.cfg")); cfg != "[x]\nroot = "+root+"\nlib = "+root+"/lib\npython = "+python+"\n" {
		t.Errorf("%q", cfg)
	}
	for link, target := range map[string]string{"bin/python": python, "etc/inside": root + "/lib/mod.py"} {
		if got, err := os.Readlink(filepath.Join(root, link)); err != nil || got != target {
			t.Errorf("%s points to %q (%v)", link, got, err)
		}
	}
	info, err := os.Lstat(filepath.Join(root, "lib/mod.py"))
	if err != nil || info.ModTime().Unix() != 315532800 || info.Mode().Perm() != 0o644 {
		t.Errorf("lib/mod.py: %v %v", info, err)
	}
	// A read-only install starts without compiling: the .pyc is taken.
	r := runIn(t, "/", append(env, "PYTHONDONTWRITEBYTECODE=1"), python, "-v", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import mod", filepath.Join(root, "lib"))
	if !regexp.MustCompile(`(matches|precompiled).*mod`).MatchString(r.err) {
		t.Errorf("python%s compiled lib/mod.py again:\n%s", minor, grep(r.err, "mod"))
	}
}

func grep(s, word string) string {
	var found []string
	for _, line := range strings.Split(s, "\n") {
		if strings.Contains(line, word) {
			found = append(found, line)
		}
	}
	return strings.Join(found, "\n")
}

// contents notes everything in a tree: type, mode, digest, link target.
func contents(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, root, func(path string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		full := filepath.Join(root, path)
		switch {
		case d.Type()&fs.ModeSymlink != 0:
			found[path], _ = os.Readlink(full)
		case d.IsDir():
			found[path] = "dir"
		default:
			found[path] = fmt.Sprint(info.Mode(), sum([]byte(readFile(t, full))))
		}
	})
	return found
}

// TestBootstrapRefuses: one clear error, the exit code, and nothing changed.
func TestBootstrapRefuses(t *testing.T) {
	relocation := func(r pack.Relocation) func(*pack.Manifest) {
		return func(m *pack.Manifest) { m.Relocations = append(m.Relocations, r) }
	}
	tests := []struct {
		name   string
		change func(*pack.Manifest)
		damage func(t *testing.T, root string)
		code   int
		error  string
		hint   string
	}{
		{name: "minor", change: func(m *pack.Manifest) { m.Python.Version, m.Python.ABI = "3.4.10", "cp34m" }, code: 2, error: "is for Python 3.4", hint: "use small-1.0-cp"},
		{name: "abi", change: func(m *pack.Manifest) { m.Python.ABI += "t" }, code: 2, error: "is for the ABI", hint: "use small-1.0-cp"},
		{name: "implementation", change: func(m *pack.Manifest) { m.Python.Implementation = "pypy" }, code: 2, error: "pypy"},
		{name: "architecture", change: func(m *pack.Manifest) { m.Target = "cp313-manylinux_2_28_s390x" }, code: 2, error: "s390x", hint: "-manylinux_2_28_x86_64"},
		{name: "bits", change: func(m *pack.Manifest) { m.Python.Bits = 32 }, code: 2, error: "(32 bits)"},
		{name: "system", change: func(m *pack.Manifest) { m.Target = "cp313-win_amd64" }, code: 2, error: "for windows, and this is linux", hint: "-linux_x86_64"},
		{name: "libc", change: func(m *pack.Manifest) { m.Python.Libc = "musl" }, code: 2, error: "for musl, and this system has glibc", hint: "manylinux"},
		{name: "glibc", change: func(m *pack.Manifest) {
			m.Floors = []pack.Floor{{Kind: "glibc", Version: "2.99", File: "eggs/x.so"}}
		}, code: 2, error: "needs glibc 2.99", hint: "older system"},
		{name: "library", change: func(m *pack.Manifest) {
			m.SystemLibraries = []pack.SystemLibrary{{Name: "libc.so.6", NeededBy: "x"}, {Name: "libnowhere.so.7", NeededBy: "eggs/y.so", Package: "libnowhere7 (Debian)"}}
		}, code: 2, error: "lacks libnowhere.so.7 (needed by eggs/y.so)", hint: "install libnowhere7 (Debian)"},
		{name: "format", change: func(m *pack.Manifest) { m.Format = 2 }, code: 2, error: "has format 2"},
		{name: "climbs", change: relocation(pack.Relocation{Path: "lib/../../x", Class: "text"}), code: 1, error: "no path in the tree"},
		{name: "absolute", change: relocation(pack.Relocation{Path: "/etc/passwd", Class: "text"}), code: 1, error: "no path in the tree"},
		{name: "twice", change: relocation(pack.Relocation{Path: "lib/mod.py", Class: "text"}), code: 1, error: "twice"},
		{name: "own", change: relocation(pack.Relocation{Path: ".binary-buildout/launcher.py", Class: "text"}), code: 1, error: "can't be relocated"},
		{name: "class", change: relocation(pack.Relocation{Path: "x", Class: "magic"}), code: 1, error: "unknown class"},
		{name: "link out", change: relocation(pack.Relocation{Path: "bin/x", Class: "link", Link: "/etc/passwd"}), code: 1, error: "points to"},
		{name: "link climbs", change: relocation(pack.Relocation{Path: "bin/x", Class: "link", Link: pack.Root + "/../x"}), code: 1, error: "points to"},
		{name: "altered", damage: func(t *testing.T, root string) {
			f, _ := os.OpenFile(filepath.Join(root, "etc/latin.conf"), os.O_WRONLY|os.O_APPEND, 0)
			f.WriteString("x")
			f.Close()
		}, code: 1, error: "etc/latin.conf is not as it was packed", hint: "unpack the archive again"},
		{name: "missing", damage: func(t *testing.T, root string) { os.Remove(filepath.Join(root, "lib/mod.py")) }, code: 1, error: "lib/mod.py is missing"},
		{name: "truncated manifest", damage: func(t *testing.T, root string) {
			os.Truncate(filepath.Join(root, pack.ManifestName), 200)
		}, code: 1, error: "manifest.json is damaged"},
		{name: "no manifest", damage: func(t *testing.T, root string) { os.Remove(filepath.Join(root, pack.ManifestName)) }, code: 2, error: "manifest.json is missing"},
		{name: "directory is a link", damage: func(t *testing.T, root string) {
			os.Rename(filepath.Join(root, "lib"), root+"-lib")
			os.Symlink(root+"-lib", filepath.Join(root, "lib"))
		}, code: 1, error: "lib is no directory"},
		{name: "file is a link", damage: func(t *testing.T, root string) {
			os.Rename(filepath.Join(root, "lib/mod.py"), root+"-mod.py")
			os.Symlink(root+"-mod.py", filepath.Join(root, "lib/mod.py"))
		}, code: 1, error: "lib/mod.py is missing"},
		{name: "pipe", damage: func(t *testing.T, root string) {
			os.Remove(filepath.Join(root, "lib/mod.py"))
			makePipe(t, filepath.Join(root, "lib/mod.py"))
		}, code: 1, error: "lib/mod.py is missing"},
		{name: "unknown placeholder", change: func(m *pack.Manifest) {
			for i := range m.Relocations {
				if m.Relocations[i].Path == "etc/latin.conf" {
					data := []byte("@binary-buildout-home@\n")
					m.Relocations[i].Size, m.Relocations[i].SHA256 = int64(len(data)), sum(data)
				}
			}
		}, damage: func(t *testing.T, root string) {
			writeFile(t, filepath.Join(root, "etc/latin.conf"), "@binary-buildout-home@\n")
		}, code: 1, error: "placeholder that this program doesn't know"},
	}
	for _, minor := range shortPythons {
		if testing.Short() && minor != "3.13" {
			continue
		}
		python := findPython(t, minor)
		for _, test := range tests {
			t.Run(minor+" "+test.name, func(t *testing.T) {
				var changes []func(*pack.Manifest)
				if test.change != nil {
					changes = append(changes, test.change)
				}
				root := smallTree(t, python, changes...)
				if test.damage != nil {
					test.damage(t, root)
				}
				refused(t, root, python, test.code, test.error, test.hint)
			})
		}
	}
}

// refused fails the test unless bootstrap.py says so, and leaves all as it was.
func refused(t *testing.T, root, python string, code int, message, hint string) {
	t.Helper()
	before := names(t, root)
	r := runIn(t, root, cEnv(), python, "bootstrap.py")
	if r.code != code || !strings.HasPrefix(r.err, "error: ") || !strings.Contains(r.err, message) || !strings.Contains(r.err, hint) {
		t.Errorf("exit %d, want %d with %q and %q:\n%s%s", r.code, code, message, hint, r.out, r.err)
	}
	if strings.Count(r.err, "\n") > 2 {
		t.Errorf("more than an error and a hint:\n%s", r.err)
	}
	after := names(t, root)
	delete(after, ".binary-buildout/lock")
	sameMap(t, before, after)
}

// names notes each entry without reading it: inode, size, time.
func names(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, root, func(path string, d fs.DirEntry) {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[path] = fmt.Sprint(info.Mode())
		if !d.IsDir() {
			found[path] += fmt.Sprint(inode(info), info.Size(), info.ModTime())
		}
	})
	return found
}

// TestBootstrapPlaces refuses paths that can't work.
func TestBootstrapPlaces(t *testing.T) {
	python := findPython(t, "3.13")
	long := strings.Repeat("y", 100)
	for _, test := range []struct{ name, error string }{
		{"it's", `"'"`}, {"a\"b", "character"}, {"a\nb", "character"}, {"a%b", "character"}, {"a$b", "character"}, {"a\\b", "character"},
		{"a:b", "character"}, {"a;b", "character"}, {"a*b", "character"}, {"a`b", "character"}, {"ends ", "space"},
		{"b\xff", "not UTF-8"}, {long + "/" + long, "takes no more than"},
	} {
		t.Run(strconv.Quote(test.name), func(t *testing.T) {
			root := filepath.Join(t.TempDir(), test.name)
			copyDir(t, smallTree(t, python), root)
			refused(t, root, python, 2, test.error, "")
		})
	}
	t.Run("interpreter", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "it's")
		os.Mkdir(dir, 0o755)
		os.Symlink(python, filepath.Join(dir, "python3.13"))
		refused(t, smallTree(t, python), filepath.Join(dir, "python3.13"), 2, "the interpreter's path has a character", "")
	})
	t.Run("long shebang", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), long, long)
		os.MkdirAll(dir, 0o755)
		other := filepath.Join(dir, "python3.13")
		os.Symlink(python, other)
		root := smallTree(t, python)
		runIn(t, root, cEnv(), other, "bootstrap.py").must(t, "bootstrap.py")
		checkSmall(t, root, other, "3.13")
	})
}

// TestBootstrapOwner: a read-only tree, another user's, one that others can write.
func TestBootstrapOwner(t *testing.T) {
	python := findPython(t, "3.13")
	if os.Geteuid() != 0 {
		root := smallTree(t, python)
		os.Chmod(filepath.Join(root, "lib"), 0o555)
		refused(t, root, python, 3, "read-only", "writable")
		os.Chmod(filepath.Join(root, "lib"), 0o755)
		return
	}
	t.Run("another user's", func(t *testing.T) {
		root := smallTree(t, python)
		os.Chown(filepath.Join(root, "bootstrap.py"), 12345, 12345)
		refused(t, root, python, 2, "belongs to user 12345", "run it as that user")
	})
	t.Run("others can write", func(t *testing.T) {
		root := smallTree(t, python)
		os.Chmod(filepath.Join(root, pack.Dir), 0o777)
		refused(t, root, python, 2, "other users can write", "chmod go-w")
	})
	t.Run("read-only", func(t *testing.T) {
		root := smallTree(t, python)
		before := names(t, root)
		script := `set -e; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; cd "$1"; exec "$2" bootstrap.py`
		r := runIn(t, "/", cEnv(), "unshare", "-m", "/bin/sh", "-c", script, "sh", root, python)
		if r.code != 3 || !strings.Contains(r.err, "is read-only") || !strings.Contains(r.err, "writable") {
			t.Errorf("exit %d:\n%s%s", r.code, r.out, r.err)
		}
		sameMap(t, before, names(t, root))
	})
	t.Run("full disk", func(t *testing.T) {
		if out, err := exec.Command("unshare", "-m", "true").CombinedOutput(); err != nil {
			t.Fatalf("unshare: %v: %s", err, out)
		}
		root := smallTree(t, python)
		script := `set -e; mkdir "$1/m"; mount -t tmpfs -o size=600k tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"
head -c 1000000 /dev/zero > fill 2>/dev/null || true
find . -type f -not -path ./fill -not -name lock | sort | xargs -d '\n' sha256sum > /tmp/full.$$; rc=0; "$3" bootstrap.py || rc=$?; echo "rc=$rc"
find . -type f -not -path ./fill -not -name lock | sort | xargs -d '\n' sha256sum | cmp - /tmp/full.$$; rm /tmp/full.$$; rm fill; "$3" bootstrap.py`
		r := runIn(t, "/", cEnv(), "unshare", "-m", "/bin/sh", "-c", script, "sh", t.TempDir(), root, python).must(t, "full disk")
		if !strings.Contains(r.out, "rc=3") || !strings.Contains(r.err, "No space left on device") || !strings.Contains(r.out, "next: bin/buildout") {
			t.Errorf("%s%s", r.out, r.err)
		}
	})
}

// written are the system calls that change a file system.
const written = "openat,open,creat,write,pwrite64,rename,renameat,renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,symlink,symlinkat,chmod,fchmod,fchmodat,truncate,ftruncate,fsync,fdatasync,utimensat,utimes,utime"

// TestBootstrapKilled kills bootstrap.py at each call that writes, runs it
// again, and compares the tree with that of an undisturbed run.
func TestBootstrapKilled(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is needed: apt-get install strace")
	}
	for _, minor := range shortPythons {
		if testing.Short() && minor != "3.13" {
			continue
		}
		for _, moved := range []bool{false, true} {
			t.Run(fmt.Sprint(minor, " moved ", moved), func(t *testing.T) { killEach(t, minor, moved) })
		}
	}
}

func killEach(t *testing.T, minor string, moved bool) {
	python := findPython(t, minor)
	base := t.TempDir()
	archive := smallTree(t, python)
	if moved { // a tree that was set up elsewhere, and in which buildout and a person wrote
		runIn(t, archive, cEnv(), python, "bootstrap.py").must(t, "bootstrap.py")
		writeFile(t, filepath.Join(archive, "etc/latin.conf"), "mine = "+archive+"\n")
	}
	root := filepath.Join(base, "root with space")
	lay := func() {
		os.RemoveAll(root)
		copyDir(t, archive, root)
	}
	lay()
	trace := filepath.Join(base, "trace")
	strace := func(args ...string) result {
		args = append([]string{"-f", "-o", trace, "-e", "trace=" + written, "-e", "signal=none"}, args...)
		return runIn(t, root, cEnv("PYTHONDONTWRITEBYTECODE=1"), "strace", append(args, python, "-E", "bootstrap.py")...)
	}
	strace().must(t, "undisturbed")
	want := contents(t, root)
	n := writes(t, readFile(t, trace), root)
	t.Logf("N = %d", len(n))
	if len(n) < 80 {
		t.Errorf("only %d calls that write", len(n))
	}
	if testing.Short() {
		n = every(n, 12)
	} else if minor != "3.13" {
		n = every(n, 50)
	}
	for _, call := range n {
		lay()
		r := strace("-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call.name, call.number))
		if r.code != 137 && r.code != -1 {
			t.Fatalf("%v did not fire: exit %d", call, r.code)
		}
		runIn(t, root, cEnv(), python, "-E", "bootstrap.py").must(t, fmt.Sprint("after ", call))
		have := contents(t, root)
		sameMap(t, want, have)
		if t.Failed() {
			t.Fatalf("after the kill at %v", call)
		}
	}
}

// call is the number-th call of a name that a process makes.
type call struct {
	name   string
	number int
	line   string
}

func (c call) String() string { return fmt.Sprintf("%s %d: %s", c.name, c.number, c.line) }

var straceLine = regexp.MustCompile(`^(\d+) +([a-z0-9_]+)\((.*)`)

// writes gives the calls of a trace that write into root, by name and number.
// strace counts the calls of each name on its own, in each process: only
// those of the first one are killed.
func writes(t testing.TB, trace, root string) []call {
	t.Helper()
	var found []call
	numbers := map[string]int{}
	first := ""
	inside := map[string]bool{} // open descriptors of files in root
	for _, line := range strings.Split(trace, "\n") {
		m := straceLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if first == "" {
			first = m[1]
		}
		if m[1] != first {
			continue
		}
		name, rest := m[2], m[3]
		numbers[name]++
		fd, _, _ := strings.Cut(rest, ",")
		fd = strings.TrimSuffix(strings.Fields(fd)[0], ")")
		counts := strings.Contains(rest, root) || inside[fd]
		if strings.HasPrefix(name, "open") || name == "creat" {
			result := line[strings.LastIndex(line, "=")+1:]
			opened := strings.Fields(result)
			counts = strings.Contains(rest, root) && strings.Contains(rest, "O_CREAT")
			if len(opened) > 0 {
				inside[opened[0]] = counts
			}
		}
		if counts {
			found = append(found, call{name, numbers[name], strings.ReplaceAll(rest, root, "ROOT")})
		}
	}
	return found
}

// every picks count of the calls, spread evenly.
func every(calls []call, count int) []call {
	var picked []call
	for i := range count {
		if j := i * len(calls) / count; len(picked) == 0 || picked[len(picked)-1] != calls[j] {
			picked = append(picked, calls[j])
		}
	}
	return picked
}

// TestBootstrapReplaces: in files that buildout or a person wrote, old values
// become new ones at path boundaries, in each form and encoding.
func TestBootstrapReplaces(t *testing.T) {
	for _, minor := range shortPythons {
		python := findPython(t, minor)
		base := t.TempDir()
		first, second := filepath.Join(base, "srv app"), filepath.Join(base, "srv app", "sub")
		second = filepath.Join(base, "elsewhere", filepath.Base(second))
		copyDir(t, smallTree(t, python), first)
		runIn(t, first, cEnv(), python, "bootstrap.py").must(t, "bootstrap.py")
		url := func(s string) string { return strings.ReplaceAll(s, " ", "%20") }
		shell := func(s string) string { return strings.ReplaceAll(s, " ", `\ `) }
		text := func(root string) string {
			return strings.Join([]string{root, root + "/x", "-L" + root + "/lib", "file://" + url(root) + "/y", `"` + root + `"`, "at " + root + ".",
				root + ":" + root + "/z", "cd " + shell(root) + "/x", "////" + root + "/padded"}, "\n") + "\n"
		}
		kept := strings.Join([]string{first + "2", first + "-old", first + ".old/x", "/mnt" + first, "/a.b" + first + "/x", first + "ü"}, "\n") + "\n"
		writeFile(t, filepath.Join(first, "etc/latin.conf"), text(first)+kept)
		writeFile(t, filepath.Join(first, "etc/wide.ini"), wide("a "+first+"\r\nb "+first+"2"))
		script := "import sys\nsys.path[0:0] = ['" + first + "/lib']\nimport mod\nprint(mod.where)\n"
		writeFile(t, filepath.Join(first, "bin/script"), "#!"+python+"\n"+script)
		os.MkdirAll(filepath.Dir(second), 0o755)
		os.Rename(first, second)
		other := elsewhere(t, python, "python"+minor)
		runIn(t, second, cEnv(), other, "bootstrap.py").must(t, "moved")
		if got := readFile(t, filepath.Join(second, "etc/latin.conf")); got != text(second)+kept {
			t.Errorf("%s: got\n%s\nwant\n%s", minor, got, text(second)+kept)
		}
		if got := readFile(t, filepath.Join(second, "etc/wide.ini")); got != wide("a "+second+"\r\nb "+first+"2") {
			t.Errorf("%s: %q", minor, got)
		}
		if r := runIn(t, "/", cEnv(), filepath.Join(second, "bin/script")).must(t, "bin/script"); strings.TrimSpace(r.out) != second {
			t.Error(r.out)
		}
		runIn(t, second, cEnv(), python, "bootstrap.py").must(t, "the plain interpreter again")
		if got := readFile(t, filepath.Join(second, "bin/script")); got != "#!"+python+"\n"+strings.ReplaceAll(script, first, second) {
			t.Errorf("%s: %s", minor, got)
		}
	}
}

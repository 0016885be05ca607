package bootstraptest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestBootstrap fits a small tree to a place with a space and an ü, by each Python.
func TestBootstrap(t *testing.T) {
	for _, minor := range packtest.EveryPython() {
		t.Run(minor, func(t *testing.T) {
			python := packtest.FindPython(t, minor)
			unpacked := smallTree(t, python)
			root := filepath.Join(t.TempDir(), "ein Ort für alles")
			packtest.CopyDir(t, unpacked, root)
			other := packtest.Elsewhere(t, python, "python"+minor)
			r := packtest.RunIn(t, "/", packtest.CEnv("HOME="), "/bin/sh", "-c", `umask 077; exec "$0" "$@"`, other, filepath.Join(root, "bootstrap.py")).Must(t, "bootstrap.py")
			if !strings.Contains(r.Out, "16 files relocated\nnext: bin/buildout\n") {
				t.Error(r.Out)
			}
			checkSmall(t, root, other, minor)
			first := packtest.Contents(t, root)
			r = packtest.RunIn(t, root, packtest.CEnv(), other, "bootstrap.py").Must(t, "again")
			if !strings.Contains(r.Out, "nothing to do") {
				t.Error(r.Out)
			}
			packtest.SameMap(t, first, packtest.Contents(t, root))
			packtest.RunIn(t, root, packtest.CEnv(), other, "bootstrap.py", "--check").Must(t, "--check")

			// At a place that begins like the first one, by the plain interpreter, and back.
			second := filepath.Join(root+"x", "deeper")
			os.MkdirAll(root+"x", 0o755)
			os.Rename(root, second)
			packtest.RunIn(t, second, packtest.CEnv(), python, "-S", "-E", "bootstrap.py").Must(t, "moved")
			checkSmall(t, second, python, minor)
			packtest.NothingOf(t, second, root+"/", other)
			os.Rename(second, root)
			packtest.RunIn(t, root, packtest.CEnv(), other, "bootstrap.py").Must(t, "moved back")
			packtest.SameMap(t, first, packtest.Contents(t, root))
		})
	}
}

// TestBootstrapRefuses: one clear error, the exit code, and nothing changed.
// These are a few by whole processes; target/src/tests has all.
func TestBootstrapRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*archive.Manifest)
		damage func(t *testing.T, root string)
		code   int
		error  string
		hint   string
	}{
		{name: "minor", change: func(m *archive.Manifest) { m.Python.Version, m.Python.ABI = "3.4.10", "cp34m" }, code: 2, error: "is for Python 3.4", hint: "use small-1.0-cp"},
		{name: "library", change: func(m *archive.Manifest) {
			m.SystemLibraries = []archive.SystemLibrary{{Name: "libc.so.6", NeededBy: "x"}, {Name: "libnowhere.so.7", NeededBy: "eggs/y.so", Package: "libnowhere7 (Debian)"}}
		}, code: 2, error: "lacks libnowhere.so.7 (needed by eggs/y.so)", hint: "install libnowhere7 (Debian)"},
		{name: "missing", damage: func(t *testing.T, root string) { os.Remove(filepath.Join(root, "lib/mod.py")) }, code: 1, error: "lib/mod.py is missing"},
	}
	for _, minor := range packtest.BothPythons() {
		python := packtest.FindPython(t, minor)
		for _, test := range tests {
			t.Run(minor+" "+test.name, func(t *testing.T) {
				var changes []func(*archive.Manifest)
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

// TestBootstrapOutside: a link that pack was told to let pass leads where it led, wherever the tree goes.
func TestBootstrapOutside(t *testing.T) {
	for _, minor := range packtest.BothPythons() {
		python := packtest.FindPython(t, minor)
		root := smallTree(t, python, func(m *archive.Manifest) {
			m.Relocations = append(m.Relocations, archive.Relocation{Path: "etc/ssl", Class: archive.ClassLink, Link: "/etc/ssl/certs"})
		})
		for range 2 {
			packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
			if to, err := os.Readlink(filepath.Join(root, "etc/ssl")); err != nil || to != "/etc/ssl/certs" {
				t.Errorf("%s: %q, %v", minor, to, err)
			}
			packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py", "--check").Must(t, "--check")
			moved := root + "-moved"
			if err := os.Rename(root, moved); err != nil {
				t.Fatal(err)
			}
			root = moved
		}
	}
}

// refused fails the test unless bootstrap.py says so, and leaves all as it was.
func refused(t *testing.T, root, python string, code int, message, hint string) {
	t.Helper()
	before := packtest.Names(t, root)
	r := packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py")
	if r.Code != code || !strings.HasPrefix(r.Err, "error: ") || !strings.Contains(r.Err, message) || !strings.Contains(r.Err, hint) {
		t.Errorf("exit %d, want %d with %q and %q:\n%s%s", r.Code, code, message, hint, r.Out, r.Err)
	}
	if strings.Count(r.Err, "\n") > 2 {
		t.Errorf("more than an error and a hint:\n%s", r.Err)
	}
	after := packtest.Names(t, root)
	delete(after, ".binary-buildout/lock")
	packtest.SameMap(t, before, after)
}

// TestBootstrapPlaces refuses paths that can't work; target/src/tests has all of them.
func TestBootstrapPlaces(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	long := strings.Repeat("y", 100)
	for _, test := range []struct{ name, error string }{
		{"a\nb", "character"}, {"b\xff", "not UTF-8"}, {long + "/" + long, "takes no more than"},
	} {
		t.Run(strconv.Quote(test.name), func(t *testing.T) {
			root := filepath.Join(t.TempDir(), test.name)
			packtest.CopyDir(t, smallTree(t, python), root)
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
		packtest.RunIn(t, root, packtest.CEnv(), other, "bootstrap.py").Must(t, "bootstrap.py")
		checkSmall(t, root, other, "3.13")
	})
}

// TestBootstrapOwner: a read-only tree, another user's, one that others can write.
func TestBootstrapOwner(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
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
		os.Chmod(filepath.Join(root, archive.Dir), 0o777)
		refused(t, root, python, 2, "other users can write", "chmod go-w")
	})
	t.Run("read-only", func(t *testing.T) {
		root := smallTree(t, python)
		before := packtest.Names(t, root)
		script := `set -e; mount --bind "$1" "$1"; mount -o remount,bind,ro "$1"; cd "$1"; exec "$2" bootstrap.py`
		r := packtest.RunIn(t, "/", packtest.CEnv(), "unshare", "-m", "/bin/sh", "-c", script, "sh", root, python)
		if r.Code != 3 || !strings.Contains(r.Err, "is read-only") || !strings.Contains(r.Err, "writable") {
			t.Errorf("exit %d:\n%s%s", r.Code, r.Out, r.Err)
		}
		packtest.SameMap(t, before, packtest.Names(t, root))
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
		r := packtest.RunIn(t, "/", packtest.CEnv(), "unshare", "-m", "/bin/sh", "-c", script, "sh", t.TempDir(), root, python).Must(t, "full disk")
		if !strings.Contains(r.Out, "rc=3") || !strings.Contains(r.Err, "No space left on device") || !strings.Contains(r.Out, "next: bin/buildout") {
			t.Errorf("%s%s", r.Out, r.Err)
		}
	})
}

// TestBootstrapReplaces: in files that buildout or a person wrote, old values
// become new ones at path boundaries, in each form and encoding.
func TestBootstrapReplaces(t *testing.T) {
	for _, minor := range packtest.ShortPythons() {
		python := packtest.FindPython(t, minor)
		base := t.TempDir()
		first, second := filepath.Join(base, "srv app"), filepath.Join(base, "srv app", "sub")
		second = filepath.Join(base, "elsewhere", filepath.Base(second))
		packtest.CopyDir(t, smallTree(t, python), first)
		packtest.RunIn(t, first, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
		url := func(s string) string { return strings.ReplaceAll(s, " ", "%20") }
		shell := func(s string) string { return strings.ReplaceAll(s, " ", `\ `) }
		text := func(root string) string {
			return strings.Join([]string{root, root + "/x", "-L" + root + "/lib", "file://" + url(root) + "/y", `"` + root + `"`, "at " + root + ".",
				root + ":" + root + "/z", "cd " + shell(root) + "/x", "////" + root + "/padded"}, "\n") + "\n"
		}
		kept := strings.Join([]string{first + "2", first + "-old", first + ".old/x", "/mnt" + first, "/a.b" + first + "/x", first + "ü"}, "\n") + "\n"
		packtest.WriteFile(t, filepath.Join(first, "etc/latin.conf"), text(first)+kept)
		packtest.WriteFile(t, filepath.Join(first, "etc/wide.ini"), wide("a "+first+"\r\nb "+first+"2"))
		script := "import sys\nsys.path[0:0] = ['" + first + "/lib']\nimport mod\nprint(mod.where)\n"
		packtest.WriteFile(t, filepath.Join(first, "bin/script"), "#!"+python+"\n"+script)
		os.MkdirAll(filepath.Dir(second), 0o755)
		os.Rename(first, second)
		other := packtest.Elsewhere(t, python, "python"+minor)
		packtest.RunIn(t, second, packtest.CEnv(), other, "bootstrap.py").Must(t, "moved")
		if got := packtest.ReadFile(t, filepath.Join(second, "etc/latin.conf")); got != text(second)+kept {
			t.Errorf("%s: got\n%s\nwant\n%s", minor, got, text(second)+kept)
		}
		if got := packtest.ReadFile(t, filepath.Join(second, "etc/wide.ini")); got != wide("a "+second+"\r\nb "+first+"2") {
			t.Errorf("%s: %q", minor, got)
		}
		if r := packtest.RunIn(t, "/", packtest.CEnv(), filepath.Join(second, "bin/script")).Must(t, "bin/script"); strings.TrimSpace(r.Out) != second {
			t.Error(r.Out)
		}
		packtest.RunIn(t, second, packtest.CEnv(), python, "bootstrap.py").Must(t, "the plain interpreter again")
		if got := packtest.ReadFile(t, filepath.Join(second, "bin/script")); got != "#!"+python+"\n"+strings.ReplaceAll(script, first, second) {
			t.Errorf("%s: %s", minor, got)
		}
	}
}

// TestCheckLinks: omelette makes the archive's relative links absolute again,
// which bin/buildout notes; any other change of a link is a finding.
func TestCheckLinks(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	root := smallTree(t, python)
	packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py").Must(t, "bootstrap.py")
	link, to := filepath.Join(root, "etc/mod.py"), filepath.Join(root, "lib/mod.py")
	edit := func(name string, change func(map[string]any)) {
		var document map[string]any
		if err := json.Unmarshal([]byte(packtest.ReadFile(t, filepath.Join(root, name))), &document); err != nil {
			t.Fatal(err)
		}
		change(document)
		data, _ := json.Marshal(document)
		packtest.WriteFile(t, filepath.Join(root, name), string(data))
	}
	edit(archive.FilesName, func(d map[string]any) {
		d["files"] = append(d["files"].([]any), map[string]any{"path": "etc/mod.py", "type": "link", "link": "../lib/mod.py"})
	})
	check := func(target string, code int) {
		t.Helper()
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		r := packtest.RunIn(t, root, packtest.CEnv(), python, "bootstrap.py", "--check")
		if r.Code != code || (code != 0) != strings.Contains(r.Out+r.Err, "changed: etc/mod.py") {
			t.Errorf("%s: exit %d: %s%s", target, r.Code, r.Out, r.Err)
		}
	}
	check("../lib/mod.py", 0)
	check(to, 1)
	edit(archive.StateName, func(d map[string]any) { d["files"].(map[string]any)["etc/mod.py"] = "link:" + to })
	check(to, 0)
	check(to+"x", 1)
}

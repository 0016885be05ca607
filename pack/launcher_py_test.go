package pack_test

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack"
)

// bareEnv is a server's environment: no compiler on PATH, no network, and
// everything that a server may have of its own pointing the wrong way.
func bareEnv(t testing.TB, more ...string) []string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"sh", "env", "cat", "ls", "uname", "dirname", "rm", "mkdir"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	home := t.TempDir()
	writeFile(t, filepath.Join(home, ".buildout/default.cfg"), "[buildout]\neggs-directory = /nonexistent/eggs\nnewest = true\n")
	writeFile(t, filepath.Join(home, ".config/pip/pip.conf"), "[global]\nindex-url = http://127.0.0.1:9/\ntarget = /nonexistent\n")
	evil := filepath.Join(home, "evil")
	for _, module := range []string{"json", "setuptools", "zc"} {
		writeFile(t, filepath.Join(evil, module+".py"), "raise SystemExit('what PYTHONPATH holds was run')\n")
	}
	return append([]string{"PATH=" + bin, "HOME=" + home, "PYTHONPATH=" + evil, "PIP_TARGET=/nonexistent", "PIP_INDEX_URL=http://127.0.0.1:9/",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9", "LC_ALL=C"}, more...)
}

// without gives the environment without some variables.
func without(env []string, names ...string) []string {
	var kept []string
	for _, e := range env {
		name, _, _ := strings.Cut(e, "=")
		drop := false
		for _, n := range names {
			drop = drop || n == name
		}
		if !drop {
			kept = append(kept, e)
		}
	}
	return kept
}

// elsewhere gives the interpreter another path, one with a space and an ü.
func elsewhere(t testing.TB, python, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "py thön")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.Symlink(python, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// extensions notes digest, inode and time of each compiled file.
func extensions(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	walk(t, root, func(path string, d fs.DirEntry) {
		if strings.HasSuffix(path, ".so") && d.Type().IsRegular() && !strings.HasPrefix(path, pack.Dir) {
			info, err := d.Info()
			if err != nil {
				t.Fatal(err)
			}
			found[path] = fmt.Sprint(sum([]byte(readFile(t, filepath.Join(root, path)))), inode(info), info.ModTime())
		}
	})
	return found
}

// otherWork is what buildout says when it does more than update.
var otherWork = regexp.MustCompile(`(?m)^(Installing [^']|Uninstalling|Generated|Getting).*`)

// onlyUpdating fails the test unless each part was updated, and none installed.
func onlyUpdating(t testing.TB, r result, parts ...string) {
	t.Helper()
	r.must(t, "bin/buildout")
	for _, p := range parts {
		if !strings.Contains(r.out, "Updating "+p+".") {
			t.Errorf("part %s was not updated:\n%s%s", p, r.out, r.err)
		}
	}
	if bad := otherWork.FindString(r.out + r.err); bad != "" {
		t.Errorf("%q in:\n%s%s", bad, r.out, r.err)
	}
}

// TestTarget moves a real buildout, and runs the two lines there.
func TestTarget(t *testing.T) {
	for i, l := range pyLines {
		if testing.Short() && i > 0 {
			continue
		}
		t.Run(l.String(), func(t *testing.T) {
			s := siteOf(t, l)
			root := filepath.Join(t.TempDir(), "söme where")
			copyDir(t, s.archive, root)
			python := elsewhere(t, s.python, "python"+l.python)
			env := bareEnv(t)
			before := extensions(t, root)
			if len(before) == 0 {
				t.Fatal("no extension was built")
			}
			out := runIn(t, root, env, python, "bootstrap.py").must(t, "bootstrap.py")
			t.Log(out.out)
			for _, args := range [][]string{nil, {"-o"}, {"-N"}, {"-v"}} {
				r := runIn(t, root, env, filepath.Join(root, "bin/buildout"), args...)
				onlyUpdating(t, r, "scripts", "conf")
				sameMap(t, before, extensions(t, root))
			}
			r := runIn(t, "/", env, filepath.Join(root, "bin/demo"))
			if r.must(t, "bin/demo"); r.out != "the answer is 42\n" {
				t.Error(r.out)
			}
			runIn(t, "/", without(env, "PYTHONPATH"), filepath.Join(root, "bin/py"), "-c", "import demo, pure").must(t, "bin/py")
			if conf := readFile(t, filepath.Join(root, "parts/conf/app.conf")); !strings.Contains(conf, "root = "+root+"\n") {
				t.Error(conf)
			}
			again := runIn(t, root, env, python, "bootstrap.py").must(t, "bootstrap.py again")
			if !strings.Contains(again.out, "nothing to do") {
				t.Error(again.out)
			}
			runIn(t, root, env, python, "bootstrap.py", "--check").must(t, "--check")
			// Moved again, and given another Python.
			second := filepath.Join(t.TempDir(), "second")
			if err := os.Rename(root, second); err != nil {
				t.Fatal(err)
			}
			r = runIn(t, second, env, filepath.Join(second, "bin/buildout"))
			if r.code != 2 || !strings.Contains(r.err, "moved") || !strings.Contains(r.err, "hint: python bootstrap.py") {
				t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
			}
			runIn(t, "/", env, s.python, filepath.Join(second, "bootstrap.py")).must(t, "bootstrap.py")
			onlyUpdating(t, runIn(t, "/", env, filepath.Join(second, "bin/buildout")), "scripts", "conf")
			runIn(t, "/", env, filepath.Join(second, "bin/demo")).must(t, "bin/demo")
			nothingOf(t, second, root, python)
		})
	}
}

// nothingOf fails the test if a file outside of .binary-buildout holds one of the strings.
func nothingOf(t testing.TB, root string, olds ...string) {
	t.Helper()
	walk(t, root, func(path string, d fs.DirEntry) {
		if !d.Type().IsRegular() || strings.HasPrefix(path, pack.Dir) || strings.HasSuffix(path, ".pyc") {
			return
		}
		data := readFile(t, filepath.Join(root, path))
		for _, old := range olds {
			if strings.Contains(data, old) {
				t.Errorf("%s holds %s", path, old)
			}
		}
	})
}

func sameMap(t testing.TB, want, have map[string]string) {
	t.Helper()
	for k, v := range want {
		if have[k] != v {
			t.Errorf("%s: %s, was %s", k, have[k], v)
		}
	}
	for k := range have {
		if _, ok := want[k]; !ok {
			t.Errorf("%s is new", k)
		}
	}
}

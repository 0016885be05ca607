package pack_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/pack"
)

// installed is a site that was unpacked and bootstrapped.
type installed struct {
	site
	root string
	env  []string
}

func install(t testing.TB, l pyLine) installed {
	t.Helper()
	s := siteOf(t, l)
	in := installed{s, filepath.Join(t.TempDir(), "srv"), bareEnv(t)}
	copyDir(t, s.archive, in.root)
	runIn(t, in.root, in.env, s.python, "bootstrap.py").must(t, "bootstrap.py")
	return in
}

func (in installed) buildout(t testing.TB, args ...string) result {
	t.Helper()
	return runIn(t, in.root, in.env, filepath.Join(in.root, "bin/buildout"), args...)
}

func (in installed) path(rel string) string { return filepath.Join(in.root, rel) }

// change replaces text in a file of the tree.
func (in installed) change(t testing.TB, rel, old, new string) {
	t.Helper()
	data := readFile(t, in.path(rel))
	if !strings.Contains(data, old) {
		t.Fatalf("%s doesn't hold %q", rel, old)
	}
	writeFile(t, in.path(rel), strings.Replace(data, old, new, 1))
}

// buildouts notes what belongs to buildout: all that a failed run must leave as it was.
func (in installed) buildouts(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for path, what := range contents(t, in.root) {
		top, _, _ := strings.Cut(path, "/")
		switch top {
		case "bin", "parts", "eggs", "develop-eggs", ".installed.cfg":
			if !strings.HasSuffix(path, ".pyc") && !strings.HasSuffix(path, "__pycache__") {
				found[path] = what
			}
		}
	}
	return found
}

// shortLines are the oldest and the newest zc.buildout, and one between.
func shortLines() []pyLine {
	return []pyLine{pyLines[0], pyLines[5]}
}

func eachLine(t *testing.T, f func(t *testing.T, l pyLine)) {
	lines := pyLines
	if testing.Short() {
		lines = pyLines[:1]
	}
	for _, l := range lines {
		t.Run(l.String(), func(t *testing.T) { f(t, l) })
	}
}

// TestLauncherRegenerates: changes that need no compiler work, and move with the tree.
func TestLauncherRegenerates(t *testing.T) {
	eachLine(t, func(t *testing.T, l pyLine) {
		in := install(t, l)
		before := extensions(t, in.root)
		in.buildout(t, "-c", "host.cfg").must(t, "-c host.cfg")
		if conf := readFile(t, in.path("parts/conf/app.conf")); conf != "root = "+in.root+"\nport = 9090\n" {
			t.Error(conf)
		}
		in.change(t, "buildout.cfg", "interpreter = py\n", "interpreter = pyrite\n")
		in.buildout(t, "-c", in.path("host.cfg")).must(t, "a new script")
		in.change(t, "src/pure/src/pure/__init__.py", "pure and simple", "changed here")
		sameMap(t, before, extensions(t, in.root))

		var state pack.State
		if err := json.Unmarshal([]byte(readFile(t, in.path(pack.StateName))), &state); err != nil || state.Config != "host.cfg" {
			t.Errorf("%v: config is %q", err, state.Config)
		}
		second := filepath.Join(t.TempDir(), "second place")
		old := in.root
		os.Rename(in.root, second)
		in.root = second
		runIn(t, second, in.env, elsewhere(t, in.python, "python"+l.python), "bootstrap.py").must(t, "bootstrap.py")
		nothingOf(t, second, old)
		onlyUpdating(t, in.buildout(t, "-c", "host.cfg"), "scripts", "conf")
		if conf := readFile(t, in.path("parts/conf/app.conf")); conf != "root = "+second+"\nport = 9090\n" {
			t.Error(conf)
		}
		env := without(in.env, "PYTHONPATH")
		if r := runIn(t, "/", env, in.path("bin/pure")).must(t, "bin/pure"); r.out != "changed here\n" {
			t.Error(r.out)
		}
		runIn(t, "/", env, in.path("bin/pyrite"), "-c", "import demo; demo.main()").must(t, "bin/pyrite")
		if _, err := os.Stat(in.path("bin/py")); err == nil {
			t.Error("bin/py is still there")
		}
		runIn(t, second, in.env, in.python, "bootstrap.py", "--check")
	})
}

// TestLauncherFails: a run that can't be done says why, and leaves everything as it was.
func TestLauncherFails(t *testing.T) {
	const port = "port = 8080"
	tests := []struct {
		name   string
		change func(t *testing.T, in installed)
		say    []string
	}{
		{"a recipe fails", func(t *testing.T, in installed) {
			in.change(t, "buildout.cfg", "parts = scripts conf", "parts = scripts conf bad")
			in.change(t, "buildout.cfg", port, port+"81\n\n[bad]\nrecipe = demorecipe:fails\nport = 1\nfail = true")
		}, []string{"error: part bad: told to fail"}},
		{"one part is dropped and another fails", func(t *testing.T, in installed) {
			in.change(t, "buildout.cfg", "parts = scripts conf", "parts = bad")
			in.change(t, "buildout.cfg", port, port+"\n\n[bad]\nrecipe = demorecipe:fails\nport = 1\nfail = true")
		}, []string{"error: part bad: told to fail"}},
		{"a compiled part", func(t *testing.T, in installed) {
			in.change(t, "buildout.cfg", "parts = scripts conf", "parts = scripts conf lib")
			in.change(t, "buildout.cfg", port, port+"\n\n[lib]\nrecipe = demorecipe:compiled\nvalue = 1")
		}, []string{"error: part lib needs a compiler"}},
		{"a missing egg", func(t *testing.T, in installed) {
			in.change(t, "buildout.cfg", "    pure\n", "    pure\n    no-such-egg\n")
		}, []string{"error: part scripts: ", "no-such-egg"}},
		{"a changed C source", func(t *testing.T, in installed) {
			in.change(t, "src/demo/src/demo/_speed.c", "42", "43")
		}, []string{"src/demo/src/demo/_speed.c was changed", "needs a compiler"}},
		{"a lost extension", func(t *testing.T, in installed) {
			for path := range extensions(t, in.root) {
				os.Remove(in.path(path))
			}
		}, []string{"is missing", "needs a compiler"}},
		{"a new develop package in C", func(t *testing.T, in installed) {
			copyDir(t, in.path("src/demo"), in.path("src/demo2"))
			for _, name := range []string{"setup.py", "src/demo/_speed.c"} {
				data := strings.ReplaceAll(readFile(t, in.path("src/demo2/"+name)), `name="demo"`, `name="demo2"`)
				writeFile(t, in.path("src/demo2/"+name), data)
			}
			os.RemoveAll(in.path("src/demo2/src/demo.egg-info"))
			os.RemoveAll(in.path("src/demo2/build"))
			found, _ := filepath.Glob(in.path("src/demo2/src/demo/*.so"))
			for _, so := range found {
				os.Remove(so)
			}
			in.change(t, "buildout.cfg", "develop = ", "develop = src/demo2 ")
		}, []string{"src/demo2", "compiler"}},
		{"no such configuration", func(t *testing.T, in installed) { os.Remove(in.path("buildout.cfg")) }, []string{"buildout.cfg"}},
	}
	if testing.Short() {
		tests = tests[1:5]
	}
	eachLine(t, func(t *testing.T, l pyLine) {
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				in := install(t, l)
				in.buildout(t).must(t, "bin/buildout")
				test.change(t, in)
				before := in.buildouts(t)
				r := in.buildout(t)
				if r.code != 1 {
					t.Errorf("exit %d", r.code)
				}
				for _, say := range test.say {
					if !strings.Contains(r.err, say) {
						t.Errorf("no %q in:\n%s%s", say, r.out, r.err)
					}
				}
				sameMap(t, before, in.buildouts(t))
				if _, err := os.Stat(in.path(".binary-buildout/journal")); err == nil {
					t.Error("the journal is still there")
				}
			})
		}
	})
}

// TestLauncherKilled kills a run that takes a part away and makes others at
// calls that write, and has the next command bring everything back.
func TestLauncherKilled(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatal("strace is needed: apt-get install strace")
	}
	count := 50
	if testing.Short() {
		count = 4
	}
	for _, l := range shortLines() {
		if testing.Short() && l.String() != pyLines[0].String() {
			continue
		}
		if l.String() != pyLines[0].String() {
			count = 16 // the journal is the same code, and strace takes its time
		}
		t.Run(l.String(), func(t *testing.T) {
			in := install(t, l)
			in.buildout(t).must(t, "bin/buildout")
			in.change(t, "buildout.cfg", "port = 8080", "port = 8081")
			in.change(t, "buildout.cfg", "interpreter = py", "interpreter = pyrite")
			kept := in.root + "-kept"
			copyDir(t, in.root, kept)
			before := in.buildouts(t)
			trace := filepath.Join(t.TempDir(), "trace")
			strace := func(args ...string) result {
				args = append([]string{"-f", "-o", trace, "-e", "trace=" + written, "-e", "signal=none"}, args...)
				return runIn(t, in.root, append(in.env, "PYTHONDONTWRITEBYTECODE=1"), "/usr/bin/strace", append(args, filepath.Join(in.root, "bin/buildout"))...)
			}
			strace().must(t, "undisturbed")
			calls := writes(t, readFile(t, trace), in.root)
			t.Logf("N = %d, of which %d", len(calls), count)
			for _, call := range every(calls, count) {
				os.RemoveAll(in.root)
				copyDir(t, kept, in.root)
				r := strace("-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call.name, call.number))
				if r.code != 137 && r.code != -1 {
					t.Fatalf("%v did not fire: exit %d\n%s", call, r.code, r.err)
				}
				runIn(t, in.root, in.env, in.python, "bootstrap.py").must(t, fmt.Sprint("after ", call))
				have := in.buildouts(t)
				if have["parts/conf/app.conf"] != before["parts/conf/app.conf"] {
					// killed after the run had been done: then it is done whole
					in.buildout(t).must(t, "after the commit")
					continue
				}
				sameMap(t, before, have)
				if t.Failed() {
					t.Fatalf("after the kill at %v", call)
				}
			}
		})
	}
}

// TestLauncherLock: one at a time.
func TestLauncherLock(t *testing.T) {
	in := install(t, pyLines[0])
	cmd := exec.Command(in.python, "-c", `
import fcntl, sys
f = open(sys.argv[1], "r+b")
fcntl.flock(f, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()`, in.path(".binary-buildout/lock"))
	stdin, _ := cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Read(make([]byte, 7))
	for _, r := range []result{in.buildout(t), runIn(t, in.root, in.env, in.python, "bootstrap.py")} {
		if r.code != 3 || !strings.Contains(r.err, "error: another bin/buildout or bootstrap.py is at work") {
			t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
		}
	}
	stdin.Close()
	cmd.Wait()
	onlyUpdating(t, in.buildout(t), "scripts", "conf")
}

// TestLauncherRefuses: not set up, moved, or another interpreter.
func TestLauncherRefuses(t *testing.T) {
	s := siteOf(t, pyLines[0])
	root := filepath.Join(t.TempDir(), "srv")
	copyDir(t, s.archive, root)
	env := bareEnv(t)
	launcher := filepath.Join(root, pack.LauncherName)
	tests := []struct {
		name, python, error string
		before              func()
	}{
		{"not set up", s.python, "was not set up yet", func() {}},
		{"another Python", findPython(t, "3.12"), "was set up for", func() { runIn(t, root, env, s.python, "bootstrap.py").must(t, "bootstrap.py") }},
		{"interrupted", s.python, "was interrupted", func() {
			state := readFile(t, filepath.Join(root, pack.StateName))
			writeFile(t, filepath.Join(root, pack.StateName), strings.Replace(state, "{", `{"pending": {"root": "/x"},`, 1))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.before()
			before := names(t, root)
			r := runIn(t, root, env, test.python, launcher, "--mode=target")
			if r.code != 2 || !strings.Contains(r.err, test.error) || !strings.Contains(r.err, "hint: python bootstrap.py") {
				t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
			}
			sameMap(t, before, names(t, root))
		})
	}
}

// TestLauncherDevelopNew: a pure package that is added on the target works offline.
func TestLauncherDevelopNew(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	eachLine(t, func(t *testing.T, l pyLine) {
		in := install(t, l)
		copyDir(t, in.path("src/pure"), in.path("src/added"))
		os.RemoveAll(in.path("src/added/src/pure.egg-info"))
		os.Rename(in.path("src/added/src/pure"), in.path("src/added/src/added"))
		writeFile(t, in.path("src/added/setup.py"), strings.ReplaceAll(readFile(t, in.path("src/added/setup.py")), "pure", "added"))
		in.change(t, "buildout.cfg", "develop = ", "develop = src/added ")
		in.change(t, "buildout.cfg", "    pure\n", "    pure\n    added\n")
		in.buildout(t).must(t, "bin/buildout")
		r := runIn(t, "/", without(in.env, "PYTHONPATH"), in.path("bin/added"))
		if r.must(t, "bin/added"); r.out != "pure and simple\n" {
			t.Error(r.out)
		}
		onlyUpdating(t, in.buildout(t), "scripts", "conf")
		onlyUpdating(t, in.buildout(t, "-o"), "scripts", "conf")
	})
}

// TestLauncherMrDeveloper: checkouts are kept, without git and without .git.
func TestLauncherMrDeveloper(t *testing.T) {
	l := pyLines[0]
	l.wheels = append(append([]string{}, l.wheels...), "mr.developer==3.0.0")
	repository := filepath.Join(t.TempDir(), "kept")
	copyDir(t, "testdata/target/site/src/pure", repository)
	git := func(args ...string) {
		env := append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		runIn(t, repository, env, "git", args...).must(t, "git")
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	s := buildSite(t, l, func(t testing.TB, stage string) {
		os.RemoveAll(filepath.Join(stage, "src/pure"))
		cfg := readFile(t, filepath.Join(stage, "buildout.cfg"))
		cfg = strings.Replace(cfg, "develop = src/demo src/pure", "extensions = mr.developer\nauto-checkout = pure\nalways-checkout = true\ndevelop = src/demo", 1)
		writeFile(t, filepath.Join(stage, "buildout.cfg"), cfg+"\n[sources]\npure = git file://"+repository+"\n")
	})
	root := filepath.Join(t.TempDir(), "srv")
	copyDir(t, s.archive, root)
	os.RemoveAll(filepath.Join(root, "src/pure/.git"))
	in := installed{s, root, bareEnv(t)}
	runIn(t, root, in.env, s.python, "bootstrap.py").must(t, "bootstrap.py")
	for _, args := range [][]string{nil, {"-N"}, {"-o"}} {
		r := in.buildout(t, args...)
		onlyUpdating(t, r, "scripts", "conf")
		if !strings.Contains(r.out, "Kept the checkout of 'pure'") {
			t.Error(r.out)
		}
	}
	if r := runIn(t, "/", without(in.env, "PYTHONPATH"), in.path("bin/pure")).must(t, "bin/pure"); r.out != "pure and simple\n" {
		t.Error(r.out)
	}
	os.RemoveAll(in.path("src/pure"))
	if r := in.buildout(t); r.code != 1 || !strings.Contains(r.err, "the checkout of pure is not in this tree") {
		t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
	}
}

// TestLauncherWheel: an egg added by hand, as a wheel in a find-links folder.
func TestLauncherWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	eachLine(t, func(t *testing.T, l pyLine) {
		if l.buildout[0] == '1' {
			return // zc.buildout 1 knows no wheels
		}
		in := install(t, l)
		wheel := in.path("wheels/byhand-1.0-py2.py3-none-any.whl")
		os.MkdirAll(filepath.Dir(wheel), 0o755)
		zipFile(t, wheel, map[string]string{
			"byhand.py":                             "def main():\n    print('by hand')\n",
			"byhand-1.0.dist-info/METADATA":         "Metadata-Version: 2.1\nName: byhand\nVersion: 1.0\n",
			"byhand-1.0.dist-info/WHEEL":            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py2-none-any\nTag: py3-none-any\n",
			"byhand-1.0.dist-info/top_level.txt":    "byhand\n",
			"byhand-1.0.dist-info/entry_points.txt": "[console_scripts]\nbyhand = byhand:main\n",
			"byhand-1.0.dist-info/RECORD":           "byhand.py,,\nbyhand-1.0.dist-info/METADATA,,\nbyhand-1.0.dist-info/WHEEL,,\nbyhand-1.0.dist-info/top_level.txt,,\nbyhand-1.0.dist-info/entry_points.txt,,\nbyhand-1.0.dist-info/RECORD,,\n",
		})
		in.change(t, "buildout.cfg", "find-links =", "find-links = wheels")
		in.change(t, "buildout.cfg", "    pure\n", "    pure\n    byhand\n")
		in.buildout(t).must(t, "bin/buildout")
		if r := runIn(t, "/", without(in.env, "PYTHONPATH"), in.path("bin/byhand")).must(t, "bin/byhand"); r.out != "by hand\n" {
			t.Error(r.out)
		}
		onlyUpdating(t, in.buildout(t), "scripts", "conf")
	})
}

// zipFile writes a zip of files.
func zipFile(t testing.TB, path string, files map[string]string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, data := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(data))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
}

// TestLauncherRecipeDevelop: zc.recipe.egg:develop keeps what was compiled, until its options change.
func TestLauncherRecipeDevelop(t *testing.T) {
	// Without conf: zc.buildout 6 hashes develop-eggs for its signature, before dev is there.
	for _, l := range pyLines {
		if testing.Short() && l.String() != pyLines[0].String() {
			continue
		}
		t.Run(l.String(), func(t *testing.T) {
			s := buildSite(t, l, func(t testing.TB, stage string) {
				cfg := readFile(t, filepath.Join(stage, "buildout.cfg"))
				cfg = strings.Replace(cfg, "parts = scripts conf", "parts = dev scripts", 1)
				cfg = strings.Replace(cfg, "develop = src/demo ", "develop = ", 1)
				writeFile(t, filepath.Join(stage, "buildout.cfg"), cfg+"\n[dev]\nrecipe = zc.recipe.egg:develop\nsetup = src/demo\ndefine = X=1\n")
			})
			in := installed{s, filepath.Join(t.TempDir(), "srv"), bareEnv(t)}
			copyDir(t, s.archive, in.root)
			runIn(t, in.root, in.env, s.python, "bootstrap.py").must(t, "bootstrap.py")
			compiled := extensions(t, in.root)
			onlyUpdating(t, in.buildout(t), "dev", "scripts")
			onlyUpdating(t, in.buildout(t, "-o"), "dev", "scripts")
			sameMap(t, compiled, extensions(t, in.root))
			runIn(t, "/", without(in.env, "PYTHONPATH"), in.path("bin/demo")).must(t, "bin/demo")
			in.change(t, "buildout.cfg", "define = X=1", "define = X=2")
			before := in.buildouts(t)
			r := in.buildout(t)
			if r.code != 1 || !strings.Contains(r.err, "error: part dev: ") || !strings.Contains(r.err, "needs a compiler") {
				t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
			}
			sameMap(t, before, in.buildouts(t))
			sameMap(t, compiled, extensions(t, in.root))
		})
	}
}

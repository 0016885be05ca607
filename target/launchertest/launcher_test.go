package launchertest

import (
	"archive/zip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

func eachLine(t *testing.T, f func(t *testing.T, l packtest.Line)) {
	lines := packtest.Lines()
	if testing.Short() {
		lines = packtest.Lines()[:1]
	}
	for _, l := range lines {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			f(t, l)
		})
	}
}

// TestLauncherRegenerates: changes that need no compiler work, and move with the tree.
func TestLauncherRegenerates(t *testing.T) {
	eachLine(t, func(t *testing.T, l packtest.Line) {
		in := packtest.Install(t, l)
		before := packtest.Extensions(t, in.Root)
		in.Buildout(t, "-c", "host.cfg").Must(t, "-c host.cfg")
		if conf := packtest.ReadFile(t, in.Path("parts/conf/app.conf")); conf != "root = "+in.Root+"\nport = 9090\n" {
			t.Error(conf)
		}
		in.Change(t, "buildout.cfg", "interpreter = py\n", "interpreter = pyrite\n")
		in.Change(t, "buildout.cfg", "parts = scripts conf\n", "parts = scripts conf wsgi\n")
		in.Change(t, "buildout.cfg", "[conf]\n", "[wsgi]\nrecipe = demorecipe:wsgi\n\n[conf]\n")
		in.Buildout(t, "-c", in.Path("host.cfg")).Must(t, "a new script")
		in.Change(t, "src/pure/src/pure/__init__.py", "pure and simple\")", "changed here\"); import pure_spaces.one")
		spaces := takenNamespace(t, l, in, "pure_spaces")
		packtest.SameMap(t, before, packtest.Extensions(t, in.Root))

		var state archive.State
		if err := json.Unmarshal([]byte(packtest.ReadFile(t, in.Path(archive.StateName))), &state); err != nil || state.Config != "host.cfg" {
			t.Errorf("%v: config is %q", err, state.Config)
		}
		second := filepath.Join(t.TempDir(), "second place")
		old := in.Root
		os.Rename(in.Root, second)
		in.Root = second
		packtest.RunIn(t, second, in.Env, packtest.Elsewhere(t, in.Python, "python"+l.Python), "bootstrap.py").Must(t, "bootstrap.py")
		packtest.NothingOf(t, second, old)
		packtest.OnlyUpdating(t, in.Buildout(t, "-c", "host.cfg"), "scripts", "conf", "wsgi")
		if conf := packtest.ReadFile(t, in.Path("parts/conf/app.conf")); conf != "root = "+second+"\nport = 9090\n" {
			t.Error(conf)
		}
		env := append(packtest.Without(in.Env, "PYTHONPATH"), spaces)
		if r := packtest.RunIn(t, "/", env, in.Path("bin/pure")).Must(t, "bin/pure"); r.Out != "changed here\n" {
			t.Error(r.Out)
		}
		if r := packtest.RunIn(t, "/", env, in.Path("bin/wsgi")).Must(t, "bin/wsgi"); r.Out != "serving demo\n" {
			t.Error(r.Out)
		}
		packtest.RunIn(t, "/", env, in.Path("bin/pyrite"), "-c", "import demo, pure_spaces.one; demo.main()").Must(t, "bin/pyrite")
		if _, err := os.Stat(in.Path("bin/py")); err == nil {
			t.Error("bin/py is still there")
		}
		packtest.RunIn(t, second, in.Env, in.Python, "bootstrap.py", "--check")
	})
}

// takenNamespace gives the application a package with a module, and the
// environment in which the interpreter makes a namespace of that package before a
// script starts, as it does where pip installed another part of the namespace.
func takenNamespace(t *testing.T, l packtest.Line, in packtest.Installed, name string) string {
	packtest.WriteFile(t, in.Path("src/pure/src/"+name+"/__init__.py"), "")
	packtest.WriteFile(t, in.Path("src/pure/src/"+name+"/one.py"), "")
	base := t.TempDir()
	if l.Python == "2.7" {
		packtest.WriteFile(t, filepath.Join(base, "lib/python2.7/site-packages", name+"-nspkg.pth"),
			"import sys, types, os; m = sys.modules.setdefault('"+name+"', types.ModuleType('"+name+"')); m.__path__ = [os.path.join(sys._getframe(1).f_locals['sitedir'], '"+name+"')]\n")
	}
	return "PYTHONUSERBASE=" + base
}

// TestLauncherFails: a run that can't be done says why, and leaves everything as it was.
func TestLauncherFails(t *testing.T) {
	const port = "port = 8080"
	tests := []struct {
		name   string
		change func(t *testing.T, in packtest.Installed)
		say    []string
	}{
		{"a recipe fails", func(t *testing.T, in packtest.Installed) {
			in.Change(t, "buildout.cfg", "parts = scripts conf", "parts = scripts conf bad")
			in.Change(t, "buildout.cfg", port, port+"81\n\n[bad]\nrecipe = demorecipe:fails\nport = 1\nfail = true")
		}, []string{"error: part bad: told to fail"}},
		{"one part is dropped and another fails", func(t *testing.T, in packtest.Installed) {
			in.Change(t, "buildout.cfg", "parts = scripts conf", "parts = bad")
			in.Change(t, "buildout.cfg", port, port+"\n\n[bad]\nrecipe = demorecipe:fails\nport = 1\nfail = true")
		}, []string{"error: part bad: told to fail"}},
		{"a compiled part", func(t *testing.T, in packtest.Installed) {
			in.Change(t, "buildout.cfg", "parts = scripts conf", "parts = scripts conf lib")
			in.Change(t, "buildout.cfg", port, port+"\n\n[lib]\nrecipe = demorecipe:compiled\nvalue = 1")
		}, []string{"error: part lib needs a compiler"}},
		{"a missing egg", func(t *testing.T, in packtest.Installed) {
			in.Change(t, "buildout.cfg", "    pure\n", "    pure\n    no-such-egg\n")
		}, []string{"error: part scripts: ", "no-such-egg"}},
		{"a changed C source", func(t *testing.T, in packtest.Installed) {
			in.Change(t, "src/demo/src/demo/_speed.c", "42", "43")
		}, []string{"src/demo/src/demo/_speed.c was changed", "needs a compiler"}},
		{"a lost extension", func(t *testing.T, in packtest.Installed) {
			for path := range packtest.Extensions(t, in.Root) {
				os.Remove(in.Path(path))
			}
		}, []string{"is missing", "needs a compiler"}},
		{"a new develop package in C", func(t *testing.T, in packtest.Installed) {
			packtest.CopyDir(t, in.Path("src/demo"), in.Path("src/demo2"))
			for _, name := range []string{"setup.py", "src/demo/_speed.c"} {
				data := strings.ReplaceAll(packtest.ReadFile(t, in.Path("src/demo2/"+name)), `name="demo"`, `name="demo2"`)
				packtest.WriteFile(t, in.Path("src/demo2/"+name), data)
			}
			os.RemoveAll(in.Path("src/demo2/src/demo.egg-info"))
			os.RemoveAll(in.Path("src/demo2/build"))
			found, _ := filepath.Glob(in.Path("src/demo2/src/demo/*.so"))
			for _, so := range found {
				os.Remove(so)
			}
			in.Change(t, "buildout.cfg", "develop = ", "develop = src/demo2 ")
		}, []string{"src/demo2", "compiler"}},
		{"no such configuration", func(t *testing.T, in packtest.Installed) { os.Remove(in.Path("buildout.cfg")) }, []string{"buildout.cfg"}},
	}
	if testing.Short() {
		tests = tests[1:5]
	}
	eachLine(t, func(t *testing.T, l packtest.Line) {
		in, fresh := packtest.Install(t, l), filepath.Join(t.TempDir(), "fresh")
		in.Buildout(t).Must(t, "bin/buildout")
		packtest.CopyDir(t, in.Root, fresh)
		for _, test := range tests {
			t.Run(test.name, func(t *testing.T) {
				if err := os.RemoveAll(in.Root); err != nil {
					t.Fatal(err)
				}
				packtest.CopyDir(t, fresh, in.Root)
				test.change(t, in)
				before := in.Buildouts(t)
				r := in.Buildout(t)
				if r.Code != 1 {
					t.Errorf("exit %d", r.Code)
				}
				for _, say := range test.say {
					if !strings.Contains(r.Err, say) {
						t.Errorf("no %q in:\n%s%s", say, r.Out, r.Err)
					}
				}
				packtest.SameMap(t, before, in.Buildouts(t))
				if _, err := os.Stat(in.Path(".binary-buildout/journal")); err == nil {
					t.Error("the journal is still there")
				}
			})
		}
	})
}

// TestLauncherLock: one at a time.
func TestLauncherLock(t *testing.T) {
	in := packtest.Install(t, packtest.Lines()[0])
	cmd := exec.Command(in.Python, "-c", `
import fcntl, sys
f = open(sys.argv[1], "r+b")
fcntl.flock(f, fcntl.LOCK_EX)
print("locked", flush=True)
sys.stdin.read()`, in.Path(".binary-buildout/lock"))
	stdin, _ := cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stdout.Read(make([]byte, 7))
	for _, r := range []packtest.Result{in.Buildout(t), packtest.RunIn(t, in.Root, in.Env, in.Python, "bootstrap.py")} {
		if r.Code != 3 || !strings.Contains(r.Err, "error: another bin/buildout or bootstrap.py is at work") {
			t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
		}
	}
	stdin.Close()
	cmd.Wait()
	packtest.OnlyUpdating(t, in.Buildout(t), "scripts", "conf")
}

// TestLauncherRefuses: not set up, moved, or another interpreter.
func TestLauncherRefuses(t *testing.T) {
	s := packtest.SiteOf(t, packtest.Lines()[0])
	root := filepath.Join(t.TempDir(), "srv")
	packtest.CopyDir(t, s.Archive, root)
	env := packtest.BareEnv(t)
	launcher := filepath.Join(root, archive.LauncherName)
	tests := []struct {
		name, python, error string
		before              func()
	}{
		{"not set up", s.Python, "was not set up yet", func() {}},
		{"another Python", packtest.FindPython(t, "3.12"), "was set up for", func() { packtest.RunIn(t, root, env, s.Python, "bootstrap.py").Must(t, "bootstrap.py") }},
		{"interrupted", s.Python, "was interrupted", func() {
			state := packtest.ReadFile(t, filepath.Join(root, archive.StateName))
			packtest.WriteFile(t, filepath.Join(root, archive.StateName), strings.Replace(state, "{", `{"pending": {"root": "/x"},`, 1))
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.before()
			before := packtest.Names(t, root)
			r := packtest.RunIn(t, root, env, test.python, launcher, "--mode=target")
			if r.Code != 2 || !strings.Contains(r.Err, test.error) || !strings.Contains(r.Err, "hint: python bootstrap.py") {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			packtest.SameMap(t, before, packtest.Names(t, root))
		})
	}
}

// TestLauncherSpace: zc.buildout itself splits develop at the spaces of its own path.
func TestLauncherSpace(t *testing.T) {
	eachLine(t, func(t *testing.T, l packtest.Line) {
		in := packtest.InstallAt(t, packtest.SiteOf(t, l), filepath.Join(t.TempDir(), "my srv"))
		in.Change(t, "buildout.cfg", "develop = src/demo", "develop = ${buildout:directory}/src/demo")
		packtest.OnlyUpdating(t, in.Buildout(t), "scripts", "conf")
		packtest.RunIn(t, "/", packtest.Without(in.Env, "PYTHONPATH"), in.Path("bin/demo")).Must(t, "bin/demo")
	})
}

// TestLauncherDevelopNew: a pure package that is added on the target works offline.
func TestLauncherDevelopNew(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	eachLine(t, func(t *testing.T, l packtest.Line) {
		in := packtest.Install(t, l)
		packtest.CopyDir(t, in.Path("src/pure"), in.Path("src/added"))
		os.RemoveAll(in.Path("src/added/src/pure.egg-info"))
		os.Rename(in.Path("src/added/src/pure"), in.Path("src/added/src/added"))
		packtest.WriteFile(t, in.Path("src/added/setup.py"), strings.ReplaceAll(packtest.ReadFile(t, in.Path("src/added/setup.py")), "pure", "added"))
		in.Change(t, "buildout.cfg", "develop = ", "develop = src/added ")
		in.Change(t, "buildout.cfg", "    pure\n", "    pure\n    added\n")
		in.Buildout(t).Must(t, "bin/buildout")
		r := packtest.RunIn(t, "/", packtest.Without(in.Env, "PYTHONPATH"), in.Path("bin/added"))
		if r.Must(t, "bin/added"); r.Out != "pure and simple\n" {
			t.Error(r.Out)
		}
		packtest.OnlyUpdating(t, in.Buildout(t), "scripts", "conf")
		packtest.OnlyUpdating(t, in.Buildout(t, "-o"), "scripts", "conf")
	})
}

// TestLauncherMrDeveloper: checkouts are kept, without git and without .git.
func TestLauncherMrDeveloper(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	l := packtest.Lines()[0]
	l.Wheels = append(append([]string{}, l.Wheels...), "mr.developer==3.0.0")
	repository := filepath.Join(t.TempDir(), "kept")
	packtest.CopyDir(t, "../packtest/testdata/site/src/pure", repository)
	git := func(args ...string) {
		env := append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		packtest.RunIn(t, repository, env, "git", args...).Must(t, "git")
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "first")
	s := packtest.BuildSite(t, l, func(t testing.TB, stage string) {
		os.RemoveAll(filepath.Join(stage, "src/pure"))
		cfg := packtest.ReadFile(t, filepath.Join(stage, "buildout.cfg"))
		cfg = strings.Replace(cfg, "develop = src/demo src/pure", "extensions = mr.developer\nauto-checkout = pure\nalways-checkout = true\ndevelop = src/demo", 1)
		packtest.WriteFile(t, filepath.Join(stage, "buildout.cfg"), cfg+"\n[sources]\npure = git file://"+repository+"\n")
	})
	root := filepath.Join(t.TempDir(), "my srv")
	packtest.CopyDir(t, s.Archive, root)
	os.RemoveAll(filepath.Join(root, "src/pure/.git"))
	in := packtest.Installed{Site: s, Root: root, Env: packtest.BareEnv(t)}
	packtest.RunIn(t, root, in.Env, s.Python, "bootstrap.py").Must(t, "bootstrap.py")
	for _, args := range [][]string{nil, {"-N"}, {"-o"}} {
		r := in.Buildout(t, args...)
		packtest.OnlyUpdating(t, r, "scripts", "conf")
		if !strings.Contains(r.Out, "Kept the checkout of 'pure'") {
			t.Error(r.Out)
		}
		// mr.developer notes buildout's arguments in a file of its own: that is no edit.
		if r := packtest.RunIn(t, root, in.Env, s.Python, "bootstrap.py", "--check"); strings.Contains(r.Out, ".mr.developer.cfg") {
			t.Error(r.Out)
		}
	}
	if r := packtest.RunIn(t, "/", packtest.Without(in.Env, "PYTHONPATH"), in.Path("bin/pure")).Must(t, "bin/pure"); r.Out != "pure and simple\n" {
		t.Error(r.Out)
	}
	os.RemoveAll(in.Path("src/pure"))
	if r := in.Buildout(t); r.Code != 1 || !strings.Contains(r.Err, "the checkout of pure is not in this tree") {
		t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
	}
}

// TestLauncherWheel: an egg added by hand, as a wheel in a find-links folder.
func TestLauncherWheel(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	eachLine(t, func(t *testing.T, l packtest.Line) {
		if l.Buildout[0] == '1' {
			return // zc.buildout 1 knows no wheels
		}
		in := packtest.Install(t, l)
		wheel := in.Path("wheels/byhand-1.0-py2.py3-none-any.whl")
		os.MkdirAll(filepath.Dir(wheel), 0o755)
		zipFile(t, wheel, byHand())
		in.Change(t, "buildout.cfg", "find-links =", "find-links = wheels")
		in.Change(t, "buildout.cfg", "    pure\n", "    pure\n    byhand\n")
		in.Buildout(t).Must(t, "bin/buildout")
		if r := packtest.RunIn(t, "/", packtest.Without(in.Env, "PYTHONPATH"), in.Path("bin/byhand")).Must(t, "bin/byhand"); r.Out != "by hand\n" {
			t.Error(r.Out)
		}
		packtest.OnlyUpdating(t, in.Buildout(t), "scripts", "conf")
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
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	// Without conf: zc.buildout 6 hashes develop-eggs for its signature, before dev is there.
	for _, l := range packtest.Lines() {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			s := packtest.BuildSite(t, l, func(t testing.TB, stage string) {
				cfg := packtest.ReadFile(t, filepath.Join(stage, "buildout.cfg"))
				cfg = strings.Replace(cfg, "parts = scripts conf", "parts = dev scripts", 1)
				cfg = strings.Replace(cfg, "develop = src/demo ", "develop = ", 1)
				packtest.WriteFile(t, filepath.Join(stage, "buildout.cfg"), cfg+"\n[dev]\nrecipe = zc.recipe.egg:develop\nsetup = src/demo\ndefine = X=1\n")
			})
			in := packtest.InstallAt(t, s, filepath.Join(t.TempDir(), "srv"))
			compiled := packtest.Extensions(t, in.Root)
			packtest.OnlyUpdating(t, in.Buildout(t), "dev", "scripts")
			packtest.OnlyUpdating(t, in.Buildout(t, "-o"), "dev", "scripts")
			packtest.SameMap(t, compiled, packtest.Extensions(t, in.Root))
			packtest.RunIn(t, "/", packtest.Without(in.Env, "PYTHONPATH"), in.Path("bin/demo")).Must(t, "bin/demo")
			in.Change(t, "buildout.cfg", "define = X=1", "define = X=2")
			before := in.Buildouts(t)
			r := in.Buildout(t)
			if r.Code != 1 || !strings.Contains(r.Err, "error: part dev: ") || !strings.Contains(r.Err, "needs a compiler") {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			packtest.SameMap(t, before, in.Buildouts(t))
			packtest.SameMap(t, compiled, packtest.Extensions(t, in.Root))
		})
	}
}

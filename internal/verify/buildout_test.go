package verify

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
	programs "github.com/binary-buildout/binary-buildout/target"
)

// customized is a buildout with a develop package whose extension is optional, and an egg
// that zc.recipe.egg:custom compiles, both under pip's build isolation.
var customized = tree{
	"buildout.cfg": "[buildout]\nparts = custom py\ndevelop = src/demo\nshow-picked-versions = false\n\n" +
		"[versions]\nzc.buildout = 5.2.0\nzc.recipe.egg = 4.0.0\nzope.hookable = 8.4\n\n" +
		"[custom]\nrecipe = zc.recipe.egg:custom\negg = zope.hookable\n\n" +
		"[py]\nrecipe = zc.recipe.egg\neggs = demo\ninterpreter = py\n",
	"src/demo/setup.py": "from setuptools import setup, Extension\n" +
		"setup(name='demo', version='1.0', packages=['demo'], ext_modules=[Extension('demo._good', ['good.c'], optional=True), Extension('demo._more', ['more.c'], optional=True)])\n",
	"src/demo/demo/__init__.py": "", "src/demo/good.c": sdist["good.c"], "src/demo/more.c": "#include <Python.h>\n" + bothInits("_more"),
}

// built runs the buildout in a stage, with the witness, and a compiler that has a fault.
func built(t *testing.T, files tree, fault string) (*buildout.Tree, Input) {
	t.Helper()
	env := append(compilers(t, fault), pipCache(t))
	tree, err := buildout.Run(t.Context(), buildout.Options{Dir: files.write(t), Stage: filepath.Join(t.TempDir(), "stage"), Python: verifytest.Python(t, "3.11"),
		Launcher: programs.Launcher(), Witness: InstallWitness, Env: env, OS: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	return tree, inputOf(t, tree)
}

func inputOf(t *testing.T, tree *buildout.Tree) Input {
	t.Helper()
	ds, cs, err := ReadLogs(tree.Declared, tree.Compiler)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Source: Dir(tree.Root), Roots: []string{tree.Root}, Python: tree.Python, Witnessed: true, Declared: ds, Compiles: cs}
	for _, i := range tree.Installed {
		in.Parts = append(in.Parts, Part{Name: i.Part, Recipe: i.Recipe, Installed: i.Paths, Eggs: strings.Fields(i.Options["eggs"] + " " + i.Options["egg"])})
	}
	return in
}

// TestBuildoutWithFailingCompiler: the compiler fails for one of two modules of a develop package, and for that
// of custom. Buildout ends with success; each of the two is missing, with its egg, its part and the compiler's
// line, and the third is there.
func TestBuildoutWithFailingCompiler(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	t.Parallel()
	_, in := built(t, customized, "more.c _zope_hookable.c")
	r := check(t, in)
	if got := modulesOf(r.Compiled); !slices.Equal(got, []string{"demo._good"}) {
		t.Errorf("compiled %q", got)
	}
	want := []string{"demo demo._more part py", "zope.hookable zope.hookable._zope_hookable part custom"}
	var got []string
	for _, i := range r.Missing {
		got = append(got, fmt.Sprintf("%s %s part %s", i.Egg, i.Module, i.Part))
		if !strings.Contains(strings.Join(i.Lines, "\n"), "planted: error") {
			t.Errorf("%s: lines %q", i.Module, i.Lines)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("missing %q, want %q", got, want)
	}
}

// TestPartThatVanished: buildout runs again in a built tree, since an option changed. It says
// "Installing custom." and ends with success, though the extension of that part is gone (zc.recipe.egg:custom on zc.buildout 4.2, 5.2 and 6.0, 2026-11).
// Nobody watched that run.
func TestPartThatVanished(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	t.Parallel()
	files := tree{"buildout.cfg": strings.NewReplacer("parts = custom py", "parts = custom", "develop = src/demo\n", "").Replace(customized["buildout.cfg"])}
	tree, in := built(t, files, "none")
	extensions := filepath.Join(tree.Root, "develop-eggs", "zope*", "zope", "hookable", "*.so")
	if found, _ := filepath.Glob(extensions); len(found) != 1 || check(t, in).Err() != nil {
		t.Fatalf("after the build: %q, %v", found, check(t, in).Err())
	}
	cmd := exec.Command(tree.Interpreter.Executable, "-sS", filepath.Join(tree.Root, ".binary-buildout", "launcher.py"), "--mode=target", "custom:define=CHANGED")
	cmd.Dir, cmd.Env = tree.Root, append(compilers(t, "always"), pipCache(t))
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Installing custom.") {
		t.Fatalf("%v\n%s", err, out)
	}
	if found, _ := filepath.Glob(extensions); len(found) != 0 {
		t.Fatalf("the extension is there: %q", found)
	}
	cfg, err := os.ReadFile(filepath.Join(tree.Root, ".installed.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	made := regexp.MustCompile(`(?m)^__buildout_installed__ = (/.*)$`).FindSubmatch(cfg)
	if made == nil {
		t.Fatalf("no part in %s", cfg)
	}
	in.Declared, in.Compiles, in.Witnessed, in.Parts[0].Installed = nil, nil, false, []string{string(made[1])}
	r := check(t, in)
	if len(r.Missing) != 1 || r.Missing[0].Part != "custom" || len(r.Foreign) != 0 {
		t.Errorf("missing %+v\nforeign %s\nmade %s\n%s", r.Missing, messages(r.Foreign), made[1], out)
	}
}

// TestEmptyPart: a directory that a part made, as z3c.recipe.mkdir does, is
// there, even if nothing is in it.
func TestEmptyPart(t *testing.T) {
	top := filepath.Join(t.TempDir(), "demo-1.0")
	if err := os.MkdirAll(filepath.Join(top, "parts", "spool", "in"), 0o755); err != nil {
		t.Fatal(err)
	}
	sources := map[string]Source{"directory": Dir(top)}
	for name, pack := range map[string][]string{"x.tar.gz": {"tar", "-czf"}, "x.zip": {"zip", "-qr"}} {
		archive := filepath.Join(t.TempDir(), name)
		cmd := exec.Command(testtool.Program(t, pack[0]), pack[1], archive, "demo-1.0")
		cmd.Dir = filepath.Dir(top)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		sources[name] = Archive(archive)
	}
	for name, source := range sources {
		r := check(t, Input{Source: source, Roots: []string{"/stage"}, Parts: []Part{{Name: "spool", Recipe: "z3c.recipe.mkdir", Installed: []string{"/stage/parts/spool/in", "/stage/parts/gone"}}}})
		if got := messages(r.Missing); !strings.Contains(got, "parts/gone") || strings.Contains(got, "parts/spool/in") {
			t.Errorf("%s: missing %q", name, got)
		}
	}
}

// lossySetup is that of a project that compiles if its own trial does, as real ones do: %s is the trial.
const lossySetup = `import os, subprocess, sys, tempfile
from setuptools import setup, Extension

def compiler_works():
    work = tempfile.mkdtemp()
    with open(os.path.join(work, 'probe.c'), 'w') as f:
        f.write('int main(void) { return 0; }')
    %s

setup(name='@NAME@', version='1.0', packages=['@NAME@'], ext_modules=[Extension('@NAME@._lossy', ['lossy.c'])] if compiler_works() else [])
`

// lossySdists are three such projects, as sdists, beside the recipe: an index that is asked for
// a project that it doesn't know sends the list of all.
func lossySdists(t *testing.T, python, recipe string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command(verifytest.Python(t, python), "-m", "pip", "download", "-q", "--no-deps", "-d", dir, recipe).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, trial := range map[string]string{
		"lossya": "return subprocess.call([os.environ.get('CC', 'cc'), '-c', 'probe.c'], cwd=work) == 0",
		"lossyb": `from distutils.ccompiler import new_compiler
    from distutils.sysconfig import customize_compiler
    compiler = new_compiler()
    customize_compiler(compiler)
    try:
        compiler.compile([os.path.join(work, 'probe.c')], output_dir=work)
    except Exception:
        return False
    return True`,
		"lossyc": "return os.system('%s --version >/dev/null 2>&1' % os.environ.get('CC', 'cc')) == 0",
	} {
		top := name + "-1.0"
		files := tree{top + "/setup.py": strings.ReplaceAll(strings.Replace(lossySetup, "%s", trial, 1), "@NAME@", name), top + "/lossy.c": "#include <Python.h>\n" + bothInits("_lossy"),
			top + "/" + name + "/__init__.py": "", top + "/MANIFEST.in": "include *.c\n", top + "/PKG-INFO": "Metadata-Version: 1.0\nName: " + name + "\nVersion: 1.0\n"}
		cmd := exec.Command("tar", "-czf", filepath.Join(dir, top+".tar.gz"), top)
		cmd.Dir = files.write(t)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return dir
}

// TestLossyBuilds: each project tries the compiler in its own way, finds that it doesn't work, and goes on without.
// buildout ends with success; each extension is missing, by its own name, with what the compiler said. Under pip's
// build isolation one is enough: the others take as long as it. That one is built ahead.
func TestLossyBuilds(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	bin := t.TempDir()
	for _, name := range []string{"sh", "env", "git", "cat", "rm", "tail", "uname", "ls"} {
		if real, err := exec.LookPath(name); err == nil {
			if err := os.Symlink(real, filepath.Join(bin, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct{ name, python, buildout, recipe, env, eggs string }{
		{"no compiler", "3.11", "5.2.0", "4.0.0", "PATH=" + bin, "lossya"},
		{"a compiler that fails", "2.7", "2.13.8", "2.0.7", "CC=/bin/false", "lossya lossyb lossyc"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := tree{"empty/index.html": "<html></html>\n", "buildout.cfg": "[buildout]\nparts = py\nfind-links = " + lossySdists(t, c.python, "zc.recipe.egg=="+c.recipe) +
				"\nindex = file://${buildout:directory}/empty/\n\n[versions]\nzc.buildout = " + c.buildout + "\nzc.recipe.egg = " + c.recipe + "\nlossya = 1.0\n\n[py]\nrecipe = zc.recipe.egg\neggs = " + strings.ReplaceAll(c.eggs, " ", "\n    ") + "\ninterpreter = py\n"}
			tree, err := buildout.Run(t.Context(), buildout.Options{Dir: files.write(t), Stage: filepath.Join(t.TempDir(), "stage"), Python: verifytest.Python(t, c.python),
				Launcher: programs.Launcher(), Witness: InstallWitness, Env: append(os.Environ(), pipCache(t), c.env), OS: "linux"})
			if err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(tree.Log)
			if ahead := strings.Contains(string(log), "Built lossya 1.0 ahead."); err != nil || ahead != (c.python != "2.7") {
				t.Errorf("built ahead: %v, %v", ahead, err)
			}
			r := check(t, inputOf(t, tree))
			var got, want []string
			for _, i := range r.Missing {
				got = append(got, i.Egg+" "+i.Module)
				if lines := strings.Join(i.Lines, "\n"); !strings.Contains(lines, "unable to execute") && !strings.Contains(lines, "the compiler ended with 1: ") {
					t.Errorf("%s: lines %q", i.Egg, i.Lines)
				}
			}
			for _, egg := range strings.Fields(c.eggs) {
				want = append(want, egg+" _lossy")
			}
			if !slices.Equal(got, want) {
				t.Errorf("missing %q, want %q", got, want)
			}
		})
	}
}

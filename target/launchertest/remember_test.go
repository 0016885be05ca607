package launchertest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// counting runs launcher.py as bin/buildout does, and writes how often each of zc.buildout's questions was worked out.
const counting = `
import json, os, sys
root, answer = sys.argv[1:3]
names, counted = ("_build_dep_map", "_compute_dependencies", "_constrained_requirement", "_reconstruct"), {}
def count(frame, event, argument):
    name = frame.f_code.co_name
    if event == "call" and name in names:
        counted[name] = counted.get(name, 0) + 1
launcher = os.path.join(root, ".binary-buildout", "launcher.py")
sys.argv[:] = [os.path.join(root, "bin", "buildout"), "--mode=target"] + sys.argv[3:]
with open(launcher, "rb") as f:
    code = compile(f.read(), launcher, "exec")
sys.setprofile(count)
try:
    exec(code, {"__name__": "__main__", "__file__": launcher})
finally:
    sys.setprofile(None)
    counted["pip"] = len([name for name in sys.modules if name.startswith("pip.")])
    with open(answer, "w") as f:
        json.dump(counted, f)
`

// TestLauncherRemembers: what zc.buildout works out for each part is worked out
// once. What it says and leaves is the same as without that, in a run with -N that
// only updates, and in one that writes a part's scripts anew.
func TestLauncherRemembers(t *testing.T) {
	for _, l := range packtest.Lines() {
		switch l.String() {
		case "3.13-6.0.1", "2.7-2.13.8", "2.7-1.7.1": // pkg_resources of 2026, 2020 and 2014
			t.Run(l.String(), func(t *testing.T) { t.Parallel(); remembers(t, l) })
		}
	}
}

func remembers(t *testing.T, l packtest.Line) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	in := packtest.Install(t, l)
	in.Env = append(in.Env, "LC_ALL=C.UTF-8")
	in.Change(t, "buildout.cfg", "parts = scripts conf\n", "parts = scripts more conf\nversions = versions\n")
	in.Change(t, "buildout.cfg", "[conf]\n", "[versions]\ndemo = 1.0\nzc.recipe.egg = >1\n\n[more]\nrecipe = zc.recipe.egg\neggs =\n    pure\n    demo\n\n[conf]\n")
	in.Buildout(t).Must(t, "bin/buildout with one more part")

	const line = "    remember(buildout)\n"
	whole := packtest.ReadFile(t, in.Path(".binary-buildout/launcher.py"))
	if strings.Count(whole, line) != 1 {
		t.Fatal("the launcher calls remember in another way")
	}
	for _, args := range [][]string{{"-N"}, {"-N", "scripts:interpreter=other"}} {
		before := packtest.ReadFile(t, in.Path(".installed.cfg"))
		plain, often := counted(t, in, strings.Replace(whole, line, "", 1), args)
		want := in.Buildouts(t)
		packtest.WriteFile(t, in.Path(".installed.cfg"), before)
		os.Remove(in.Path("bin/other"))
		ours, once := counted(t, in, whole, args)
		packtest.SameMap(t, want, in.Buildouts(t))
		plain.Must(t, "bin/buildout without remembering")
		ours.Must(t, "bin/buildout")
		if ours.Out != plain.Out || ours.Err != plain.Err {
			t.Errorf("%v: it says\n%s%s\nand without remembering\n%s%s", args, ours.Out, ours.Err, plain.Out, plain.Err)
		}
		asked := func(c map[string]int) int {
			return c["_build_dep_map"] + c["_compute_dependencies"] + c["_constrained_requirement"]
		}
		if asked(once) == 0 || asked(once) >= asked(often) {
			t.Errorf("%v: it worked out %v, and without remembering %v", args, once, often)
		}
	}
}

// counted runs a launcher.py of the installed tree.
func counted(t *testing.T, in packtest.Installed, launcher string, args []string) (packtest.Result, map[string]int) {
	packtest.WriteFile(t, in.Path(".binary-buildout/launcher.py"), launcher)
	driver, answer := filepath.Join(t.TempDir(), "count.py"), filepath.Join(t.TempDir(), "answer")
	packtest.WriteFile(t, driver, counting)
	r := packtest.RunIn(t, in.Root, in.Env, in.Python, append([]string{"-sSE", driver, in.Root, answer}, args...)...)
	var found map[string]int
	if err := json.Unmarshal([]byte(packtest.ReadFile(t, answer)), &found); err != nil {
		t.Fatal(err)
	}
	return r, found
}

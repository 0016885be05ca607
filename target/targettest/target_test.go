package targettest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestTarget moves a real buildout, and runs the two lines there.
func TestTarget(t *testing.T) {
	for i, l := range packtest.Lines() {
		if testing.Short() && i > 0 {
			continue
		}
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			s := packtest.SiteOf(t, l)
			root := filepath.Join(t.TempDir(), "söme where")
			packtest.CopyDir(t, s.Archive, root)
			python := packtest.Elsewhere(t, s.Python, "python"+l.Python)
			env := packtest.BareEnv(t)
			before := packtest.Extensions(t, root)
			if len(before) == 0 {
				t.Fatal("no extension was built")
			}
			out := packtest.RunIn(t, root, env, python, "bootstrap.py").Must(t, "bootstrap.py")
			t.Log(out.Out)
			installed := packtest.ReadFile(t, filepath.Join(root, ".installed.cfg"))
			if !strings.Contains(installed, root+"/indented") || !strings.Contains(installed, "%(__buildout_space_n__)s") {
				t.Errorf(".installed.cfg has not the option with spaces:\n%s", installed)
			}
			for _, args := range [][]string{nil, {"-o"}, {"-N"}, {"-v"}} {
				r := packtest.RunIn(t, root, env, filepath.Join(root, "bin/buildout"), args...)
				packtest.OnlyUpdating(t, r, "scripts", "conf")
				packtest.SameMap(t, before, packtest.Extensions(t, root))
			}
			r := packtest.RunIn(t, "/", env, filepath.Join(root, "bin/demo"))
			if r.Must(t, "bin/demo"); r.Out != "the answer is 42\n" {
				t.Error(r.Out)
			}
			packtest.RunIn(t, "/", packtest.Without(env, "PYTHONPATH"), filepath.Join(root, "bin/py"), "-c", "import demo, pure").Must(t, "bin/py")
			if conf := packtest.ReadFile(t, filepath.Join(root, "parts/conf/app.conf")); !strings.Contains(conf, "root = "+root+"\n") {
				t.Error(conf)
			}
			again := packtest.RunIn(t, root, env, python, "bootstrap.py").Must(t, "bootstrap.py again")
			if !strings.Contains(again.Out, "nothing to do") {
				t.Error(again.Out)
			}
			packtest.RunIn(t, root, env, python, "bootstrap.py", "--check").Must(t, "--check")
			// Moved again, and given another Python.
			second := filepath.Join(t.TempDir(), "second")
			if err := os.Rename(root, second); err != nil {
				t.Fatal(err)
			}
			r = packtest.RunIn(t, second, env, filepath.Join(second, "bin/buildout"))
			if r.Code != 2 || !strings.Contains(r.Err, "moved") || !strings.Contains(r.Err, "hint: python bootstrap.py") {
				t.Errorf("exit %d: %s%s", r.Code, r.Out, r.Err)
			}
			packtest.RunIn(t, "/", env, s.Python, filepath.Join(second, "bootstrap.py")).Must(t, "bootstrap.py")
			packtest.OnlyUpdating(t, packtest.RunIn(t, "/", env, filepath.Join(second, "bin/buildout")), "scripts", "conf")
			packtest.RunIn(t, "/", env, filepath.Join(second, "bin/demo")).Must(t, "bin/demo")
			packtest.NothingOf(t, second, root, python)
		})
	}
}

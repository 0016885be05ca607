package updatetest

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// unseen: where bootstrap.py can't see whether a process uses the interpreter of
// the version before, that one stays, and a line says so. The next change removes it.
func unseen(t *testing.T, old, new version) {
	if os.Getuid() != 0 {
		t.Skip("only root starts a process of another user")
	}
	all := []string{"--bind", "/", "/", "--dev", "/dev"}
	for name, sandbox := range map[string][]string{
		"without proc": {"--tmpfs", "/proc"},
		"a title":      {"--cap-drop", "ALL"}, // so root is as any other user
	} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "app")
			must(t, os.Chmod(filepath.Dir(filepath.Dir(root)), 0o755)) // for nobody
			old.install(t, root)
			first := filepath.Join(root, "python-3.13.9")
			titled(t, first)
			if libraries, _ := filepath.Glob(filepath.Join(first, "lib/libpython*")); name == "without proc" && len(libraries) > 0 {
				words := append(slices.Concat(all, sandbox), "--", "./bootstrap", "--help")
				if r := packtest.RunIn(t, root, packtest.CEnv(), testtool.Program(t, "bwrap"), words...); r.Code != 3 || !strings.HasPrefix(r.Err, "error: /proc isn't mounted") {
					t.Errorf("./bootstrap: %+v", r)
				}
			}
			ways["delta"](t, old, new, root)
			bootstrap := func(args ...string) packtest.Result {
				t.Helper()
				words := slices.Concat(all, sandbox, []string{"--", old.python, "-E", "bootstrap.py"}, args)
				// A glibc without /proc knows no $ORIGIN.
				env := packtest.CEnv("PYTHONDONTWRITEBYTECODE=1", "LD_LIBRARY_PATH="+filepath.Join(first, "lib")+":"+filepath.Join(root, "python-3.13.11/lib"))
				return packtest.RunIn(t, root, env, testtool.Program(t, "bwrap"), words...).Must(t, "bootstrap.py")
			}
			if r := bootstrap(); !strings.Contains(r.Out, "python-3.13.9 stays until the next update or rollback") {
				t.Errorf("an update says %s", r.Out)
			}
			bootstrap()
			if have := pythonsIn(t, root); len(have) != 2 {
				t.Errorf("after an update there are %q", have)
			}
			if r := bootstrap("--rollback"); !strings.Contains(r.Out, "python-3.13.11 stays") {
				t.Errorf("a rollback says %s", r.Out)
			}
			runs(t, root, "1.0")
		})
	}
}

// titled starts a process of another user under an interpreter: its command line doesn't name it.
func titled(t *testing.T, prefix string) {
	t.Helper()
	cmd := exec.Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c",
		`exec -a "worker: application" "$PYTHONHOME/bin/python3.13" -BsS -c "import sys; print(1); sys.stdout.flush(); sys.stdin.read()"`)
	cmd.Env = []string{"PYTHONHOME=" + prefix, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	out, err := cmd.StdoutPipe()
	must(t, err)
	in, err := cmd.StdinPipe()
	must(t, err)
	must(t, cmd.Start())
	if _, err := out.Read(make([]byte, 1)); err != nil { // it has begun
		t.Error(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}

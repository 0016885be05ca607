package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// TestLoaderRules holds the rules against ld.so itself: an extension needs libb,
// libb needs libc_, and both lie in one directory that run paths do or don't name.
func TestLoaderRules(t *testing.T) {
	python := verifytest.Python(t, "3.13")
	const rpath, runpath = "-Wl,--disable-new-dtags", "-Wl,--enable-new-dtags"
	origin, libs := "-Wl,-rpath,$ORIGIN/libs", "-Wl,-rpath,$ORIGIN"
	for _, row := range []struct {
		name   string
		x, b   []string // flags of the extension and of libb
		needsC bool     // the extension needs libc_ itself, before libb
		found  bool
	}{
		{"nothing", nil, nil, false, false},
		{"RPATH is inherited", []string{rpath, origin}, nil, false, true},
		{"RUNPATH is not", []string{runpath, origin}, nil, false, false},
		{"RUNPATH of each", []string{runpath, origin}, []string{runpath, libs}, false, true},
		{"RUNPATH stops RPATH", []string{rpath, origin}, []string{runpath, "-Wl,-rpath,$ORIGIN/nowhere"}, false, false},
		{"loaded before", []string{runpath, origin}, nil, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			root := t.TempDir()
			dir := filepath.Join(root, "libs")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			gccTo(t, dir+"/libc_.so", "int c(void){return 1;}", "-Wl,-soname,libc_.so")
			gccTo(t, dir+"/libb.so", "extern int c(void); int b(void){return c();}", append([]string{"-Wl,-soname,libb.so", dir + "/libc_.so"}, row.b...)...)
			args := append([]string{"-Wl,--no-as-needed"}, row.x...)
			if row.needsC {
				args = append(args, dir+"/libc_.so")
			}
			args = append(args, dir+"/libb.so", "-Wl,-rpath-link,"+dir)
			gccTo(t, root+"/x"+suffix, "extern int b(void); int PyInit_x(void){return b();}", args...)
			// The object must be as after a move: built elsewhere, loaded here.
			err := exec.Command(python, "-c", "import ctypes, sys; ctypes.CDLL(sys.argv[1])", root+"/x"+suffix).Run()
			if (err == nil) != row.found {
				t.Errorf("ld.so: %v", err)
			}
			r := check(t, Input{Source: Dir(root)})
			if got := len(r.Foreign) == 0; got != row.found {
				t.Errorf("verify: %v, %s", got, messages(r.Foreign))
			}
		})
	}
}

// TestMuslInherits: musl's loader takes RUNPATH of the files that load a library too.
func TestMuslInherits(t *testing.T) {
	dir := t.TempDir()
	gccTo(t, dir+"/libc_.so", "int c(void){return 1;}", "-Wl,-soname,libc_.so", "-nostdlib")
	gccTo(t, dir+"/libb.so", "extern int c(void); int b(void){return c();}", "-Wl,-soname,libb.so", "-nostdlib", dir+"/libc_.so")
	gccTo(t, dir+"/x.so", "extern int b(void); int PyInit_x(void){return b();}", "-nostdlib", "-Wl,--enable-new-dtags,-rpath,$ORIGIN", dir+"/libb.so", "-Wl,-rpath-link,"+dir)
	py := linux313
	py.Libc = "musl"
	if r := check(t, Input{Source: Dir(dir), Python: py}); len(r.Foreign) != 0 {
		t.Error(messages(r.Foreign))
	}
	if r := check(t, Input{Source: Dir(dir)}); !strings.Contains(messages(r.Foreign), "libc_.so") {
		t.Error("on glibc, RUNPATH is not inherited")
	}
}

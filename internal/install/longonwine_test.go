//go:build linux && wine

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// limited runs a program as on a Windows where Python takes 259 characters, and
// 247 for a directory that is made: wine has no such limit.
const limited = `import os, runpy, sys
def limit(event, args):
    if event == "open" or event in ("os." + n for n in "mkdir rename link remove rmdir chmod utime listdir scandir".split()):
        for path in args[:2]:
            if isinstance(path, str) and path[:4] != "\\\\?\\" and len(os.path.abspath(path)) > (247 if event == "os.mkdir" else 259):
                raise OSError(22, "%s: too long" % event, path)
sys.addaudithook(limit)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
`

// long updates a tree by a delta, and takes it back, where the longest path has
// 259 characters: what bootstrap.py needs beside the tree is longer.
func (w *windows) long(m archive.Manifest) {
	t := w.t
	dist := filepath.Join(w.work, "long")
	deep := "parts/" + strings.Repeat("d", 100) + "/" + strings.Repeat("e", 60)
	version := func(v string) string {
		m.Version = v
		return packFor(t, dist, archive.FormatZip, func(stage string) {
			mkfile(t, filepath.Join(stage, filepath.FromSlash(deep)), v+" in "+stage+"\n")
		}, m)
	}
	one, two := version("1.0"), version("2.0")
	root := strings.Repeat("l", 259-1-len(archive.Dir+"/origin/"+deep)-len(`C:\`))
	if out, err := exec.Command("unzip", "-q", one, "-d", w.onDrive("unzipped")).CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, out)
	}
	if err := os.Rename(w.onDrive("unzipped/app-1.0"), w.onDrive(root+"l")); err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(w.work, "limited.py"), limited)
	bootstrap := func(code int, want, place string, args ...string) {
		t.Helper()
		got, out := w.run("", append([]string{`Z:\python\python.exe`, "-sE", `Z:\w\limited.py`, `C:\` + place + `\bootstrap.py`}, args...)...)
		if got != code || !strings.Contains(out, want) {
			t.Fatalf("bootstrap.py %v: exit code %d\n%s", args, got, out)
		}
	}
	has := func(v string) {
		t.Helper()
		want := v + ` in C:\` + root + "\n"
		if data, err := os.ReadFile(filepath.Join(w.onDrive(root), filepath.FromSlash(deep))); err != nil || string(data) != want {
			t.Errorf("%q, want %q (%v)", data, want, err)
		}
	}
	bootstrap(2, "origin/"+deep+" would have 260", root+"l")
	if err := os.Rename(w.onDrive(root+"l"), w.onDrive(root)); err != nil {
		t.Fatal(err)
	}
	bootstrap(0, "files relocated", root)
	has("1.0")
	if out, err := exec.Command("tar", "-xzf", deltaBetween(t, one, two, "1.0"), "-C", w.onDrive(root)).CombinedOutput(); err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	// A file that a program holds open can't be replaced: nothing changes.
	mkfile(t, filepath.Join(w.work, "held.py"), "import subprocess, sys\nwith open(sys.argv[1]):\n    sys.exit(subprocess.call([sys.executable, '-sE'] + sys.argv[2:]))\n")
	code, out := w.run("", `Z:\python\python.exe`, "-sE", `Z:\w\held.py`, `C:\`+root+`\etc\number`, `C:\`+root+`\bootstrap.py`)
	if code != 3 || !strings.Contains(out, `in use: C:\`+root+`\etc\number`) {
		t.Errorf("an update of a file that is open: exit code %d\n%s", code, out)
	}
	has("1.0")
	bootstrap(0, "from app 1.0 to app 2.0", root)
	has("2.0")
	bootstrap(0, "app 1.0 is there again", root, "--rollback")
	has("1.0")
}

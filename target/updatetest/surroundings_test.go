package updatetest

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateSurroundings: a full disk, a file that can't be replaced, a mount
// point, a parent that can't be written. The old version runs, and the next
// bootstrap.py ends right.
func TestUpdateSurroundings(t *testing.T) {
	if testing.Short() {
		t.Skip("mounts file systems")
	}
	if os.Geteuid() != 0 {
		testtool.Lacks(t, "root, to mount file systems,")
	}
	python := packtest.FindPython(t, "3.13")
	old, new := packVersion(t, python, "1.0"), packVersion(t, python, "2.0")
	for _, test := range []struct{ name, script, says string }{
		{"full disk", `mount -t tmpfs -o size=2m tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"
free=$(df --output=avail -B1 . | tail -1); head -c $((free - 40000)) /dev/zero > ../fill
try; rm ../fill; again`, "No space left on device"},
		{"full of inodes", `mount -t tmpfs -o size=20m,nr_inodes=260 tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"
i=0; while : > ../fill$i; do i=$((i + 1)); done 2>/dev/null || true; rm ../fill0 ../fill1 ../fill2 ../fill3 ../fill4 ../fill5
try; rm ../fill*; again`, "No space left on device"},
		{"a file that can't be replaced", `mount -t tmpfs tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"
mount --bind src/app.py src/app.py
try; umount src/app.py; again`, "Device or resource busy"},
		{"var is a mount point", `mount -t tmpfs tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"; mount -t tmpfs tmpfs var; echo data > var/data
again; cat var/data`, ""},
		{"a part is a mount point", `mount -t tmpfs tmpfs "$1/m"; cp -a "$2" "$1/m/t"; cd "$1/m/t"; mv parts ../parts; mkdir parts; mount -t tmpfs tmpfs parts; cp -a ../parts/. parts
again`, ""},
		{"the parent is read-only", `mount -t tmpfs tmpfs "$1/m"; cp -a "$2" "$1/m/t"; mount --bind "$1/m/t" "$1/m/t"; mount -o remount,bind,ro "$1/m"; cd "$1/m/t"
again`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "t")
			old.install(t, root)
			ways["delta"](t, old, new, root)
			base := t.TempDir()
			must(t, os.Mkdir(filepath.Join(base, "m"), 0o755))
			place := filepath.Join(base, "m/t")
			script := `set -e; python=$3
sums() { find . -path ./.binary-buildout/incoming -prune -o -path ./.binary-buildout/lock -prune -o -type f -print0 | sort -z | xargs -0 sha256sum; }
try() { sums > /tmp/before.$$; rc=0; "$python" -E bootstrap.py || rc=$?; echo "rc=$rc"; sums | cmp - /tmp/before.$$; rm /tmp/before.$$; bin/app; }
again() { "$python" -E bootstrap.py; bin/app; "$python" -E bootstrap.py --rollback; bin/app; }
` + test.script
			old.refit(t, root, place)
			r := packtest.RunIn(t, "/", packtest.CEnv("PYTHONDONTWRITEBYTECODE=1"), "unshare", "-m", "/bin/bash", "-c", script, "sh", base, root, python)
			t.Logf("%s%s", r.Out, r.Err)
			r.Must(t, test.name)
			if test.says != "" && (!strings.Contains(r.Err, test.says) || !strings.Contains(r.Out, "rc=3") || strings.Count(r.Out, "1.0 1.0 ") != 2) {
				t.Errorf("it doesn't end with 3, or the old version doesn't run:\n%s%s", r.Out, r.Err)
			}
			if !strings.Contains(r.Out, "2.0 2.0 ") || !strings.Contains(r.Out, "1.0 1.0 ") {
				t.Errorf("both versions don't run:\n%s", r.Out)
			}
		})
	}
}

// TestDeltaSize: an egg that only has another version costs a tenth of its files,
// compressed: sources are there already, and bytecode differs in a name.
func TestDeltaSize(t *testing.T) {
	python := packtest.FindPython(t, "3.13")
	egg := func(number string, files map[string]string) {
		// A large egg that stays, and one of some size that changes.
		r := rand.New(rand.NewSource(1))
		for i := range 400 {
			files[fmt.Sprintf("eggs/large-1.0.egg/large/m%03d.py", i)] = source(r, 40)
		}
		for i := range 40 {
			files[fmt.Sprintf("eggs/some-%s.egg/some/m%03d.py", number, i)] = source(r, 120)
		}
	}
	with := func(number string) version {
		return packVersion(t, python, number, func(files map[string]string) { egg(number, files) })
	}
	old, new := with("1.0"), with("2.0")
	delta, err := os.Stat(old.delta(t, new))
	must(t, err)
	changed, count := changedFiles(t, old, new)
	t.Logf("the delta has %d bytes, %d changed files compressed %d, the archive %d", delta.Size(), count, changed, fileSize(t, new.archive))
	if count < 45 || delta.Size() > changed/10 {
		t.Errorf("the delta has %d bytes, and the %d changed files compressed %d", delta.Size(), count, changed)
	}
}

// TestBusyFiles: on Windows each file that is replaced is opened alone first.
func TestBusyFiles(t *testing.T) {
	for _, minor := range packtest.ShortPythons() {
		root := t.TempDir()
		for _, name := range []string{"free", "busy"} {
			packtest.WriteFile(t, filepath.Join(root, name), name)
		}
		must(t, os.Symlink("busy", filepath.Join(root, "link")))
		packtest.WriteFile(t, filepath.Join(root, "bootstrap_as_module.py"), string(target.Bootstrap()))
		r := packtest.RunIn(t, root, packtest.CEnv("PYTHONPATH="+root), packtest.FindPython(t, minor), "-c", `
import bootstrap_as_module as b, os
def alone(path):
    if os.path.basename(path) == "busy":
        raise OSError("in use")
print(b.busy_files(["free", "busy", "link", "missing"], alone))`).Must(t, "busy_files")
		if strings.TrimSpace(r.Out) != "['busy']" {
			t.Errorf("python%s: %s", minor, r.Out)
		}
	}
}

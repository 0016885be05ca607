//go:build linux

// Package newest packs with the newest Pythons, which Debian's next release has,
// in that release's root, and lets the archives work there.
package newest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/examples/acceptance"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// scripts say 42 by an extension of each kind; then cryptography's.
const scripts = `
test "$(bin/hello Erde)" = "Hello, Erde!"
for by in cffi cython limited meson mypyc nanobind pybind11; do
    case $(bin/by-$by) in by_$by*\ 42) ;; *) echo "by-$by fails"; exit 1 ;; esac
done
bin/newest -c 'import sys; from cryptography.fernet import Fernet; Fernet(Fernet.generate_key()); assert "%d.%d" % sys.version_info[:2] == "'$python'"'
`

// updated runs bin/buildout, which must neither install nor compile anything, and the scripts.
const updated = `
site() {
    python=$1
    bin/buildout >/tmp/said 2>&1 || { cat /tmp/said; exit 1; }
    if grep -E '^(Installing|Uninstalling|Getting)' /tmp/said; then exit 1; fi
    grep -q '^Updating newest' /tmp/said
    ` + scripts + `
    python$1 bootstrap.py --check
}
`

// TestNewest: CPython 3.14 and 3.15 as builder and as target; moved, updated from one to the other, and back.
func TestNewest(t *testing.T) {
	if testing.Short() {
		t.Skip("packs two whole buildouts")
	}
	root, dir := testroot.Forky(t), t.TempDir()
	prepare(t, dir)
	var packs sync.WaitGroup
	for version, python := range map[string]string{"1.0": "3.14", "1.1": "3.15"} {
		packs.Go(func() {
			said, err := root.Command(dir, "./binary-buildout", "pack", "src", "--config", "newest.cfg", "--python", "python"+python, "--version", version,
				"--out", "out", "--require-isolation").CombinedOutput()
			if err != nil {
				t.Errorf("packing with Python %s: %v\n%s", python, err, said)
			}
			for _, want := range []string{"Extensions  15 there\n", "_export.cpython-" + strings.ReplaceAll(python, ".", ""), "the archive will be without that link"} {
				if !strings.Contains(string(said), want) {
					t.Errorf("packing with Python %s doesn't say %q:\n%s", python, want, said)
				}
			}
		})
	}
	packs.Wait()
	if t.Failed() {
		return
	}
	if acceptance.Due(t, "newest newest.cfg") {
		rebuilt(t, root, dir)
	}
	old, new := "out/newest-1.0-cp314-linux_x86_64.tar.gz", "out/newest-1.1-cp315-linux_x86_64.tar.gz"
	for _, step := range []struct{ name, script string }{
		{"install", `/srv/binary-buildout install ` + old + ` --into /srv/straße --python python3.14; cd /srv/straße; site 3.14`},
		{"update", `./binary-buildout update straße ` + new + ` --python python3.15; cd straße; site 3.15`},
		{"update back", `./binary-buildout update straße ` + old + ` --python python3.14; cd straße; site 3.14`},
		{"roll back", `./binary-buildout rollback straße; cd straße; site 3.15`},
		{"move", `mv straße moved; cd moved; python3.15 bootstrap.py; site 3.15`},
		{"by hand", `tar -xzf ` + old + `; cd newest-1.0; python3.14 -W error -X dev bootstrap.py; python3.14 -W error -X dev bootstrap.py --check; site 3.14`},
		{"strict", `tar -xzf ` + new + `; cd newest-1.1; python3.15 -W error -X dev bootstrap.py; python3.15 -W error -X dev bootstrap.py --check; site 3.15
			PYTHONDEVMODE=1 PYTHONWARNINGS=error bin/hello Erde
			python3.15 -W error -W 'ignore:os.path.commonprefix:DeprecationWarning' -X dev bin/buildout | grep 'Updating newest'`},
		{"install.sh", `mkdir release bin; cp out/newest-1.1-* release; rm release/*.html
			./binary-buildout release --prepare --dir release --tag v1.1 --repo example/newest
			printf '#!/bin/sh\nexec /usr/bin/python3.15 -W error -X dev "$@"\n' >bin/python3; chmod +x bin/python3
			PATH=/srv/bin:$PATH sh release/install.sh --into /srv/app --from /srv/release; cd app; site 3.15`},
	} {
		if said, err := root.Command(dir, "sh", "-euc", updated+step.script).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", step.name, err, said)
		}
	}
}

// rebuilt builds the archive for 3.15 again: of a copy of the sources, in another
// stage, as another user, under another umask.
func rebuilt(t *testing.T, root testroot.Root, dir string) {
	t.Helper()
	const file = "newest-1.1-cp315-linux_x86_64.tar.gz"
	said, err := root.Command(dir, "sh", "-euc", `chmod 1777 /tmp /var/tmp; cp -r src sources; mkdir nobody /var/tmp/binary-buildout; chown 65534:65534 nobody; umask 027
		exec setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/srv/nobody ./binary-buildout rebuild out/`+file+` --checkout sources --python python3.15`).CombinedOutput()
	if err != nil || !strings.Contains(string(said), "the same bytes: "+file) {
		t.Errorf("rebuilding: %v\n%s", err, said)
	}
}

// prepare puts what is packed into dir/src, hello with newest over it, and the program beside it.
func prepare(t *testing.T, dir string) {
	t.Helper()
	src := filepath.Join(dir, "src")
	for _, cmd := range []*exec.Cmd{
		exec.Command("cp", "-r", "../../hello", src),
		exec.Command("cp", "-r", "../../newest/.", src),
		exec.Command("tar", "-C", filepath.Join(src, "sdists"), "--transform", "s/^by-meson/by-meson-1.0/", "-czf", filepath.Join(src, "sdists", "by-meson-1.0.tar.gz"), "by-meson"),
		exec.Command("go", "build", "-o", filepath.Join(dir, "binary-buildout"), "../../.."),
	} {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatal(fmt.Errorf("%s: %w\n%s", cmd, err, said))
		}
	}
	for _, d := range []string{"home", "out"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

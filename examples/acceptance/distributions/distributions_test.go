//go:build linux

// Package distributions packs one buildout on an old and on a new distribution,
// and tries both archives on each: what verify says is the floor is where they begin to fail.
// The one from the old distribution has its interpreter in it, and needs no Python.
package distributions

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testroot"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/matrix"
)

const python = "/srv/python/bin/python3.9"

// distribution is a root, and the glibc that it has.
type distribution struct {
	name, glibc string
	root        testroot.Root
}

func distributions(t *testing.T) []distribution {
	return []distribution{
		{"Debian 11", "2.31", testroot.Debian(t, "bullseye", "bullseye-gcc", "python3", "python3-dev", "gcc", "libc6-dev", "ca-certificates")},
		{"Debian 12", "2.36", testroot.Debian(t, "bookworm", "newcomer-bookworm", "git", "curl", "ca-certificates")},
		{"Debian 13", "2.41", testroot.Debian(t, "trixie", "newcomer-trixie", "git", "curl", "ca-certificates")},
		{"Debian forky", "", testroot.Forky(t)},
	}
}

// TestDistributions: an archive of a planned floor, built on Debian 11, installs and runs on each newer one.
// The same sources compiled on forky need glibc 2.38, since its headers make __isoc23_strtol of strtol:
// a planned floor is refused there by that symbol, and below 2.38 each way to install refuses the archive, as the loader would.
func TestDistributions(t *testing.T) {
	if testing.Short() {
		t.Skip("packs two buildouts in the roots of two Debians")
	}
	all, dir := distributions(t), t.TempDir()
	prepare(t, dir)
	oldest, newest := all[0].root, all[len(all)-1].root
	run(t, oldest, dir, onePython)
	edit := exec.Command(testtool.Program(t, "patchelf"), "--force-rpath", "--set-rpath", "$ORIGIN/../lib", filepath.Join(dir, "python/bin/python3.9"))
	if said, err := edit.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}

	run(t, oldest, dir, strings.Replace(pack, python, "/usr/bin/python3.9", 1)+"--version 1 --target cp39-manylinux_2_31_x86_64 --bundle-python")
	said, err := oldest.Command(dir, "sh", "-euc", pack+"--version 1 --floor 2.3").CombinedOutput()
	want(t, string(said), err, 1, "allows no more than 2.3")
	said, err = newest.Command(dir, "sh", "-euc", pack+"--version 2 --target cp39-manylinux_2_31_x86_64").CombinedOutput()
	want(t, string(said), err, 1, "needs glibc 2.38 (__isoc23_sscanf, __isoc23_strtol)", "src/floor/_floor.cpython-39-x86_64-linux-gnu.so")
	if said := run(t, newest, dir, pack+"--version 2"); !strings.Contains(said, "glibc 2.38, by ") || !strings.Contains(said, "(__isoc23_sscanf, __isoc23_strtol)") {
		t.Errorf("who sets the floor isn't said:\n%s", said)
	}

	run(t, newest, dir, `mkdir release; cp out/floor-2-*.gz out/floor-2-*.json release; ./binary-buildout release --prepare --dir release --tag v2 --repo example/floor`)

	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			glibc := strings.TrimSpace(run(t, d.root, dir, python+` -c 'import os; print(os.confstr("CS_GNU_LIBC_VERSION").split()[1])'`))
			if d.glibc != "" && glibc != d.glibc {
				t.Errorf("it has glibc %s", glibc)
			}
			for _, a := range []struct{ version, target, floor string }{
				{"1", "cp39-manylinux_2_31_x86_64", "2.31"}, {"2", "cp39-linux_x86_64", "2.38"},
			} {
				archive := "out/floor-" + a.version + "-" + a.target + ".tar.gz"
				if matrix.CompareVersions(glibc, a.floor) >= 0 {
					named := map[string]string{"1": "", "2": " --python " + python}[a.version]
					run(t, d.root, dir, "rm -rf app; ./binary-buildout install "+archive+" --into app"+named+"; cd app; bin/buildout; test $(bin/floor 42) = 42")
					continue
				}
				refused := "needs glibc " + a.floor
				for _, try := range []struct {
					script string
					code   int
					want   []string
				}{
					{"./binary-buildout install " + archive + " --into app --python " + python, 2, []string{refused, "glibc " + glibc}},
					{"sh release/install.sh --into app --from release --python " + python, 2, []string{refused, "glibc " + glibc}},
					{"tar -xzf " + archive + " -C /tmp; cd /tmp/floor-2; " + python + " bootstrap.py", 2, []string{refused + ", and this system has " + glibc, "manylinux_2_17_"}},
					// The loader agrees.
					{"tar -xzf " + archive + " -C /tmp; cd /tmp/floor-2/src/floor; " + python + " -c 'import _floor'", 1, []string{"`GLIBC_" + a.floor + "' not found"}},
				} {
					said, err := d.root.Command(dir, "sh", "-euc", "rm -rf app; "+try.script).CombinedOutput()
					want(t, string(said), err, try.code, try.want...)
				}
			}
			bare(t, d, dir, glibc)
		})
	}
}

// bare runs the archive that has its interpreter in it as a user without rights,
// who has no Python: by sh alone, in a path with a space and an umlaut, moved, and
// refused by each way in which a system tells its glibc.
func bare(t *testing.T, d distribution, dir, glibc string) {
	t.Helper()
	said := run(t, d.root, dir, `
mkdir -p /tmp/bin "/tmp/a place ü"
for p in sh uname ls getconf ldd cat tar gzip mv rm sed id; do ln -s "$(command -v $p)" /tmp/bin/$p; done
chown -R 65534:65534 /tmp/bin "/tmp/a place ü"
setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all env -i PATH=/tmp/bin HOME=/nonexistent sh -euc '
    test "$(id -u)" = 65534
    ! command -v python3
    cd "/tmp/a place ü"
    tar -xzf /srv/out/floor-1-*.tar.gz
    mv floor-1 first
    (cd first && ./bootstrap && bin/buildout && test "$(bin/floor 42)" = 42)
    mv first moved
    cd moved
    ./bootstrap && bin/buildout && test "$(bin/floor 42)" = 42
    sed -i "s/^FLOOR=.*/FLOOR=2.1000/" bootstrap
    for lack in "" getconf "getconf ldd"; do
        (cd /tmp/bin; rm -f $lack)
        ./bootstrap 2>&1 || echo "exit $?"
    done
'`)
	refused := "error: this archive needs glibc 2.1000, and this system has " + glibc + "\n"
	if strings.Count(said, refused) != 3 || strings.Count(said, "exit 2\n") != 3 {
		t.Errorf("%s: want three times %s%s", d.name, refused, said)
	}
}

// Debian 11's OpenSSL looks elsewhere for them than forky's.
const pack = "export SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt; ./binary-buildout pack src --python " + python + " --out out --stage /tmp/stage "

// onePython makes of Debian 11's Python a tree that runs in each root: with the
// libraries of its own that the others lack, found by a run path of its own.
const onePython = `
mkdir -p python/bin python/lib python/include
cp /usr/bin/python3.9 python/bin/
cp -r /usr/lib/python3.9 python/lib/
cp -r /usr/include/python3.9 python/include/
cp /usr/include/x86_64-linux-gnu/python3.9/pyconfig.h /usr/include/crypt.h python/include/python3.9/
for l in libexpat.so.1 libz.so.1 libssl.so.1.1 libcrypto.so.1.1 libffi.so.7 libbz2.so.1.0 liblzma.so.5 libuuid.so.1; do
    for d in /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu; do if [ -e $d/$l ]; then cp -L $d/$l python/lib/; fi; done
done
`

func prepare(t *testing.T, dir string) {
	t.Helper()
	for _, d := range []string{"home", "out"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "binary-buildout"), "../../..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	for _, cmd := range []*exec.Cmd{exec.Command("cp", "-r", "testdata/floor", filepath.Join(dir, "src")), build} {
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatal(fmt.Errorf("%s: %w\n%s", cmd, err, said))
		}
	}
}

func run(t *testing.T, root testroot.Root, dir, script string) string {
	t.Helper()
	said, err := root.Command(dir, "sh", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, said)
	}
	return string(said)
}

// want holds what a command that has to fail says.
func want(t *testing.T, said string, err error, code int, words ...string) {
	t.Helper()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != code {
		t.Errorf("%v, want exit code %d:\n%s", err, code, said)
	}
	for _, w := range words {
		if !strings.Contains(said, w) {
			t.Errorf("%q isn't said:\n%s", w, said)
		}
	}
}

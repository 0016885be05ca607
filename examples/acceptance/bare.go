//go:build linux

package acceptance

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// Bare packs an application with its interpreter, and runs a script for sh in
// the unpacked tree, in a root that has no Python: as a user without rights and
// without a network but the root's own, at a path with an umlaut.
func Bare(t *testing.T, c Case, python string, root testroot.Root, script string) {
	t.Helper()
	bare(t, packBundled(t, c, python), root, script)
}

// packBundled packs an application with its interpreter, in a stage of its own, and
// gives the archive, which was proved without another one.
func packBundled(t *testing.T, c Case, python string, flags ...string) string {
	t.Helper()
	c.Flags = slices.Concat([]string{"--bundle-python", "--stage", filepath.Join(tempDir(t), "stage")}, flags, c.Flags)
	file, said, err := newPacker(t, c, python).run(false)
	if err != nil || !strings.Contains(said, "interpreter bundled, enforced") {
		t.Fatalf("packing with %s: %v\n%s", python, err, said)
	}
	return file
}

func bare(t *testing.T, file string, root testroot.Root, script string) {
	t.Helper()
	dir := tempDir(t)
	check(t, os.Mkdir(filepath.Join(dir, "home"), 0o755))
	if err := os.Link(file, filepath.Join(dir, "in.tar.gz")); err != nil {
		check(t, scratch.Copy(file, filepath.Join(dir, "in.tar.gz"), os.O_EXCL, 0o644))
	}
	check(t, os.Chmod(filepath.Join(dir, "in.tar.gz"), 0o644))
	const unpack = `
test "$(id -u)" = 65534
cd /tmp/Straße
tar -xzf /srv/in.tar.gz
cd *-*
`
	check(t, os.WriteFile(filepath.Join(dir, "script"), []byte(unpack+script), 0o644))
	said, err := root.Command(dir, "--unshare-net", "--unshare-pid", "--", "sh", "-euc", `
mkdir /tmp/Straße
chown 65534:65534 /tmp/Straße
exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all env -i PATH=/usr/bin:/bin HOME=/nonexistent LC_ALL=C.UTF-8 sh -eu /srv/script
`).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	t.Logf("%s", said)
}

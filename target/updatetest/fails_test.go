package updatetest

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/killtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestUpdateCallFails has an update and a rollback find the disk full at one of
// their calls, which undoes all, or read-only from one of them on, where nothing
// can be undone. The application starts, and the next run ends right.
func TestUpdateCallFails(t *testing.T) {
	if testing.Short() {
		t.Skip("updates again and again")
	}
	python := packtest.FindPython(t, "3.13")
	k := killing{before: packVersion(t, python, "0.9", oneOfEach), old: packVersion(t, python, "1.0", oneOfEach), new: packVersion(t, python, "2.0", oneOfEach)}
	for _, test := range []struct {
		errno   syscall.Errno
		forever bool
		args    []string
		count   int
	}{
		{syscall.ENOSPC, false, nil, 14}, {syscall.EROFS, true, nil, 14},
		{syscall.EDQUOT, false, []string{"--rollback"}, 8}, {syscall.EROFS, true, []string{"--rollback"}, 8},
	} {
		k := k
		k.args = test.args
		n := k.calls(t, 150)
		t.Run(fmt.Sprint(test.args, test.errno), func(t *testing.T) {
			killtest.Lanes(t, killtest.Spread(n, test.count), func(t *testing.T, dir string, numbers []int) {
				d := k.prepare(t, dir)
				for i, number := range numbers {
					d.lay(t)
					call, code, said := d.killer.Refuse(t, d.root, number, test.errno, test.forever, d.command())
					if code != 0 && (code != 3 || !strings.Contains(said, "error: ") || !strings.Contains(said, d.root) || !strings.Contains(said, test.errno.Error()[1:])) {
						t.Errorf("call %d, %s: exit %d: %s", number, call, code, said)
					}
					tree := versionTree(t, d.root)
					if !test.forever && tree[archive.ManifestName] == d.tree[archive.ManifestName] {
						packtest.SameMap(t, d.tree, tree)
					}
					starts(t, d.root)
					if d.ends(t, i%2 == 1); t.Failed() {
						t.Fatalf("after call %d, %s: exit %d: %s", number, call, code, said)
					}
				}
			})
		})
	}
}

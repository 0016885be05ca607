//go:build linux

package killtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// script writes in each of its processes, in the directory and beside it.
const script = `
mkdir sub
echo one >sub/a
echo beside >../beside
sh -c 'echo two >>sub/a; mv sub/a sub/b'
ln -s b sub/c
chmod 600 sub/b
: >sub/d
rm sub/d
cat sub/b >/dev/null
`

// TestKill kills a script at each call: what was written before is there, and
// nothing after.
func TestKill(t *testing.T) {
	k, root := New(t), filepath.Join(Dir(t), "root")
	command := Command{Dir: root, Env: []string{"PATH=/usr/bin:/bin"}, Args: []string{"/bin/sh", "-ec", script}}
	lay := func() {
		os.RemoveAll(root)
		if err := os.Mkdir(root, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	lay()
	calls := k.Calls(t, root, command)
	var names []string
	for _, c := range calls {
		name, _, _ := strings.Cut(c, " ")
		names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "2"), "at"))
	}
	want := []string{"mkdir", "open", "write", "open", "write", "rename", "symlink", "fchmod", "open", "unlink"}
	if !slices.Equal(names, want) {
		t.Fatalf("%q, want %q", calls, want)
	}
	for i, number := range Each(len(calls)) {
		lay()
		k.Kill(t, root, number, command)
		_, errB := os.Stat(filepath.Join(root, "sub/b"))
		if got, want := errB == nil, i > slices.Index(want, "rename"); got != want {
			t.Errorf("killed at %s: sub/b is there: %v", calls[i], got)
		}
	}
}

// TestSpread gives numbers from the first call on, each once.
func TestSpread(t *testing.T) {
	for _, test := range []struct {
		n, count int
		want     []int
	}{{3, 3, []int{1, 2, 3}}, {10, 4, []int{1, 3, 6, 8}}, {2, 9, []int{1, 2}}, {0, 3, []int{}}} {
		if got := Spread(test.n, test.count); !slices.Equal(got, test.want) {
			t.Errorf("Spread(%d, %d) is %v, want %v", test.n, test.count, got, test.want)
		}
	}
}

package pack

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// TestTwoStages: what is built in the stages of two users, whose names differ,
// gives the same archive: a program with the stage compiled in, a library with a
// run path into the tree, and an object file. Debug information names no stage:
// the compilers' wrappers map it, and as would order its strings by their hash.
func TestTwoStages(t *testing.T) {
	base := longRoot(t)
	first := base + "/binary-buildout/site______"
	var archives [2][]byte
	for i, root := range []string{first, base + "/binary-buildout-1000/site_"} {
		if len(root) != len(first) {
			t.Fatal("the stages have two lengths")
		}
		gcc(t, root, fmt.Sprintf(paths, root), "parts/x/bin/x", "-g0", "-O2", "-Wl,-O2", "-Wl,--build-id=sha1")
		gcc(t, root, `int lib(void) { return 42; }`, "parts/x/lib/libx.so", "-shared", "-g0", "-Wl,--build-id=sha1", "-Wl,-rpath,"+root+"/parts/y/lib")
		gcc(t, root, `const char *conf(void) { return "`+root+`/etc/x.conf"; }`, "parts/x/lib/x.o", "-c", "-g0")
		o := testOrigin(root)
		o.Made, o.Canonical = true, first
		o.Binaries = Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded, RenewBuildID: binfmt.RenewBuildID}
		data, plan, _ := packTree(t, root, o, "tar.gz")
		archives[i] = data
		for _, r := range plan.Relocations {
			text := content(t, plan, r.Path)
			for _, c := range r.CStrings {
				if !strings.HasPrefix(c.Old, first) || text[c.Offset:c.Offset+int64(len(c.Old))] != c.Old {
					t.Errorf("%s: %+v isn't what the archive has", r.Path, c)
				}
			}
			if i, _ := plan.Find(r.Path); plan.Files[i].SHA256 != hexSum(text) {
				t.Errorf("%s: the digest is another file's", r.Path)
			}
		}
		if len(plan.Relocations) != 2 {
			t.Errorf("%+v", plan.Relocations)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		found, err := archive.Compare(save(t, archives[0], "first.tar.gz"), save(t, archives[1], "second.tar.gz"))
		t.Errorf("two users' archives differ: %+v %v", found, err)
	}
}

// TestRehash: a hash in .installed.cfg is the one of the canonical stage, wherever it stands.
func TestRehash(t *testing.T) {
	root := longRoot(t)
	old, hash := strings.Repeat("0a", 16), strings.Repeat("b1", 16)
	text := "[x]\n__buildout_signature__ = rec-%[1]s other-" + strings.Repeat("c", 32) + "\nlocation = %[2]s/parts/x\n[y]\n__buildout_signature__ = rec-%[1]s\n"
	tree{".installed.cfg": fmt.Sprintf(text, old, root)}.write(t, root)
	o := testOrigin(root)
	o.Rehashed = map[string]string{old: hash}
	plan, rep := relocateTree(t, root, o)
	check(t, rep.Err())
	got := content(t, plan, ".installed.cfg")
	if want := fmt.Sprintf(text, hash, archive.Root); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if i, _ := plan.Find(".installed.cfg"); plan.Files[i].SHA256 != hexSum(got) {
		t.Error("the digest is another file's")
	}
}

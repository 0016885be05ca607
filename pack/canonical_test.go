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

package bootstraptest

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

const deltaProgram = `
import os, resource, sys
from incoming import LARGEST, Incoming
from system import Refused


class Tree(object):
    def inside(self, name):
        return os.path.join(sys.argv[1], os.path.basename(name))


def document(name, parts):
    delta = Incoming.__new__(Incoming)
    delta.tree, delta.path, delta.delta = Tree(), u"x", {name: parts}
    return delta.document(name)


for name in (u"manifest.json", u"files.json"):
    with open(Tree().inside(name), "wb") as f:
        f.write(b"x" * 79 + b"\n")
        f.write((b"y" * 79 + b"\n") * 9999)
    fits = LARGEST[name] // 800000
    assert document(name, [[0, 10000]] * fits + [u"z", [10000, 1]])[-81:] == b"y" * 79 + b"\nz"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for parts in ([[0, 10000]] * 1000, [[0, 1 << 60]] * 1000, [u"x" * 80] * 2000000):
        try:
            document(name, parts)
        except Refused as e:
            assert "is damaged" in str(e), e
        else:
            sys.exit("a document of any size is made")
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < 100 << 10, "%d MiB" % (used >> 10)
`

// TestDeltaBounds: whatever lines a delta names, and however often, no document
// is made of them that is larger than any can be.
func TestDeltaBounds(t *testing.T) {
	for _, minor := range packtest.ShortPythons() {
		cmd := exec.Command(testtool.Python(t, minor), "-B", "-c", deltaProgram, t.TempDir())
		cmd.Env = append(os.Environ(), "PYTHONPATH=../src")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", minor, err, bytes.TrimSpace(out))
		}
	}
}

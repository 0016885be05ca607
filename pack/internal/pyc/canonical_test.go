package pyc

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// Whether a string that is no name was interned hangs on what else a process
// did; the bytes that are packed don't. (3.13 interns every constant.)
func TestCanonicalMarshalInterned(t *testing.T) {
	const script = `
import marshal, sys
names = eval(sys.argv[1])
kept = [sys.intern(n) for n in names]
source = "def f(a):\n    return a.name + 'two words' + '}' + '\u00fc' + 'a' * 3 + 'x' * 300 + 'y-' * 200\n"
out = sys.stdout.buffer if sys.version_info[0] == 3 else sys.stdout
out.write(marshal.dumps(compile(source, "x.py", "exec", 0, True)))
`
	for minor, version := range map[int]string{6: "3.6", 8: "3.8", 11: "3.11"} {
		var raw, packed [2][]byte
		for i, names := range []string{"[]", "['}', 'two words', '\u00fc', 'aaa', 'x' * 300, 'y-' * 200]"} {
			var err error
			raw[i], err = exec.Command(testtool.Python(t, version), "-sSE", "-c", script, names).Output()
			check(t, err)
			packed[i], err = Canonical(raw[i], 3, minor)
			check(t, err)
		}
		if bytes.Equal(raw[0], raw[1]) {
			t.Errorf("%s: marshal says nothing of what was interned", version)
		}
		if !bytes.Equal(packed[0], packed[1]) {
			t.Errorf("%s: %q and %q", version, packed[0], packed[1])
		}
	}
}

func TestCanonicalMarshalRefusesNonsense(t *testing.T) {
	for _, data := range []string{"", "c", "(\xff\xff\xff\x7f", "r\x00\x00\x00\x00", "s\x10\x00\x00\x00abc", "Nx", "\x01", strings.Repeat(")\x01", 5000)} {
		if _, err := Canonical([]byte(data), 3, 11); err == nil {
			t.Errorf("%q was taken", data)
		}
	}
}

func FuzzCanonicalMarshal(f *testing.F) {
	f.Add([]byte("\xa9\x02N>\x02\x00\x00\x00z\x01ai\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := Canonical(data, 3, 11)
		if err != nil {
			return
		}
		again, err := Canonical(out, 3, 11)
		if err != nil || !bytes.Equal(out, again) {
			t.Fatalf("%q -> %q -> %q, %v", data, out, again, err)
		}
	})
}

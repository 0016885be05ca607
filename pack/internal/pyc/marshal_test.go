package pyc

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// packedPythons are those whose bytecode is brought into a canonical form.
var packedPythons = []string{"3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14", "3.15"}

// marshalScript prints, as JSON, the type codes that this interpreter's marshal
// reads (by cpython.MarshalTypes), and objects of each type as it writes them, in each version of the
// format; with arguments it compares them with what was made of them.
const marshalScript = `
import binascii, json, marshal, sys
name, shared = sys.intern("interned"), ("shared", 2.5)
objects = [None, StopIteration, Ellipsis, True, False, 1, -2 ** 31, 2 ** 31, -2 ** 100, 2.5, float("inf"), 1j, b"bytes", b"b" * 300,
           "short", "l" * 300, "\u00fc", "\u00fc" * 300, name, sys.intern("n" * 300), (), (1, 2), tuple(range(300)), [1, [2]], {1: "a", "b": None},
           set([1, 2]), frozenset([1, "a", None, shared]), [shared, shared, (shared, name)]]
if sys.version_info >= (3, 14):
    objects += [slice(1, None, shared), [slice(shared, name), slice(shared, name)]]
if sys.version_info >= (3, 15):
    f = frozendict({"a": shared, "b": name, shared: frozendict()})
    objects += [f, frozendict(), [f, f, (f, shared, name)], {f: frozenset([f, slice(1, 2)])}]
objects.append(compile("def f(a, b=(1, 2.5), *, c=None, **d):\n    try:\n        return a in {1, 2, None}, d[1:2], lambda: (a, b)\n    except* ValueError:\n        pass\n".replace(
    "except*", "except*" if sys.version_info >= (3, 11) else "except"), "f.py", "exec"))
made = [json.loads(l) for l in sys.stdin] if sys.argv[1:] else None
n = 0
for o in objects:
    for version in range(3, marshal.version + 1):
        try:
            raw = marshal.dumps(o, version)
        except ValueError:
            continue  # of a newer version
        if made is None:
            print(json.dumps({"raw": binascii.hexlify(raw).decode("ascii"), "what": repr(o)[:60]}))
        else:
            got = marshal.loads(binascii.unhexlify(made[n]["raw"]))
            assert got == o and type(got) is type(o), (version, o, got)
            n += 1
if made is None:
    print(json.dumps({"known": marshal_types(), "what": str(marshal.version), "raw": ""}))
else:
    assert n == len(made), (n, len(made))
    print("same objects")
`

// TestMarshalTypes holds the table of type codes to the marshal of each
// version, and has each read its own objects from the canonical form.
func TestMarshalTypes(t *testing.T) {
	script := cpython.MarshalTypes() + marshalScript
	for _, v := range packedPythons {
		t.Run(v, func(t *testing.T) {
			python := testroot.Python(t, v)
			minor, err := strconv.Atoi(strings.TrimPrefix(v, "3."))
			check(t, err)
			out, err := exec.Command(python, "-sSE", "-c", script).Output()
			check(t, err)
			var made bytes.Buffer
			for line := range strings.Lines(string(out)) {
				var o struct{ Raw, What, Known string }
				check(t, json.Unmarshal([]byte(line), &o))
				if o.Known != "" {
					known, table := []byte(o.Known), []byte(marshalTypes(minor))
					slices.Sort(known)
					slices.Sort(table)
					if !bytes.Equal(known, table) {
						t.Errorf("marshal %s reads %q, and the table has %q", o.What, known, table)
					}
					continue
				}
				raw, err := hex.DecodeString(o.Raw)
				check(t, err)
				canonical, err := Canonical(raw, 3, minor)
				if err != nil {
					t.Fatalf("%s: %v: %q", o.What, err, raw)
				}
				line, err := json.Marshal(map[string]string{"raw": hex.EncodeToString(canonical)})
				check(t, err)
				made.Write(append(line, '\n'))
			}
			cmd := exec.Command(python, "-sSE", "-c", script, "compare")
			cmd.Stdin = &made
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "same objects") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// TestUnknownMarshal: a type code to come is named before a build, and a format that can't be read at all.
func TestUnknownMarshal(t *testing.T) {
	code := []byte("N")
	for _, row := range []struct {
		m       Marshal
		unknown string
		err     string
	}{
		{Marshal{3, 15, marshalTypes(15), code}, "", ""},
		{Marshal{3, 14, marshalTypes(14), code}, "", ""},
		{Marshal{3, 14, marshalTypes(15), code}, "}", ""},
		{Marshal{3, 16, marshalTypes(15) + "%#", code}, "%#", ""},
		{Marshal{3, 16, marshalTypes(15), []byte("%")}, "", `trying the bytecode of Python 3.16: reading bytecode: unknown type '%'`},
		{Marshal{2, 7, "(.0<>FINRST[cfgilstuxy{", []byte("R")}, "", ""},
	} {
		unknown, err := row.m.Unknown()
		if string(unknown) != row.unknown || (err == nil) != (row.err == "") || err != nil && err.Error() != row.err {
			t.Errorf("%d.%d with %q: %q, %v", row.m.Major, row.m.Minor, row.m.Types, unknown, err)
		}
	}
}

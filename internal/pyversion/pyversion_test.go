package pyversion

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// ascending are versions in order; of a line all are equal.
var ascending = []string{
	"0", "0.0.1", "0.9", "1.dev0", "1.0.dev1 1.0-DEV1 1.0dev01", "1.0a0.dev3", "1.0a1 1.0.alpha.1 v1.0-a_1", "1.0a1.post0", "1.0a2.dev1", "1.0a2", "1.0b1 1.0-beta-1",
	"1.0rc1 1.0c1 1.0-pre1 1.0.preview.1 1.0RC1", "1.0rc2", "1.0rc10", "1 1.0 1.0.0 01.0 V1", "1.0+abc", "1.0+abc.2", "1.0+abc.10 1.0+ABC-10 1.0+abc_010", "1.0+5", "1.0.post0.dev1",
	"1.0.post0 1.0post 1.0-r", "1.0.post1.dev0+x 1.0-1.dev+x", "1.0.post1 1.0-1 1.0.rev1", "1.0.1", "1.0.10", "1.2", "1.10", "2024.5.1", "99999999999999999999998", "99999999999999999999999", "1!0.1",
}

func TestCompare(t *testing.T) {
	t.Parallel()
	for i, x := range rows(t) {
		for j, y := range rows(t) {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			for _, a := range x {
				for _, b := range y {
					if got := Compare(a, b); got != want {
						t.Errorf("%s and %s: %d, want %d", ascending[i], ascending[j], got, want)
					}
				}
			}
		}
	}
	for _, text := range []string{"", "x", "1.", "1.0-foo", "2024-05-01", "1.0-5-g1a2b3c4", "1.0+", "1.0+a..b", "1.0a1a2", "-1", "1..0", "1.0\n2"} {
		if _, ok := Parse(text); ok {
			t.Errorf("%q is read", text)
		}
	}
}

func rows(t *testing.T) [][]Version {
	t.Helper()
	var all [][]Version
	for _, line := range ascending {
		var row []Version
		for text := range strings.FieldsSeq(line) {
			v, ok := Parse(text)
			if !ok {
				t.Fatalf("%s isn't read", text)
			}
			row = append(row, v)
		}
		all = append(all, row)
	}
	return all
}

// TestAsPackaging holds the order to that of packaging, which pip brings.
func TestAsPackaging(t *testing.T) {
	t.Parallel()
	const program = `import sys
from pip._vendor.packaging.version import Version
rows = [[Version(v) for v in line.split()] for line in sys.stdin]
for i, x in enumerate(rows):
    assert all(v == x[0] for v in x), x
    assert i == 0 or rows[i - 1][0] < x[0], x
print(len(rows))
`
	cmd := exec.CommandContext(t.Context(), testtool.PythonWith(t, "3.13", "pip"), "-c", program)
	cmd.Stdin = strings.NewReader(strings.Join(ascending, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(len(ascending)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// FuzzCompare: an order, whatever is compared.
func FuzzCompare(f *testing.F) {
	for i := range len(ascending) - 2 {
		f.Add(strings.Fields(ascending[i])[0], strings.Fields(ascending[i+1])[0], strings.Fields(ascending[i+2])[0])
	}
	f.Fuzz(func(t *testing.T, x, y, z string) {
		a, okA := Parse(x)
		b, okB := Parse(y)
		c, okC := Parse(z)
		if !okA || !okB || !okC {
			return
		}
		if Compare(a, b) != -Compare(b, a) || Compare(a, a) != 0 {
			t.Errorf("%s and %s: %d and %d", x, y, Compare(a, b), Compare(b, a))
		}
		if Compare(a, b) <= 0 && Compare(b, c) <= 0 && Compare(a, c) > 0 {
			t.Errorf("%s, %s, %s", x, y, z)
		}
	})
}

package pyversion

import (
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// table is target/cases/versions.json, which versions.py's tests read too: versions
// in order, of a line all are equal, and what has no order.
type table struct {
	Ascending []string `json:"ascending"`
	None      []string `json:"none"`
}

func read(t testing.TB) (cases table) {
	t.Helper()
	data, err := os.ReadFile("../../target/cases/versions.json")
	if err == nil {
		err = json.Unmarshal(data, &cases)
	}
	if err != nil || len(cases.Ascending) < 10 {
		t.Fatalf("%v, %d lines", err, len(cases.Ascending))
	}
	return cases
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
						t.Errorf("%+v and %+v: %d, want %d", a, b, got, want)
					}
				}
			}
		}
	}
	for _, text := range read(t).None {
		if _, ok := Parse(text); ok {
			t.Errorf("%q is read", text)
		}
	}
}

func rows(t *testing.T) [][]Version {
	t.Helper()
	var all [][]Version
	for _, line := range read(t).Ascending {
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
	cmd.Stdin = strings.NewReader(strings.Join(read(t).Ascending, "\n"))
	out, err := cmd.CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != strconv.Itoa(len(read(t).Ascending)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// FuzzCompare: an order, whatever is compared.
func FuzzCompare(f *testing.F) {
	ascending := read(f).Ascending
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

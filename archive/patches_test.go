package archive

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/bindiff"
)

var updatePatches = flag.Bool("update", false, "write target/cases/patches.json anew")

// A patchCase is a pair of files, each byte a letter of Latin-1, and what the
// one is by the other: target/src/tests/test_binpatch.py makes it again.
type patchCase struct {
	Base  string `json:"base"`
	Next  string `json:"next"`
	Count int    `json:"count"`
	Steps string `json:"steps"`
	Diff  string `json:"diff"`
	New   string `json:"new"`
}

// TestPatchCases holds what is made to the table that Python's tests read.
func TestPatchCases(t *testing.T) {
	const name = "../target/cases/patches.json"
	lines := strings.Repeat("a line of some length, and another one.\n", 8)
	var rows []patchCase
	for _, pair := range [][2]string{
		{lines, strings.Replace(lines, "some", "great", 1)},
		{lines, "at the top\n" + lines + "at the end\n"},
		{lines, lines[80:] + lines[:80]},
		{"0123456789abcdefghijklmnopqrstuvwxyz", "0123456789bbcdefghijklmnopqrstuvwxyz"},
		{strings.Repeat("\x00\x01\x02\x03jump\xf0\x10 to \x40", 20), strings.Repeat("\x00\x01\x02\x03jump\x10\x11 to \x40", 20)},
		{"nothing of this stays", "all of it is new, from the first to the last"},
		{"it ends with nothing", ""},
	} {
		base, next := pair[0], pair[1]
		p := bindiff.Make([]byte(base), []byte(next))
		rows = append(rows, patchCase{text(base), text(next), len(p.Steps), hex.EncodeToString(steps(p)), hex.EncodeToString(p.Diff), hex.EncodeToString(p.New)})
	}
	got, err := json.MarshalIndent(map[string]any{"rows": rows}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *updatePatches {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil || string(want) != string(got) {
		t.Errorf("%s: %v; go test ./archive -run TestPatchCases -update writes\n%s", name, err, got)
	}
}

// text is bytes as letters of Latin-1.
func text(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

package archive

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/binary-buildout/binary-buildout/internal/bindiff"
	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// TestPatched: this program makes of a patch what bootstrap.py makes of it.
func TestPatched(t *testing.T) {
	var cases struct{ Rows []patchCase }
	data, err := os.ReadFile("../target/cases/patches.json")
	check(t, errors.Join(err, json.Unmarshal(data, &cases)))
	for _, row := range cases.Rows {
		base, want := latin(row.Base), latin(row.Next)
		var out bytes.Buffer
		err := patcherOf(unhex(t, row.Steps), unhex(t, row.Diff), unhex(t, row.New)).make(&out, bytes.NewReader(base), int64(len(base)), row.Count, int64(len(want)))
		if err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%.30q: %.60q, %v", row.Next, out.Bytes(), err)
		}
	}
}

func patcherOf(steps, diff, fresh []byte) *patcher {
	return &patcher{steps: bufio.NewReader(bytes.NewReader(steps)), diff: bytes.NewReader(diff), fresh: bytes.NewReader(fresh)}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	data, err := hex.DecodeString(s)
	check(t, err)
	return data
}

// latin is the contrary of text.
func latin(s string) []byte {
	var out []byte
	for _, r := range s {
		out = append(out, byte(r))
	}
	return out
}

// TestPatchedUnkept: where the disk is full, nothing goes on to make what nobody reads.
func TestPatchedUnkept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if something waits at the end
		name, base := filepath.Join(t.TempDir(), "base"), make([]byte, 1<<16)
		check(t, os.WriteFile(name, base, 0o600))
		full, err := os.Open(name) // to which nothing can be written
		check(t, err)
		defer full.Close()
		e := Entry{Size: int64(len(base)), SHA256: digest.Of(base)}
		c := Chain{spool: &spool{file: full}, spans: map[string]span{e.SHA256: {size: e.Size}}}
		steps := append(binary.AppendUvarint(nil, uint64(len(base))), 0, 0)
		if err := c.patched(patcherOf(steps, base, nil), e, e, 1); err == nil {
			t.Error("no error")
		}
	})
}

// FuzzPatched: whatever a patch says, no more is made than a file has, and what is
// made of a right one is the file.
func FuzzPatched(f *testing.F) {
	f.Add([]byte("one base\nof two lines\n"), []byte("one file\nof two lines\n"), []byte{8, 0, 0}, []byte("diff"), []byte("new"))
	f.Add([]byte{}, []byte{1}, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1, 1}, []byte{}, []byte{})
	f.Fuzz(func(t *testing.T, base, next, said, diff, fresh []byte) {
		var out bytes.Buffer
		err := patcherOf(said, diff, fresh).make(&out, bytes.NewReader(base), int64(len(base)), 1+len(said)/3, int64(len(next)))
		if out.Len() > len(next) || err == nil && out.Len() != len(next) {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
		p := bindiff.Make(base, next)
		out.Reset()
		if err := patcherOf(steps(p), p.Diff, p.New).make(&out, bytes.NewReader(base), int64(len(base)), len(p.Steps), int64(len(next))); err != nil || !bytes.Equal(out.Bytes(), next) {
			t.Errorf("%v", err)
		}
	})
}

// TestUnpatch: a document by its lines is the document again, and one that says more
// than it may is refused.
func TestUnpatch(t *testing.T) {
	base := []byte("a\nb\nc\nd")
	for _, text := range []string{"", "a\nb\nc\nd", "c\nd", "x\na\nb\ny\nb\nc\n", "d", "a\nb\nc\nd\n", "\n\n"} {
		data, err := json.Marshal(patch(base, []byte(text)))
		check(t, err)
		var parts []any
		check(t, json.Unmarshal(data, &parts))
		got, err := unpatch(base, parts, 100)
		if err != nil || string(got) != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, said := range []string{`[[0, 5]]`, `[[5, 1]]`, `[[-1, 1]]`, `[[0.5, 1]]`, `[[0, 1, 2]]`, `[["a", 1]]`, `[null]`, `[{}]`, `[1, "a"]`,
		`["` + strings.Repeat("x", 101) + `"]`, `[` + strings.Join(slices.Repeat([]string{"[0, 4]"}, 20), ",") + `]`} {
		var parts []any
		check(t, json.Unmarshal([]byte(said), &parts))
		if got, err := unpatch(base, parts, 100); err == nil {
			t.Errorf("%.40s: %q", said, got)
		}
	}
}

package place

import (
	"fmt"
	"io"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

// moved is a text in which each path that the search finds has become the same
// one with another first name, in the form that it had.
func moved(t testing.TB, root, text string) string {
	t.Helper()
	s := New([]Place{{Path: root, Root: true}})
	res, err := s.Stream(strings.NewReader(text), io.Discard, s.Buffer())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	at := int64(0)
	for _, h := range res.Hits {
		if h.Bound == Whole {
			was := text[h.Offset:h.End()]
			b.WriteString(text[at:h.Offset])
			b.WriteString(strings.Replace(strings.Replace(was, "srv", "dst", 1), ToUTF16("srv", false)[:5], ToUTF16("dst", false)[:5], 1))
			at = h.End()
		}
	}
	return b.String() + text[at:]
}

// TestBoundariesOnTheTarget: bootstrap.py finds a path where pack does, and
// nowhere else: in the table's rows, and in made-up texts full of near misses.
func TestBoundariesOnTheTarget(t *testing.T) {
	var rows strings.Builder
	row := func(root, text string) {
		fmt.Fprintf(&rows, "%x,%x,%x,%x\n", root, strings.Replace(root, "srv", "dst", 1), text, moved(t, root, text))
	}
	cases := readBoundaries(t)
	for _, table := range []boundaryTable{cases.Boundaries, cases.Forms} {
		for _, r := range table.Rows {
			text := encoded(r.In, r.Encoding)
			if (moved(t, table.Path, text) != text) != strings.Contains(r.Want, "<0>") {
				t.Errorf("%q isn't told from what becomes of it", text)
			}
			row(table.Path, text)
		}
	}
	for _, big := range []bool{false, true} {
		fmt.Fprintf(&rows, "%x,%x,%x,%x\n", "/srv/app", "/dst/ä", ToUTF16("a /srv/app/x", big), ToUTF16("a /dst/ä/x", big))
	}
	r := rand.New(rand.NewSource(7))
	words := []string{"/srv/app", "/srv", "app", "/", ".", "..", "~", "-", "2", "80", " ", ":", "file:", "file://", "localhost", "http://h", "\n", "ü", "\"", "x", "%20",
		"%2F", "%2Fsrv%2Fapp", "%2fsrv%2fapp", `\/srv\/app`, `\/`, `\xfc`, `\x20`, `\u00fc`, `\u0020`, "\\"}
	for range 3000 {
		var b strings.Builder
		for range r.Intn(9) {
			b.WriteString(words[r.Intn(len(words))])
		}
		row("/srv/app", b.String())
	}
	bootstrap := filepath.Join(t.TempDir(), "bootstrap.py")
	if err := os.WriteFile(bootstrap, target.Bootstrap(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"2.7", "3.6", "3.13"} {
		cmd := exec.Command(testtool.Python(t, version), "testdata/boundaries.py", bootstrap)
		cmd.Stdin = strings.NewReader(rows.String())
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), " 0 wrong") {
			t.Errorf("Python %s: %v\n%s", version, err, out)
		}
	}
}

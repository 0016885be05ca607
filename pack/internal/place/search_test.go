package place

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/binary-buildout/binary-buildout/archive"
)

// replaced runs the search over a text and marks what it finds as <n:enc>.
func replaced(t testing.TB, places []Place, text string) string {
	t.Helper()
	s := New(places)
	buf := s.Buffer()
	res, err := s.Stream(strings.NewReader(text), io.Discard, buf)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	at := int64(0)
	for _, h := range res.Hits {
		if h.Bound != Whole {
			continue
		}
		b.WriteString(text[at:h.Offset])
		fmt.Fprintf(&b, "<%d>", h.Place)
		at = h.End()
	}
	return b.String() + text[at:]
}

// boundaryCases is target/cases/boundaries.json, which bootstrap.py is held to too.
type boundaryCases struct{ Boundaries, Forms boundaryTable }

type boundaryTable struct {
	Path string
	Rows []struct{ In, Want, Encoding string }
}

func readBoundaries(t *testing.T) boundaryCases {
	t.Helper()
	data, err := os.ReadFile("../../../target/cases/boundaries.json")
	check(t, err)
	var cases boundaryCases
	check(t, json.Unmarshal(data, &cases))
	return cases
}

// encoded is a row's text in the row's encoding; what stands for a path stays as it is.
func encoded(text, encoding string) string {
	parts := strings.Split(text, "<0>")
	for i, p := range parts {
		switch encoding {
		case "utf-16-le", "utf-16-be":
			parts[i] = ToUTF16(p, encoding == "utf-16-be")
		case "latin-1":
			parts[i], _ = latin1(p)
		}
	}
	return strings.Join(parts, "<0>")
}

func TestBoundaries(t *testing.T) {
	cases := readBoundaries(t)
	for _, table := range []boundaryTable{cases.Boundaries, cases.Forms} {
		if len(table.Rows) < 10 {
			t.Errorf("%d rows", len(table.Rows))
		}
		for _, row := range table.Rows {
			in, want := encoded(row.In, row.Encoding), encoded(row.Want, row.Encoding)
			if got := replaced(t, []Place{{Path: table.Path, Root: true}}, in); got != want {
				t.Errorf("%q\n got %q\nwant %q", in, got, want)
			}
		}
	}
}

func TestForms(t *testing.T) {
	windows := []Place{{Path: `C:\Stage\Äpp`, Root: true}}
	for _, in := range []string{
		`C:\Stage\Äpp`, `c:\Stage\Äpp`, `C:/Stage/Äpp`, `C:\\Stage\\Äpp`, `C:\\Stage\\\u00c4pp`, "C:/Stage/%C3%84pp", "C%3A/Stage/%C3%84pp", "c%3A%2FStage%2F%C3%84pp",
		`c:\stage\äpp`, `c:/stage/äpp`, `c:\\stage\\äpp`, `c:\\stage\\\u00e4pp`, "c:/stage/%C3%A4pp",
		ToUTF16(`C:\Stage\Äpp`, false),
	} {
		if got := replaced(t, windows, in); got != "<0>" {
			t.Errorf("%q -> %q", in, got)
		}
	}
}

// TestChunks finds a path wherever it lies with respect to the chunks, and
// whatever the size of the reads.
func TestChunks(t *testing.T) {
	places := []Place{{Path: "/srv/app", Root: true}}
	s := New(places)
	size := 4096 + 2*lookBehind
	for _, at := range []int{0, 1, 4000, 4090, 4096, size - 9, size - 8, size - 4, size - 1, size, size + 1, 2 * size, 20000} {
		data := bytes.Repeat([]byte(" "), 30000)
		copy(data[at:], "/srv/app")
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(data), "half": iotest.HalfReader(bytes.NewReader(data)), "byte": iotest.OneByteReader(bytes.NewReader(data))} {
			res, err := s.Stream(r, io.Discard, make([]byte, size))
			if err != nil || len(res.Hits) != 1 || res.Hits[0].Offset != int64(at) || res.Hits[0].Bound != Whole {
				t.Errorf("%s at %d: %+v, %v", name, at, res.Hits, err)
			}
		}
	}
}

// slowReplace is the rule of docs/design.md said again, without chunks or anchors.
func slowReplace(root, text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], root) && judge([]byte(text[:i]), []byte(text[i+len(root):]), EncPlain, true) == Whole {
			b.WriteString("<0>")
			i += len(root)
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// FuzzReplace: the search finds what a plain loop finds, and what it leaves
// holds the root at no boundary; putting the root back gives the text again.
func FuzzReplace(f *testing.F) {
	f.Add("/srv/app", "x /srv/app/y /srv/app2 /mnt/srv/app")
	f.Add("/a-b/c_d", "//a-b/c_d:/a-b/c_d.x/a-b/c_d")
	f.Add("/srv/srv", "/srv/srv/srv/srv/srv")
	f.Fuzz(func(t *testing.T, root, text string) {
		if len(root) < 2 || root[0] != '/' || archive.ValidName(root[1:]) != "" || strings.ContainsAny(root, "%\\\"'<>") || len(root) > 200 {
			return
		}
		if strings.ContainsAny(text, "%\\<>\x00") || strings.Contains(text, archive.PlaceholderMark) || len(text) > 4096 {
			return
		}
		for i := 0; i < len(root); i++ {
			if root[i] < 0x20 || root[i] >= 0x7f || !IsNameByte(root[i]) && root[i] != '/' && root[i] != '.' {
				return
			}
		}
		got := replaced(t, []Place{{Path: root, Root: true}}, text)
		if want := slowReplace(root, text); got != want {
			t.Fatalf("root %q, text %q\n got %q\nwant %q", root, text, got, want)
		}
		if back := strings.ReplaceAll(got, "<0>", root); back != text {
			t.Fatalf("%q -> %q", text, back)
		}
	})
}

// TestSearchAtRandom is FuzzReplace with made-up texts full of near misses.
func TestSearchAtRandom(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	words := []string{"/srv/app", "/srv", "/app", "srv", "app", "/", ".", "-", "2", " ", ":", "file://", "\n", "ü", "\"", "x", "/srv/app/srv/app"}
	for range 3000 {
		var b strings.Builder
		for range r.Intn(12) {
			b.WriteString(words[r.Intn(len(words))])
		}
		if got, want := replaced(t, []Place{{Path: "/srv/app", Root: true}}, b.String()), slowReplace("/srv/app", b.String()); got != want {
			t.Fatalf("%q\n got %q\nwant %q", b.String(), got, want)
		}
	}
}

package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target"
)

// replaced runs the search over a text and marks what it finds as <n:enc>.
func replaced(t testing.TB, places []place, text string) string {
	t.Helper()
	s := newSearcher(places)
	buf := make([]byte, chunkSize+lookBehind+2*s.longest)
	res, err := s.stream(strings.NewReader(text), io.Discard, buf)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	at := int64(0)
	for _, h := range res.hits {
		if h.bound != whole {
			continue
		}
		b.WriteString(text[at:h.offset])
		fmt.Fprintf(&b, "<%d>", h.place)
		at = h.end()
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
	data, err := os.ReadFile("../target/cases/boundaries.json")
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
			parts[i] = toUTF16(p, encoding == "utf-16-be")
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
			if got := replaced(t, []place{{path: table.Path, root: true}}, in); got != want {
				t.Errorf("%q\n got %q\nwant %q", in, got, want)
			}
		}
	}
}

func TestForms(t *testing.T) {
	windows := []place{{path: `C:\Stage\Äpp`, root: true}}
	for _, in := range []string{
		`C:\Stage\Äpp`, `c:\Stage\Äpp`, `C:/Stage/Äpp`, `C:\\Stage\\Äpp`, `C:\\Stage\\\u00c4pp`, "C:/Stage/%C3%84pp", "C%3A/Stage/%C3%84pp", "c%3A%2FStage%2F%C3%84pp",
		`c:\stage\äpp`, `c:/stage/äpp`, `c:\\stage\\äpp`, `c:\\stage\\\u00e4pp`, "c:/stage/%C3%A4pp",
		toUTF16(`C:\Stage\Äpp`, false),
	} {
		if got := replaced(t, windows, in); got != "<0>" {
			t.Errorf("%q -> %q", in, got)
		}
	}
}

func TestLongestPlaceWins(t *testing.T) {
	o := Origin{Root: "/home/me/stage", RealRoot: "/home/me/stage", Home: "/home/me", Prefix: "/home/me/py/3.11", Interpreter: "/home/me/py/3.11/bin/python3.11"}
	places := o.places("3.11.7")
	name := func(text string) string {
		s := newSearcher(places)
		res, err := s.stream(strings.NewReader(text), io.Discard, make([]byte, 1<<16))
		check := []string{}
		for _, h := range res.hits {
			if h.bound == whole {
				check = append(check, places[h.place].placeholder+"|"+places[h.place].path)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(check, " ")
	}
	for in, want := range map[string]string{
		"/home/me/stage/x":                archive.Root + "|/home/me/stage",
		"/home/me/stage2":                 "|/home/me",
		"/home/me/py/3.11/bin/python":     archive.Interpreter + "|/home/me/py/3.11/bin/python",
		"/home/me/py/3.11/bin/python3.11": archive.Interpreter + "|/home/me/py/3.11/bin/python3.11",
		"/home/me/py/3.11/bin/pip":        archive.Prefix + "|/home/me/py/3.11",
		"/home/me/py/3.11":                archive.Prefix + "|/home/me/py/3.11",
		"/home/me/py/3.11.2":              "|/home/me",
		"/home/men":                       "",
	} {
		if got := name(in); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestGenericPlaces(t *testing.T) {
	o := Origin{Root: "/b/stage-x", Interpreter: "/usr/bin/python3.11", Prefix: "/usr", LibDir: "/usr/lib/x86_64-linux-gnu", Home: "/root", TmpDir: "/tmp"}
	var got []string
	for _, p := range o.places("3.11.2") {
		got = append(got, p.path)
	}
	if s := strings.Join(got, " "); s != "/b/stage-x /usr/bin/python3.11" {
		t.Error(s)
	}
}

// TestChunks finds a path wherever it lies with respect to the chunks, and
// whatever the size of the reads.
func TestChunks(t *testing.T) {
	places := []place{{path: "/srv/app", root: true}}
	s := newSearcher(places)
	size := 4096 + 2*lookBehind
	for _, at := range []int{0, 1, 4000, 4090, 4096, size - 9, size - 8, size - 4, size - 1, size, size + 1, 2 * size, 20000} {
		data := bytes.Repeat([]byte(" "), 30000)
		copy(data[at:], "/srv/app")
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(data), "half": iotest.HalfReader(bytes.NewReader(data)), "byte": iotest.OneByteReader(bytes.NewReader(data))} {
			res, err := s.stream(r, io.Discard, make([]byte, size))
			if err != nil || len(res.hits) != 1 || res.hits[0].offset != int64(at) || res.hits[0].bound != whole {
				t.Errorf("%s at %d: %+v, %v", name, at, res.hits, err)
			}
		}
	}
}

// slowReplace is the rule of docs/design.md said again, without chunks or anchors.
func slowReplace(root, text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if strings.HasPrefix(text[i:], root) && judge([]byte(text[:i]), []byte(text[i+len(root):]), encPlain, true) == whole {
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
			if root[i] < 0x20 || root[i] >= 0x7f || !isNameByte(root[i]) && root[i] != '/' && root[i] != '.' {
				return
			}
		}
		got := replaced(t, []place{{path: root, root: true}}, text)
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
		if got, want := replaced(t, []place{{path: "/srv/app", root: true}}, b.String()), slowReplace("/srv/app", b.String()); got != want {
			t.Fatalf("%q\n got %q\nwant %q", b.String(), got, want)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	o := testOrigin("/var/tmp/binary-buildout/0123456789abcdef/stage-of-the-application")
	o.Forbidden = []string{"/home/builder/private", "/var/tmp/private-tmp-dir"}
	s := newSearcher(o.places("3.11.7"))
	data := bytes.Repeat([]byte("import os\nversions = {'/opt/x': None}  # private python\n"), 1<<14)
	buf := make([]byte, chunkSize+lookBehind+2*s.longest)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := s.stream(bytes.NewReader(data), io.Discard, buf); err != nil {
			b.Fatal(err)
		}
	}
}

// TestOwnFilesNameNoPython: what is in every archive holds no path of an interpreter, which a
// build's may be: the proof would find the build's in the archive.
func TestOwnFilesNameNoPython(t *testing.T) {
	path := regexp.MustCompile(`(/[\w.-]+)+/python[\w.]*`)
	for name, text := range map[string][]byte{archive.BootstrapPy: target.Bootstrap(), archive.LauncherName: target.Launcher()} {
		if found := path.Find(text); found != nil {
			t.Errorf("%s holds %s", name, found)
		}
	}
}

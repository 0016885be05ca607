package pack

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
	"github.com/binary-buildout/binary-buildout/target"
)

func TestLongestPlaceWins(t *testing.T) {
	o := Origin{Root: "/home/me/stage", RealRoot: "/home/me/stage", Home: "/home/me", Prefix: "/home/me/py/3.11", Interpreter: "/home/me/py/3.11/bin/python3.11"}
	places := o.places("3.11.7")
	name := func(text string) string {
		s := place.New(places)
		res, err := s.Stream(strings.NewReader(text), io.Discard, make([]byte, 1<<16))
		check := []string{}
		for _, h := range res.Hits {
			if h.Bound == place.Whole {
				check = append(check, places[h.Place].Placeholder+"|"+places[h.Place].Path)
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
		got = append(got, p.Path)
	}
	if s := strings.Join(got, " "); s != "/b/stage-x /usr/bin/python3.11" {
		t.Error(s)
	}
}

func BenchmarkSearch(b *testing.B) {
	o := testOrigin("/var/tmp/binary-buildout/0123456789abcdef/stage-of-the-application")
	o.Forbidden = []string{"/home/builder/private", "/var/tmp/private-tmp-dir"}
	s := place.New(o.places("3.11.7"))
	data := bytes.Repeat([]byte("import os\nversions = {'/opt/x': None}  # private python\n"), 1<<14)
	buf := s.Buffer()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := s.Stream(bytes.NewReader(data), io.Discard, buf); err != nil {
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

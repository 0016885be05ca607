package buildout

import (
	"archive/zip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/target"
)

// manyPins is a buildout with wheels that need others, that have scripts and
// extensions, one project without a pin (toml), and a pin that a word names and nobody needs (attrs).
// Three projects have only an sdist: a pure one, and two with an extension; one that a word names has another.
func manyPins(t *testing.T, pins string) string {
	return write(t, map[string]string{
		"buildout.cfg": "[buildout]\nparts = py\n\n[py]\nrecipe = zc.recipe.egg\ninterpreter = py\nnote = about attrs, and termcolor\n" +
			"eggs =\n    zdaemon\n    WebTest\n    MarkupSafe\n    toml\n    plaster_pastedeploy\n    docopt\n    crcmod\n    python-Levenshtein\n" +
			"\n[versions]\n" + pins + `
MarkupSafe = 2.1.3
zdaemon = 4.4
ZConfig = 3.6.1
WebTest = 3.0.0
WebOb = 1.8.7
waitress = 2.1.2
beautifulsoup4 = 4.12.2
soupsieve = 2.4.1
attrs = 22.2.0
plaster = 1.1.2
plaster_pastedeploy = 1.0.1
PasteDeploy = 3.0.1
six = 1.16.0
docopt = 0.6.2
crcmod = 1.7
python-Levenshtein = 0.12.2
termcolor = 1.1.0
`})
}

var aheadCases = []struct{ minor, pins string }{
	{"3.8", "zc.buildout = 2.13.8\nzc.recipe.egg = 2.0.7\n"},
	{"3.11", "zc.buildout = 6.0.1\nzc.recipe.egg = 6.0.0\n"},
	{"3.11", "zc.buildout = 5.2.0\nzc.recipe.egg = 4.0.0\n"},
	{"3.11", "zc.buildout = 4.2.0\nzc.recipe.egg = 2.0.7\n"},
}

// aheadAll is a variable that has each of aheadCases run. Otherwise the first
// and one of the others do, which take turns, one a day.
const aheadAll = "BINARY_BUILDOUT_AHEAD_ALL"

// What is fetched and installed ahead makes the tree and the list of downloads
// that zc.buildout by itself makes.
func TestAhead(t *testing.T) {
	if testing.Short() {
		t.Skip("builds real buildouts")
	}
	turn := testtool.Turn(len(aheadCases) - 1)
	for i, c := range aheadCases {
		if i > 0 && i-1 != turn && os.Getenv(aheadAll) == "" {
			t.Logf("not today: %q (%s=1 has each)", c.pins, aheadAll)
			continue
		}
		t.Run(strings.Fields(c.pins)[2], func(t *testing.T) {
			o := Options{Dir: manyPins(t, c.pins), Stage: filepath.Join(t.TempDir(), "stage"), Python: python(t, c.minor), Launcher: target.Launcher(), OS: "linux"}
			calls := map[bool]int{}
			sameAlone(t, o, func(alone bool, tree *Tree) {
				if log, got := readText(t, tree.Log), !alone; strings.Contains(log, " eggs were fetched ahead") != got {
					t.Errorf("fetched ahead: want %v\n%s", got, log)
				} else if got && regexp.MustCompile(`(?m)^[0-9] eggs were fetched ahead`).MatchString(log) {
					t.Errorf("few eggs were fetched ahead:\n%s", log)
				}
				want := 3
				if alone {
					want = 0
				}
				if got := builtAhead(t, tree.Log); got != want {
					t.Errorf("%d sdists were built ahead, want %d\n%s", got, want, readText(t, tree.Log))
				}
				calls[alone] = loggedCalls(t, tree.Compiler)
			})
			if calls[true] == 0 || calls[true] != calls[false] {
				t.Errorf("%d calls of compilers are logged, and %d of builds ahead", calls[true], calls[false])
			}
		})
	}
}

// sameAlone builds twice, by zc.buildout alone and with what works ahead of it, and
// compares the trees and the lists of downloads. look sees each tree before it is closed.
func sameAlone(t *testing.T, o Options, look func(alone bool, tree *Tree)) {
	t.Helper()
	var sums [2]map[string]string
	var downloads [2]any
	for i, alone := range []bool{true, false} {
		o.alone = alone
		tree, err := Run(context.Background(), o)
		if err != nil {
			fail(t, err)
		}
		sums[i], downloads[i] = sumTree(t, tree), tree.Downloads
		look(alone, tree)
		if err := tree.Close(); err != nil {
			t.Fatal(err)
		}
	}
	sameSums(t, sums[0], sums[1])
	if !reflect.DeepEqual(downloads[0], downloads[1]) {
		t.Errorf("the downloads were %+v, and are %+v", downloads[0], downloads[1])
	}
}

func builtAhead(t *testing.T, log string) int {
	t.Helper()
	return len(regexp.MustCompile(`(?m)^Built .* ahead\.$`).FindAllString(readText(t, log), -1))
}

// loggedCalls is how many calls of compilers a log has.
func loggedCalls(t *testing.T, log string) int {
	t.Helper()
	return strings.Count(readText(t, log), "\n")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// plainWheel makes a wheel with one module.
func plainWheel(t *testing.T, dir, name string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, name+"-1.0-py3-none-any.whl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	info := name + "-1.0.dist-info/"
	for _, file := range [][2]string{{name + ".py", "\n"}, {info + "METADATA", "Metadata-Version: 2.1\nName: " + name + "\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}, {info + "RECORD", name + ".py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"}} {
		w, err := z.Create(file[0])
		if err == nil {
			_, err = w.Write([]byte(file[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

// A file without a digest, or with another than the index says, isn't used: what
// becomes of it is zc.buildout's to decide.
func TestAheadDigest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a real buildout")
	}
	py := python(t, "3.11")
	dir := wheels(t, py, "zc.buildout==5.2.0", "zc.recipe.egg==4.0.0")
	plainWheel(t, dir, "unsigned")
	plainWheel(t, dir, "other")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder, name := filepath.Split(filepath.Clean(r.URL.Path))
		files, _ := filepath.Glob(filepath.Join(dir, strings.ReplaceAll(name, "-", "?")+"-*.whl"))
		if folder != "/simple/" || len(files) == 0 {
			http.ServeFile(w, r, filepath.Join(dir, name))
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for _, file := range files {
			digest := map[string]string{"other": "#sha256=" + strings.Repeat("0", 64)}[name]
			fmt.Fprintf(w, "<a href=\"/files/%[1]s%[2]s\">%[1]s</a>\n", filepath.Base(file), digest)
		}
	}))
	defer server.Close()
	cfg := "[buildout]\nparts = py\nindex = " + server.URL + "/simple/\n\n[versions]\nzc.buildout = 5.2.0\nzc.recipe.egg = 4.0.0\nunsigned = 1.0\nother = 1.0\n\n" +
		"[py]\nrecipe = zc.recipe.egg\ninterpreter = py\neggs =\n    unsigned\n    other\n"
	o := Options{Dir: write(t, map[string]string{"buildout.cfg": cfg}), Stage: filepath.Join(t.TempDir(), "stage"), Python: py, Launcher: target.Launcher(), OS: "linux"}
	tree, err := Run(context.Background(), o)
	if err == nil {
		tree.Close()
		t.Fatal("a file with another digest was used")
	}
	if !strings.Contains(err.Error(), "sha256 validation failed for other-1.0-py3-none-any.whl") {
		t.Errorf("error: %v", err)
	}
	log := readText(t, filepath.Join(o.Stage+".log", "build.log"))
	if want := "left to zc.buildout are DistutilsError: 1, no digest in the index: 2"; !strings.Contains(log, want) {
		t.Errorf("the log lacks %q:\n%s", want, log)
	}
	eggs, err := filepath.Glob(filepath.Join(o.Stage, "eggs", "*", "*.egg"))
	if err != nil || !strings.Contains(strings.Join(eggs, " "), "unsigned-1.0") || strings.Contains(strings.Join(eggs, " "), "other-1.0") {
		t.Errorf("eggs: %v, %v", eggs, err)
	}
}

// TestAheadAllowed: which addresses a thread may ask for is found out without
// zc.buildout 2.13.8's way, which empties a module that the other threads use.
func TestAheadAllowed(t *testing.T) {
	if testing.Short() {
		t.Skip("installs zc.buildout")
	}
	py, dir := python(t, "3.8"), t.TempDir()
	if out, err := exec.Command(py, "-m", "pip", "install", "-q", "-t", dir, "zc.buildout==2.13.8", "setuptools==51.3.3").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(py, "-c", target.Names()+`
import types
import zc.buildout.buildout
buildout, wrap = zc.buildout, lambda *args: None
`+aheadProgram()+`
index = easy._get_index('http://index.test/simple/', [], ('index.test', '*.allowed.test'))
urls = ['http://index.test/a', 'https://x.allowed.test/b', 'http://other.test/c', 'file:///d', 'FILE://e/f']
want = [bool(index.url_ok(url)) for url in urls]
easy._Monkey = None
own = Fetcher(types.SimpleNamespace(_index=index), None).index_of(easy.pkg_resources.Requirement.parse('six==1.16.0'))
print(want, [own.url_ok(url, True) for url in urls])
`)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir)
	out, err := cmd.Output()
	want := "[True, True, False, True, True]"
	if err != nil || strings.TrimSpace(string(out)) != want+" "+want {
		t.Errorf("%v: %s", err, out)
	}
}

// aheadProgram is Python code that runs what works ahead.
func aheadProgram() string {
	return "for name in '" + strings.Join(aheadFiles(), " ") + "'.split():\n    with open('py/' + name) as f:\n        exec(compile(f.read(), name, 'exec'))\n"
}

// runAhead runs Python code behind py/ahead.py, which finds no zc.buildout.
func runAhead(t *testing.T, code string) string {
	t.Helper()
	source := target.Names() + "import types\nbuildout = types.SimpleNamespace(easy_install=types.SimpleNamespace(), buildout=None)\n" +
		aheadProgram() + code
	out, err := exec.Command(python(t, "3.11"), "-c", source).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// Of an index page, only links that are surely of another release are left out.
func TestAheadPage(t *testing.T) {
	cases := []struct {
		file string
		kept bool
	}{
		{"zope.interface-5.5.2-cp311-cp311-linux_x86_64.whl", true},
		{"zope_interface-5.5.2.tar.gz", true},
		{"zope.interface-5.5.2.0.tar.gz", true},
		{"zope.interface-05.5.2.zip", true},
		{"zope.interface-v5.5.2.zip", true},
		{"zope.interface-5.5.2rc1.tar.gz", true},
		{"zope.interface-5.5.2.post1.tar.gz", true},
		{"zope.interface-5.5.2+local.tar.gz", true},
		{"zope.interface-1!5.5.3.tar.gz", true},
		{"other-5.5.3.tar.gz", true},
		{"zope.interface-extra-5.5.3.tar.gz", true},
		{"zope.interface-5.5.3.tar.gz", false},
		{"zope.interface-5.5.zip", false},
		{"zope.interface-5.5.20-cp311-cp311-linux_x86_64.whl", false},
		{"Zope_Interface-5.5.3rc1.tar.gz", false},
		{"zope.interface-3.4dev-r73107.tar.gz", false},
	}
	page, want := "", "<h1>links</h1>\n"
	for _, c := range cases {
		link := `<a href="../../files/` + c.file + `#sha256=00" data-requires-python="&gt;=3">` + c.file + "</a>"
		page += link + "\n"
		if c.kept {
			want += link
		}
		want += "\n"
	}
	got := runAhead(t, fmt.Sprintf("print(of_release(%q.encode(), 'zope.interface', '5.5.2').decode())", "<h1>links</h1>\n"+page))
	if got != strings.TrimSpace(want) {
		t.Errorf("the page is\n%s\nwant\n%s", got, want)
	}
}

// Exact pins are fetched ahead, and nothing else.
func TestAheadPins(t *testing.T) {
	got := runAhead(t, `print(sorted(exact({'A.b_c': '1.0', 'd': '==2.0', 'e': '>=1', 'f': '', 'g': '1.0,<2', 'h': '1.*', 'i': '1!2.0+x'}).items()))`)
	if want := "[('a-b-c', '1.0'), ('d', '2.0'), ('i', '1!2.0+x')]"; got != want {
		t.Errorf("pins are %s, want %s", got, want)
	}
}

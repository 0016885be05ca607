package prove

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/binary-buildout/binary-buildout/pack"
)

func TestMain(m *testing.M) {
	if handled, code := isolate.Child(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// fake is a bin/buildout that says what one on a target should.
const fake = `#!/bin/sh
'''exec' "@binary-buildout-python@" "$0" "$@"
' '''
import os, sys
root = "@binary-buildout-root@"
assert os.path.isdir(root), root
assert os.environ["LC_ALL"] == "C" and os.listdir(os.environ["HOME"]) == []
print("Updating one.")
print("Updating two.")
`

func archived(t *testing.T, buildout string, files map[string]string) string {
	t.Helper()
	return installtest.Make(t, t.TempDir(), installed(buildout, files))
}

// archivedFor is archived for another ABI.
func archivedFor(t *testing.T, abi, buildout string) string {
	t.Helper()
	a := installed(buildout, nil)
	a.Manifest.Python.ABI, a.Manifest.Target = abi, abi+a.Manifest.Target[len("cp313"):]
	return installtest.Make(t, t.TempDir(), a)
}

func installed(buildout string, files map[string]string) installtest.Archive {
	a := installtest.Archive{
		Name: "hello", Version: "1.0",
		Manifest: archive.Manifest{
			Target: "cp313-linux_x86_64", Python: archive.Python{ABI: "cp313"},
			Parts:      []archive.Part{{Name: "one"}, {Name: "two"}},
			Extensions: []archive.Extension{{Path: "eggs/x.so"}, {Path: "eggs/odd name"}},
		},
		Files: map[string]string{"bin/buildout": buildout, "eggs/x.so": "code", "eggs/odd name": "code"},
	}
	if runtime.GOARCH != "amd64" {
		a.Manifest.Target = "cp313-linux_aarch64"
	}
	for p, c := range files {
		a.Files[p] = c
	}
	return a
}

func options(t *testing.T, src string) Options {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Archive: src, Hide: []string{home, filepath.Dir(src)}, Python: installtest.Python(t, "3.13"), Env: os.Environ(),
		OS: runtime.GOOS, Arch: runtime.GOARCH,
		WorkDir: t.TempDir(), Origin: pack.Origin{Root: "/var/tmp/the-stage", Home: "/home/builder"},
	}
}

func TestProof(t *testing.T) {
	src := archived(t, fake, nil)
	o := options(t, src)
	o.Hide = []string{filepath.Dir(src)} // and the interpreter's prefix by itself
	o.RequireIsolation = true
	o.Smoke = []string{
		`case "$PWD" in *"elsewhere") ;; *) exit 1;; esac; test "$(umask)" = 0077`,
		`! ls ` + filepath.Dir(src) + `/*.gz`,
		`! gcc --version && python3 -c "import sys; assert 'another-python' in sys.executable, sys.executable; assert 'another-python' in sys.prefix"`,
		`python3 -c "
import socket, threading, urllib.request, http.server
s = http.server.HTTPServer(('127.0.0.1', 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=s.serve_forever, daemon=True).start()
urllib.request.urlopen('http://127.0.0.1:%d/' % s.server_port).read()
try: socket.create_connection(('192.0.2.1', 80), 5)
except OSError: pass
else: raise SystemExit('network')"`,
	}
	var steps []string
	o.Progress = func(s string) { steps = append(steps, s) }
	p, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Err() != nil {
		t.Errorf("problems: %+v", p.Problems)
	}
	if p.Network != isolate.Enforced || p.Compiler != isolate.Enforced || p.OldPlace != isolate.Enforced || p.Interpreter != isolate.Enforced {
		t.Errorf("grades: %+v", p)
	}
	if p.Parts != 2 || p.Extensions != 2 || len(p.Steps) != 5 || len(p.Smoke) != 4 || !strings.HasPrefix(p.Python, "3.13.") {
		t.Errorf("proof: %+v", p)
	}
	if want := "isolate,install,python bootstrap.py,bin/buildout,bin/buildout -o -N"; !strings.HasPrefix(strings.Join(steps, ","), want) {
		t.Errorf("steps %q", steps)
	}
	data, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(data), `"old_place":"enforced"`) {
		t.Errorf("%s, %v", data, err)
	}
	left, err := os.ReadDir(o.WorkDir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What a proof must see. Each is an archive that breaks one promise.
func TestFaults(t *testing.T) {
	say := func(text string) string { return fake + text + "\n" }
	for _, test := range []struct {
		name     string
		buildout string
		files    map[string]string
		option   func(o *Options)
		want     string
	}{
		{name: "exit", buildout: say("sys.exit('Error: boom')"), want: "bin/buildout exits with 1: Error: boom"},
		{name: "only -o", buildout: say("if '-o' in sys.argv: sys.exit(3)"), want: "bin/buildout -o exits with 3"},
		{name: "only -N", buildout: say("if '-N' in sys.argv: sys.exit(3)"), want: "bin/buildout -N exits with 3"},
		{name: "both", buildout: say("if len(sys.argv) > 2: sys.exit(3)"), want: "bin/buildout -o -N exits with 3"},
		{name: "installing", buildout: say("print('Installing one.')"), want: "part one is installed again"},
		{name: "uninstalling", buildout: say("print('Uninstalling three.')"), want: "part three is uninstalled"},
		{name: "silent part", buildout: strings.Replace(fake, `print("Updating two.")`, "", 1), want: "part two isn't updated"},
		{name: "asks the network", buildout: say("print(\"Getting distribution for 'six'.\")"), want: "Getting distribution for 'six'."},
		{name: "removes an extension", buildout: say("os.remove(root + '/eggs/x.so') if '-N' in sys.argv else 0"), want: "-N: eggs/x.so is gone"},
		{name: "writes an extension again", buildout: say("open(root + '/eggs/y', 'w').write('code'); os.rename(root + '/eggs/y', root + '/eggs/x.so')"), want: "eggs/x.so was written again"},
		{name: "changes an extension without a suffix", buildout: say("open(root + '/eggs/odd name', 'a').write('x')"), want: "eggs/odd name has other content"},
		{name: "a new program", buildout: say("open(root + '/eggs/tool', 'w').write('\\x7fELF')"), want: "eggs/tool is new"},
		{name: "uses a compiler", buildout: say("import subprocess\nsubprocess.check_call(['gcc', '--version'])"), want: "bin/buildout exits with 1"},
		{name: "uses the network", buildout: say("import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=9)"), want: "Network is unreachable"},
		{name: "uses the stage", buildout: say("open('STAGE/file')"), want: "No such file"},
		{name: "the build's path in a file", buildout: fake, files: map[string]string{"etc/a.conf": "x=/var/tmp/the-stage/var"}, want: "etc/a.conf still holds /var/tmp/the-stage"},
		{name: "bootstrap breaks", buildout: fake, files: map[string]string{"bootstrap.py": "x"}, want: "NameError"},
		{name: "a script's module", buildout: fake, files: map[string]string{"bin/ha": script("src", "ha")}, want: "bin/ha can't be started: No module named 'ha'"},
		{name: "what a part left", buildout: say("os.path.exists(root + '/parts/x') and os.remove(root + '/parts/x')"), files: map[string]string{"parts/x": "x"},
			want: "bin/buildout: parts/x is gone (of no part)"},
		{name: "smoke", buildout: fake, option: func(o *Options) { o.Smoke = []string{"true", "echo it is broken; exit 4"} }, want: "exits with 4: it is broken"},
		{name: "smoke that stays", buildout: fake, option: func(o *Options) { o.Smoke, o.SmokeTime = []string{"sleep 1000"}, 300*time.Millisecond }, want: "didn't end within"},
		{name: "not isolated", buildout: fake, option: func(o *Options) { o.RequireIsolation, o.Methods = true, []isolate.Method{isolate.Proxy} }, want: `isolation is required, and that of the network is "by-convention"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			stage := t.TempDir()
			if err := os.WriteFile(filepath.Join(stage, "file"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			o := options(t, archived(t, strings.Replace(test.buildout, "STAGE", stage, 1), test.files))
			o.Hide = append(o.Hide, stage)
			if test.option != nil {
				test.option(&o)
			}
			p, err := Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			err = p.Err()
			if err == nil || !strings.Contains(describeAll(p), test.want) {
				t.Errorf("%v: %s; want %q", err, describeAll(p), test.want)
			}
			var f *Failure
			if !errors.As(err, &f) || fault.CodeOf(err, 0) != 1 || fault.HintOf(err, "") == "" {
				t.Errorf("error %#v", err)
			}
		})
	}
}

func describeAll(p *Proof) string {
	var b strings.Builder
	for _, x := range p.Problems {
		b.WriteString(x.Text + "\n")
	}
	return b.String()
}

func TestVolatile(t *testing.T) {
	o := options(t, archived(t, strings.Replace(fake, "Updating two", "Installing two", 1)+"print('Uninstalling two.')\n", nil))
	o.Volatile = []string{"two"}
	p, err := Run(t.Context(), o)
	if err != nil || p.Err() != nil {
		t.Errorf("%v, %v", err, p.Err())
	}
}

// What pack was told lies in the archive, and counts where nobody says it
// again; what is said again isn't done twice.
func TestManifestSaysHow(t *testing.T) {
	a := installed(strings.Replace(fake, "Updating two", "Installing two", 1), nil)
	a.Manifest.Prove = &archive.Prove{Smoke: []string{"echo one", "echo two; exit 4"}, Volatile: []string{"two"}}
	o := options(t, installtest.Make(t, t.TempDir(), a))
	o.Smoke, o.Volatile = []string{"echo one", "echo three"}, []string{"two"}
	p, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, s := range p.Smoke {
		said = append(said, strings.TrimSpace(s.Output))
	}
	if got := strings.Join(said, ","); got != "one,two,three" || len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Text, "exits with 4") {
		t.Errorf("smoke commands said %s; problems %+v", got, p.Problems)
	}
}

// Whatever time it takes and wherever it is done, what lasts is the same.
func TestLasting(t *testing.T) {
	proof := func(dir string, seconds float64) *Proof {
		return &Proof{
			Network: isolate.Enforced, Method: isolate.Proxy, Python: "3.13.0", Parts: 2, Extensions: 3,
			Stronger: []isolate.Attempt{{Method: isolate.Namespaces, Reason: "mounting " + dir}},
			Steps:    []Step{{Command: "bin/buildout", Seconds: seconds, Output: "in " + dir}},
			Smoke:    []Step{{Command: "bin/x", Seconds: seconds, Output: time.Now().String()}},
			Notes:    []string{"bin/buildout: Generated script '" + dir + "/bin/x'"},
		}
	}
	one, err := json.Marshal(proof("/var/tmp/a", 1).Lasting())
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(proof("/var/tmp/b", 2).Lasting())
	if err != nil || string(one) != string(two) || !strings.Contains(string(one), `"steps":[{"command":"bin/buildout","code":0}],"smoke":[{"command":"bin/x","code":0}]`) {
		t.Errorf("%v\n%s\n%s", err, one, two)
	}
	if (*Proof)(nil).Lasting() != nil {
		t.Error("no proof lasts")
	}
}

func TestByConvention(t *testing.T) {
	o := options(t, archived(t, fake, nil))
	o.Methods = []isolate.Method{isolate.Proxy}
	p, err := Run(t.Context(), o)
	if err != nil || p.Err() != nil {
		t.Fatalf("%v, %v", err, p.Err())
	}
	if p.Network != isolate.ByConvention || p.Compiler != isolate.ByConvention || p.OldPlace != isolate.Not || p.Interpreter != isolate.ByConvention {
		t.Errorf("grades: %+v", p)
	}
}

// A Python of the system can't be hidden with its prefix; the executable can.
func TestSystemPython(t *testing.T) {
	python := testtool.Program(t, "/usr/bin/python3")
	i := &placedPython{Base: "/usr/bin/python3.11", Prefix: "/usr"}
	m := i.moveTo("/place")
	if m.executable != "/place/bin/python3.11" || len(m.hide) != 0 || len(m.mask) != 1 || len(m.binds) != 1 {
		t.Errorf("%+v", m)
	}
	abi := systemABI(t, python)
	o := options(t, archivedFor(t, abi, fake))
	o.Python = python
	lib := "libpython" + abi[2:3] + "." + abi[3:] + ".so.1.0"
	load := fmt.Sprintf("import ctypes; ctypes.CDLL(%q)", lib)
	if exec.Command(python, "-c", load).Run() != nil {
		testtool.Lacks(t, lib+", which the proof has to hide,")
	}
	o.Smoke = []string{"! python3 -c '" + load + "'"}
	p, err := Run(t.Context(), o)
	if err != nil || p.Err() != nil {
		t.Fatalf("%v, %v", err, p.Err())
	}
	if p.Interpreter != isolate.Enforced {
		t.Errorf("interpreter: %s", p.Interpreter)
	}
}

func TestReadOutput(t *testing.T) {
	parts := []archive.Part{{Name: "a b"}, {Name: "c"}}
	for _, test := range []struct{ out, want string }{
		{"Updating a b.\nUpdating c.\n", ""},
		{"Develop: '/x/.'\nUpdating a b.\r\nUpdating c.\r\nUnused options for buildout: 'x'.\n", ""},
		{"Updating a b.\nUninstalling c.\nInstalling c.\n", "part c is uninstalled; part c is installed again"},
		{"Updating a b.\n", "part c isn't updated"},
		{"Updating a b.\nUpdating c.\nUpgraded:\n", "it says: Upgraded:"},
		{"c: Updating things.\nUpdating a b.\nUpdating c.\n", ""},
	} {
		if got := strings.Join(readOutput(test.out).problems(parts, nil), "; "); got != test.want {
			t.Errorf("%q: %q, want %q", test.out, got, test.want)
		}
	}
}

// What is looked for in the installed tree: every place of the build, in every
// form, in every byte, and in links.
func TestLeftovers(t *testing.T) {
	origin := pack.Origin{
		Root: "/var/tmp/bb/größe", RealRoot: "/private/var/tmp/bb/größe",
		Interpreter: "/opt/py/bin/python3.13", Prefix: "/opt/py", LibDir: "/opt/py-libs/lib",
		Virtualenv: "/home/builder/venv", Home: "/home/builder", TmpDir: "/var/tmp/bb.tmp", Forbidden: []string{"/home/builder/checkout"},
	}
	utf16 := func(s string) string {
		var b strings.Builder
		for _, u := range utf16.Encode([]rune(s)) {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
		return b.String()
	}
	far := strings.Repeat("x", 1<<20-5)
	files := map[string]struct{ text, want string }{
		"plain":         {"root = /var/tmp/bb/größe/var\n", origin.Root},
		"real":          {"/private/var/tmp/bb/größe", origin.RealRoot},
		"url":           {"file:///var/tmp/bb/gr%C3%B6%C3%9Fe/x", origin.Root},
		"quoted":        {"u=%2Fvar%2Ftmp%2Fbb%2Fgr%C3%B6%C3%9Fe&", origin.Root},
		"json":          {`{"x": "\/var\/tmp\/bb\/gr\u00f6\u00dfe"}`, origin.Root},
		"python":        {`x = '/var/tmp/bb/gr\xf6\xdfe'`, origin.Root},
		"python2":       {`x = '/var/tmp/bb/gr\xc3\xb6\xc3\x9fe'`, origin.Root},
		"latin1":        {"/var/tmp/bb/gr\xf6\xdfe\n", origin.Root},
		"utf16":         {"\xff\xfe" + utf16("x=/var/tmp/bb/größe\n"), origin.Root},
		"binary":        {"\x7fELF\x00" + far + "/var/tmp/bb/größe/lib\x00", origin.Root},
		"interpreter":   {"#!/opt/py/bin/python3\n", "/opt/py/bin/python3"},
		"prefix":        {"-L/opt/py/include", origin.Prefix},
		"libdir":        {"-L/opt/py-libs/lib ", origin.LibDir},
		"virtualenv":    {"/home/builder/venv/lib", origin.Virtualenv},
		"home":          {"/home/builder/.cache", origin.Home},
		"tmp":           {"/var/tmp/bb.tmp/a.c", origin.TmpDir},
		"checkout":      {"/home/builder/checkout", "/home/builder/checkout"},
		"longer":        {"/var/tmp/bb/größer /opt/python /home/builder2", ""},
		"inner":         {"/mnt/var/tmp/bb/größe", ""},
		"deep/er/x.pyc": {"\x00/var/tmp/bb/größe/a.py\x00", origin.Root},
		"excepted.txt":  {"/opt/py", ""},
	}
	tree := t.TempDir()
	want := map[string]string{"link": origin.Root}
	for name, file := range files {
		path := filepath.Join(tree, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(file.text), 0o644)); err != nil {
			t.Fatal(err)
		}
		if file.want != "" {
			want[name] = file.want
		}
	}
	if err := errors.Join(os.Symlink(origin.Root+"/x", filepath.Join(tree, "link")), os.Mkdir(filepath.Join(tree, archive.Dir), 0o755),
		os.WriteFile(filepath.Join(tree, archive.Dir, "manifest.json"), []byte(origin.Root), 0o644)); err != nil {
		t.Fatal(err)
	}
	found, err := leftovers(t.Context(), tree, pack.NewFinder(origin, "3.13.5"), map[string]bool{"excepted.txt": true})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, l := range found {
		got[l.file] = l.path
	}
	for name := range files {
		if got[name] != want[name] {
			t.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
	}
	if len(got) != len(want) || got["link"] != origin.Root {
		t.Errorf("%d files, want %d: %v", len(got), len(want), got)
	}
}

func systemABI(t *testing.T, python string) string {
	t.Helper()
	out, err := exec.Command(python, "-c", "import sys; print('cp%d%d' % sys.version_info[:2])").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// Every supported interpreter runs from its other place, under LC_ALL=C.
func TestVersions(t *testing.T) {
	for _, version := range []string{"2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12"} {
		abi := "cp" + strings.Replace(version, ".", "", 1)
		if version == "2.7" {
			abi = "cp27mu"
		}
		src := archivedFor(t, abi, `#!/bin/sh
exec "@binary-buildout-python@" -c 'import ctypes, json, sys; print("Updating one."); print("Updating two.")'
`)
		o := options(t, src)
		o.Hide, o.Python = []string{filepath.Dir(src)}, installtest.Python(t, version)
		p, err := Run(t.Context(), o)
		if err != nil || p.Err() != nil || p.Interpreter != isolate.Enforced {
			t.Errorf("%s: %v, %v, %s", version, err, p.Err(), p.Interpreter)
			for _, s := range p.Steps {
				t.Log(s)
			}
		}
	}
}

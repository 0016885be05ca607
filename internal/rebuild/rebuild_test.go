package rebuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

var update = flag.Bool("update", false, "write testdata/statement.json")

type list struct{ values []string }

func (l *list) String() string     { return strings.Join(l.values, " ") }
func (l *list) Set(s string) error { l.values = append(l.values, s); return nil }
func (l *list) Values() []string   { return l.values }

// flags are some of pack's.
func flags() *flag.FlagSet {
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	fs.String("config", "buildout.cfg", "")
	fs.String("default-cfg", "", "")
	fs.String("python", "", "")
	fs.Bool("no-import", false, "")
	fs.Var(&list{}, "exclude", "")
	fs.Var(&list{}, "before", "")
	return fs
}

// TestParameters: what decides about the bytes is noted and set again; no
// directory of the machine, no interpreter and no command is.
func TestParameters(t *testing.T) {
	fs := flags()
	if err := fs.Parse([]string{"--config=/home/me/site/etc/site.cfg", "--default-cfg=/home/me/default.cfg", "--python=/opt/python", "--no-import", "--exclude=*.a b", "--exclude=*.c", "--before=rm -rf x"}); err != nil {
		t.Fatal(err)
	}
	got := Parameters(fs, "/home/me/site")
	want := map[string][]string{"config": {"etc/site.cfg"}, "default-cfg": {"default.cfg"}, "no-import": {"true"}, "exclude": {"*.a b", "*.c"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%v", got)
	}
	again := flags()
	if err := Apply(again, got); err != nil {
		t.Fatal(err)
	}
	if got := Parameters(again, "/elsewhere"); !reflect.DeepEqual(got, want) {
		t.Errorf("set again: %v", got)
	}
	if got := Parameters(flags(), "/home/me/site"); len(got) != 0 {
		t.Errorf("defaults: %v", got)
	}
}

// TestHostileParameters: an archive runs nothing, and reads nothing outside of its checkout.
func TestHostileParameters(t *testing.T) {
	for name, parameters := range map[string]map[string][]string{
		"a command": {"before": {"echo marker"}}, "an interpreter": {"python": {"/tmp/x"}}, "a flag of tomorrow": {"tomorrow": {"1"}},
		"a file above": {"config": {"../x.cfg"}}, "a file elsewhere": {"default-cfg": {"/etc/x.cfg"}}, "no value of its kind": {"no-import": {"perhaps"}},
	} {
		fs := flags()
		err := Apply(fs, parameters)
		if fault.CodeOf(err, 0) != 2 {
			t.Errorf("%s: %v", name, err)
		}
		fs.Visit(func(f *flag.Flag) { t.Errorf("%s: --%s is set", name, f.Name) })
	}
}

func run(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// repository has two commits, of which the first is asked for, a change that
// isn't committed, and a hook that leaves a marker.
func repository(t *testing.T) (dir, commit string) {
	t.Helper()
	dir = t.TempDir()
	save := func(name, text string, mode os.FileMode) {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	who := []string{"-c", "user.name=x", "-c", "user.email=x@example.org"}
	run(t, dir, "git", "init", "-q")
	save("app/buildout.cfg", "one", 0o644)
	run(t, dir, "git", "add", "-A")
	run(t, dir, append(append([]string{"git"}, who...), "commit", "-qm", "one")...)
	run(t, dir, "git", "tag", "v1")
	commit = run(t, dir, "git", "rev-parse", "HEAD")
	save("app/buildout.cfg", "two", 0o644)
	run(t, dir, append(append([]string{"git"}, who...), "commit", "-qam", "two")...)
	save("app/buildout.cfg", "edited", 0o644)
	save(".git/hooks/post-checkout", "#!/bin/sh\ntouch hooked\n", 0o755)
	return dir, commit
}

// TestCheckout: the commit's files, in a directory of their own, under the
// remote's name of the manifest; the repository is as it was.
func TestCheckout(t *testing.T) {
	local, commit := repository(t)
	before := run(t, local, "git", "status", "--porcelain=v2", "--branch")
	to := filepath.Join(t.TempDir(), "checkout")
	source := archive.Source{URL: "https://example.org/site.git", Commit: commit, Directory: "app"}
	dir, err := Checkout(context.Background(), source, filepath.Join(local, "app"), to)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(dir, "buildout.cfg")); err != nil || string(data) != "one" {
		t.Errorf("%q %v", data, err)
	}
	for argv, want := range map[string]string{"rev-parse HEAD": commit, "config --get remote.origin.url": source.URL, "describe --tags": "v1", "status --porcelain": ""} {
		if got := run(t, dir, append([]string{"git"}, strings.Fields(argv)...)...); got != want {
			t.Errorf("git %s: %q", argv, got)
		}
	}
	if after := run(t, local, "git", "status", "--porcelain=v2", "--branch"); after != before {
		t.Errorf("the repository was\n%s\nand is\n%s", before, after)
	}
	for _, marker := range []string{filepath.Join(to, "hooked"), filepath.Join(local, "hooked"), to + ".gitconfig"} {
		if _, err := os.Lstat(marker); err == nil {
			t.Errorf("%s is there", marker)
		}
	}
}

// TestHostileSource: git gets no address that it could take for a command, and
// a checkout leads nowhere else.
func TestHostileSource(t *testing.T) {
	local, commit := repository(t)
	unknown := strings.Repeat("0", 40)
	for name, s := range map[string]archive.Source{
		"a transport":        {Commit: unknown, URL: "ext::touch hooked"},
		"an option":          {Commit: unknown, URL: "--upload-pack=touch hooked"},
		"a host's option":    {Commit: unknown, URL: "ssh://-oProxyCommand=touch/x"},
		"a path":             {Commit: unknown, URL: local},
		"a file":             {Commit: unknown, URL: "file://" + local},
		"nothing":            {Commit: unknown},
		"a branch":           {Commit: "HEAD"},
		"an option, commit":  {Commit: "--help"},
		"a directory above":  {Commit: commit, Directory: "../.."},
		"a whole path":       {Commit: commit, Directory: "/etc"},
		"without encryption": {Commit: unknown, URL: "http://127.0.0.1:9/x"},
	} {
		to := filepath.Join(t.TempDir(), "checkout")
		if dir, err := Checkout(context.Background(), s, local, to); err == nil {
			t.Errorf("%s: %s", name, dir)
		}
		if _, err := os.Lstat(filepath.Join(local, "hooked")); err == nil {
			t.Errorf("%s: the marker is there", name)
		}
	}
}

// TestFetchable: these are the addresses that a checkout is cloned from.
func TestFetchable(t *testing.T) {
	for address, want := range map[string]bool{
		"https://github.com/o/r": true, "ssh://git@host/o/r": true, "git@github.com:o/r.git": true,
		"http://host/r": false, "git://host/r": false, "ext::x": false, "-x": false, "git@-x:y": false, "git@host:-y": false, "ssh://-x/y": false, "/srv/r": false, "": false,
	} {
		if fetchable.MatchString(address) != want {
			t.Errorf("%q: not %v", address, want)
		}
	}
}

func TestSurroundings(t *testing.T) {
	m := func(python, image, cc string) archive.Manifest {
		return archive.Manifest{Generator: "binary-buildout 1", Buildout: "6.0.1", Python: archive.Python{Implementation: "cpython", Version: python, ABI: "cp313", Platform: "linux_x86_64"},
			Toolchain: map[string]string{"cc": cc}, Provenance: &archive.Provenance{Image: image}}
	}
	compiledIn := func(root string) archive.Manifest {
		return archive.Manifest{Relocations: []archive.Relocation{{Path: "bin/x", Class: archive.ClassText}, {Path: "parts/x", Class: archive.ClassCString, CStrings: []archive.CString{{Old: root + "/lib", Prefix: len(root)}}}}}
	}
	if got := Surroundings(compiledIn("/a"), compiledIn("/b")); !reflect.DeepEqual(got, []Mismatch{{"stage, which is compiled in", "/a", "/b"}}) {
		t.Errorf("%v", got)
	}
	if got := Surroundings(m("3.13.0", "", "gcc 12"), m("3.13.0", "", "gcc 12")); got != nil {
		t.Errorf("%v", got)
	}
	var said []string
	for _, x := range Surroundings(m("3.13.0", "i@sha256:1", "gcc 12"), m("3.13.1", "", "gcc 13")) {
		said = append(said, x.String())
	}
	want := "Python: cpython 3.13.1 (cp313, linux_x86_64), and the archive was built with cpython 3.13.0 (cp313, linux_x86_64)\n" +
		"image: none, and the archive was built with i@sha256:1\ncc: gcc 13, and the archive was built with gcc 12"
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("%s", got)
	}
}

func TestOwner(t *testing.T) {
	for file, want := range map[string]string{
		"manifest: builds":                        "manifest",
		"eggs/six-1.16.0-py3.13.egg/six.py":       "egg six 1.16.0",
		"eggs/v4/six-1.16.0.egg/EGG-INFO/RECORD":  "egg six 1.16.0",
		"eggs/odd.egg":                            "eggs",
		"eggs/odd.egg/x":                          "egg odd",
		"parts/nginx/sbin/nginx":                  "part nginx",
		"parts/buildout":                          "parts",
		"bin/py":                                  "bin",
		"buildout.cfg":                            ".",
		"develop-eggs/hello-1.0.dist-info/RECORD": "develop-eggs/hello-1.0.dist-info",
	} {
		if got := owner(file); got != want {
			t.Errorf("%s: %q", file, got)
		}
	}
}

// TestAttest holds the statement to what in-toto's specifications ask for.
func TestAttest(t *testing.T) {
	is := archive.Manifest{Generator: "binary-buildout 1.2.0+dirty", Python: archive.Python{Implementation: "cpython", Version: "3.13.0"},
		Provenance: &archive.Provenance{Image: "quay.io/x/y@sha256:33", Source: &archive.Source{URL: "https://example.org/site", Commit: "44"}},
		Downloads:  []archive.Download{{File: "six-1.tar.gz", SHA256: "55"}, {File: "n.tgz", URL: "https://example.org/n.tgz", SHA256: "66"}}}
	for _, c := range []struct {
		result         Result
		want           TestResult
		passed, failed []string
	}{
		{Result{Archive: "a.tar.gz", SHA256: "11", RebuiltSHA256: "11", Same: true}, Passed, []string{TestBytes, TestContents}, []string{}},
		{Result{Archive: "a.tar.gz", SHA256: "11", RebuiltSHA256: "22"}, Failed, []string{TestContents}, []string{TestBytes}},
		{Result{Archive: "a.tar.gz", SHA256: "11", RebuiltSHA256: "22", Differences: []Difference{{}}}, Failed, []string{}, []string{TestBytes, TestContents}},
	} {
		s := Attest(c.result, is, "https://github.com/o/r/actions/runs/1")
		if s.Predicate.Result != c.want || !reflect.DeepEqual(s.Predicate.PassedTests, c.passed) || !reflect.DeepEqual(s.Predicate.FailedTests, c.failed) {
			t.Errorf("%+v", s.Predicate)
		}
		if len(s.Subject) != 1 || s.Subject[0].Name != "a.tar.gz" || !maps.Equal(s.Subject[0].Digest, map[string]string{"sha256": "11"}) {
			t.Errorf("%+v", s.Subject)
		}
		for _, r := range s.Predicate.Configuration {
			if r.URI == "" && len(r.Digest) == 0 {
				t.Errorf("%+v names nothing", r)
			}
		}
	}
	got, err := json.MarshalIndent(Attest(Result{Archive: "a.tar.gz", SHA256: "11", RebuiltSHA256: "11", Same: true}, is, ""), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/statement.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/statement.json")
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v\n%s", err, got)
	}
}

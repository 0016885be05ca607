package pack

import (
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/target"
)

func TestOmissions(t *testing.T) {
	root := filepath.Join(t.TempDir(), "stage")
	tr := tree{}
	want := map[string]string{
		"var/log/x.log":                     reasonVar,
		"var/deep/er/":                      reasonVar,
		"parts/x/config.log":                reasonLog,
		"eggs/x.egg/tests/access.log":       "",
		"eggs/x.egg/tests/Data.fs":          "",
		"Data.fs":                           reasonDatabase,
		"Data.fs.lock":                      reasonDatabase,
		"parts/x/app.sqlite":                "",
		".gitignore":                        "",
		"src/x/.git":                        reasonVCS,
		"src/y/CVS/Entries":                 reasonVCS,
		"src/x/build/lib/x.py":              reasonBuild,
		"src/x/sub/build/x.py":              "",
		"src/x/a.py":                        "",
		"src/x/a.pyc":                       reasonBytecode,
		"src/x/only.pyc":                    "",
		"src/x/__pycache__/a.cpython-3.pyc": reasonBytecode,
		"parts/x/zope.pid":                  reasonProcess,
		"bootstrap.py":                      reasonBootstrap,
		".binary-buildout/launch.json":      "",
		".binary-buildout/state.json":       reasonState,
		".binary-buildout/origin/x":         reasonState,
		".binary-buildout/build.log":        reasonState,
		"asked/for/it":                      reasonAsked,
		"kept.log":                          "",
		"x.tmp":                             reasonAsked,
		"parts/x/.DS_Store":                 reasonEditor,

		"src/x/target/.rustc_info.json":    reasonLeft,
		"src/x/target/release/x.so":        reasonLeft,
		"src/x/.cache/CACHEDIR.TAG":        reasonLeft,
		"src/x/mod/target/a.py":            "",
		"parts/x/target/.rustc_info.json":  "",
		"src/x/mod/CMakeFiles/x.dir/x.c.o": reasonLeft,
		"src/x/CMakeCache.txt":             reasonLeft,
		"src/x/CMakeLists.txt":             "",
		"parts/x/CMakeCache.txt":           "",
	}
	for p := range want {
		tr[p] = "x"
	}
	tr["src/x/.cache/CACHEDIR.TAG"] = cacheTag + "\n"
	tr.write(t, root)
	a, err := Scan(root, Rules{Develop: []string{"src/x"}, Exclude: []string{"asked/**", "*.tmp"}, Include: []string{"kept.log"}})
	check(t, err)
	omitted := map[string]string{}
	for _, o := range a.Omitted {
		omitted[o.Path] = o.Reason
	}
	for p, reason := range want {
		got := ""
		for d := strings.TrimSuffix(p, "/"); d != ""; d = archive.Parent(d) {
			if omitted[d] != "" {
				got = omitted[d]
			}
		}
		_, in := a.Find(strings.TrimSuffix(p, "/"))
		if got != reason || in != (reason == "" || p == archive.BootstrapPy) {
			t.Errorf("%s: %q, in the archive %v; want %q", p, got, in, reason)
		}
	}
	for _, d := range []string{"var", "var/log", "var/deep"} {
		if i, ok := a.Find(d); !ok || a.Files[i].Type != archive.TypeDir {
			t.Errorf("%s is gone", d)
		}
	}
	if content(t, &Plan{List: *a}, archive.BootstrapPy) != string(target.Bootstrap()) {
		t.Error("bootstrap.py is not ours")
	}
	a, err = Scan(root, Rules{Develop: []string{"src/x"}, KeepBuild: true})
	check(t, err)
	if _, ok := a.Find("src/x/build/lib/x.py"); !ok {
		t.Error("build/ is gone")
	}
}

func TestGlobs(t *testing.T) {
	for _, tt := range []struct {
		glob, path string
		want       bool
	}{
		{"*.log", "a/b.log", true}, {"a/*.log", "a/b.log", true}, {"a/*.log", "a/b/c.log", false}, {"a/**/c", "a/c", true}, {"a/**/c", "a/b/b/c", true},
		{"a", "a/b", true}, {"a/b", "a", false}, {"./a/b/", "a/b/c", true}, {"**", "x", true}, {"a/**", "a", false}, {"a/**", "a/b", true}, {"b", "ab", false}, {"", "a", false},
	} {
		if got := matchGlob(tt.glob, tt.path); got != tt.want {
			t.Errorf("%q %q: %v", tt.glob, tt.path, got)
		}
	}
	if _, err := Scan(t.TempDir(), Rules{Exclude: []string{"[a"}}); err == nil {
		t.Error("a broken glob was taken")
	}
}

func TestScanRefuses(t *testing.T) {
	root := t.TempDir()
	check(t, os.WriteFile(filepath.Join(root, "a\xff"), nil, 0o644))
	if _, err := Scan(root, Rules{}); err == nil || !strings.Contains(err.Error(), `"a\xff"`) {
		t.Error(err)
	}
	// What isn't packed may have any name, as the hint says.
	check(t, os.MkdirAll(filepath.Join(root, "var", "up\xfc", "deep"), 0o755))
	check(t, os.WriteFile(filepath.Join(root, "var", "b\xff"), nil, 0o644))
	a, err := Scan(root, Rules{Exclude: []string{"a*", "*.orig"}, Include: []string{"none/at/all", "nothing"}})
	if err != nil || len(a.Omitted) != 3 {
		t.Errorf("%v, %v", a, err)
	}
	if !slices.Equal(a.Unmatched.Exclude, []string{"*.orig"}) || !slices.Equal(a.Unmatched.Include, []string{"none/at/all", "nothing"}) {
		t.Errorf("unmatched %+v", a.Unmatched)
	}
	root = t.TempDir()
	l, err := net.Listen("unix", filepath.Join(root, "s"))
	check(t, err)
	defer l.Close()
	a, err = Scan(root, Rules{})
	check(t, err)
	if len(a.Omitted) != 1 || a.Omitted[0].Reason != reasonSocket {
		t.Errorf("%v", a.Omitted)
	}
}

func TestHardLinksAreFiles(t *testing.T) {
	root := t.TempDir()
	tree{"a": "ROOT/x", "b/": ""}.write(t, root)
	check(t, os.Link(filepath.Join(root, "a"), filepath.Join(root, "b/a")))
	a, rep := relocateTree(t, root, testOrigin(root))
	check(t, rep.Err())
	if content(t, a, "b/a") != archive.Root+"/x" || content(t, a, "a") != archive.Root+"/x" {
		t.Error("not both are relocated")
	}
}

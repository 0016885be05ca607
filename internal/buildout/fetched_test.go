package buildout

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

func TestDistributionOf(t *testing.T) {
	for _, c := range []struct{ file, project, version string }{
		{"zc_buildout-6.0.1-py3-none-any.whl", "zc_buildout", "6.0.1"},
		{"MarkupSafe-3.0.3-cp313-cp313-manylinux2014_x86_64.whl", "MarkupSafe", "3.0.3"},
		{"zc.buildout-2.13.8.tar.gz", "zc.buildout", "2.13.8"},
		{"collective.recipe-template-1.0.zip", "collective.recipe-template", "1.0"},
		{"README", "", ""},
	} {
		if project, version := distributionOf(c.file); project != c.project || version != c.version {
			t.Errorf("%s: %q %q", c.file, project, version)
		}
	}
}

func TestPortable(t *testing.T) {
	for _, c := range []struct{ in, out archive.Download }{
		{archive.Download{Use: archive.EggDownload, Project: "zc.recipe_egg"}, archive.Download{Use: archive.EggDownload, Project: "zc-recipe-egg"}},
		{archive.Download{Use: archive.BuildDownload, Owner: "Zope.Interface 7.2"}, archive.Download{Use: archive.BuildDownload, Owner: "zope-interface 7.2"}},
		{archive.Download{Use: archive.BuildDownload, Owner: "./src/My_App x"}, archive.Download{Use: archive.BuildDownload, Owner: "./src/My_App x"}},
		{archive.Download{Use: archive.PartDownload, URL: "https://user:word@example.org/a.tgz"}, archive.Download{Use: archive.PartDownload, URL: "https://example.org/a.tgz"}},
		{archive.Download{Use: archive.PartDownload, URL: "/home/me/a.tgz"}, archive.Download{Use: archive.PartDownload}},
		{archive.Download{Use: archive.PartDownload, URL: "file:///home/me/a.tgz"}, archive.Download{Use: archive.PartDownload}},
	} {
		if got := portable(c.in); got != c.out {
			t.Errorf("%+v: %+v, not %+v", c.in, got, c.out)
		}
	}
}

// TestDownloadsOfReuse: what was taken over keeps the downloads that it was made
// of, and nothing else of the last archive does.
func TestDownloadsOfReuse(t *testing.T) {
	egg := func(project, version string) archive.Download {
		return archive.Download{Use: archive.EggDownload, Project: project, Version: version, File: project + ".whl"}
	}
	need := func(owner string) archive.Download {
		return archive.Download{Use: archive.BuildDownload, Owner: owner, Project: "setuptools", Version: "84.2.1"}
	}
	part := func(name string) archive.Download {
		return archive.Download{Use: archive.PartDownload, Owner: name, URL: "https://example.org/" + name}
	}
	tool := archive.Download{Use: archive.ToolDownload, Project: "zc-buildout", Version: "6.0.1"}
	l := &last{manifest: archive.Manifest{Downloads: []archive.Download{egg("kept", "1"), need("kept 1"), egg("gone", "1"), need("gone 1"),
		egg("again", "1"), need("again 1"), part("lib"), part("other"), need("./src/same"), need("./src/changed"), tool}}}
	tree := &Tree{Eggs: []Egg{{Name: "Kept", Version: "1"}, {Name: "again", Version: "1"}}, Reused: &Reused{Parts: []string{"lib"}, Develop: []string{"src/same"}}}
	got := l.downloads(tree, []archive.Download{egg("again", "1")})
	want := []archive.Download{egg("kept", "1"), need("kept 1"), part("lib"), need("./src/same"), tool}
	if !slices.Equal(got, want) {
		t.Errorf("taken over: %+v", got)
	}
	if got := l.downloads(tree, []archive.Download{tool}); slices.Contains(got, tool) {
		t.Error("a tool that was fetched is taken over too")
	}
}

func TestHeldTo(t *testing.T) {
	was := []archive.Download{{Use: archive.EggDownload, Project: "six", Version: "1", File: "six-1.tar.gz", SHA256: "aa"},
		{Use: archive.PartDownload, Owner: "lib", URL: "https://example.org/lib.tgz", SHA256: "bb"}}
	is := slices.Clone(was)
	if err := heldTo(was, append(is, archive.Download{Use: archive.EggDownload, Project: "new", File: "new-1.tar.gz", SHA256: "cc"})); err != nil {
		t.Error(err)
	}
	for i, name := range []string{"six-1.tar.gz", "https://example.org/lib.tgz"} {
		is := slices.Clone(was)
		is[i].SHA256 = "dd"
		err := heldTo(was, is)
		var e *Error
		if !errors.As(err, &e) || e.Code != 1 || !strings.Contains(err.Error(), name+" has the SHA-256 dd") {
			t.Errorf("%v", err)
		}
	}
}

func TestReadDownloads(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	if got, err := readDownloads(path); got != nil || err != nil {
		t.Error(got, err)
	}
	if err := os.WriteFile(path, []byte(`{"use":"egg","project":"a","file":"a-1.whl","sha256":"1"}`+"\n{\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readDownloads(path); err == nil {
		t.Error("a broken line is no error")
	}
}

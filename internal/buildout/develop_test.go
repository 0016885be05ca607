package buildout

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What each build backend leaves in develop-eggs belongs to its package, under
// whatever name: the names are those that backends gave, the RECORDs are cut.
func TestDevelopFiles(t *testing.T) {
	files := map[string][]string{
		"ha.app":       {"ha.app.egg-link", "ha_app-1.0.dist-info", "_editable_impl_ha_app.pth"},
		"by-flit":      {"by-flit.egg-link", "by_flit-1.0.dist-info", "by_flit.pth"},
		"by-flit-2":    {"by-flit-2.egg-link", "by_flit_2-1.0.dist-info", "by_flit_2.pth"},
		"by-skbuild":   {"by-skbuild.egg-link", "by_skbuild-1.0.dist-info", "_by_skbuild_editable.pth", "_by_skbuild_editable.py", "by_skbuild"},
		"by-meson":     {"by-meson.egg-link", "by_meson-1.0.dist-info", "by-meson-editable.pth", "_by_meson_editable_loader.py"},
		"old":          {"old.egg-link", "old-1.0-nspkg.pth"},
		"zc.something": {"zc.something.egg-link", "__editable__.zc_something-1.0.pth", "__editable___zc_something_1_0_finder.py"},
	}
	dir := t.TempDir()
	var links []eggLink
	for name, names := range files {
		links = append(links, eggLink{name: name})
		var record strings.Builder
		record.WriteString("../../bin/" + name + ",sha256=x,1\n__pycache__/x.pyc,,\n")
		for _, n := range names[1:] {
			record.WriteString(n + "/x y,sha256=x,1\n\"" + n + "\",,\n")
		}
		for _, n := range names {
			path := filepath.Join(dir, n)
			if strings.HasSuffix(n, ".dist-info") {
				path = filepath.Join(path, "RECORD")
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(record.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, n := range []string{"nobodys.pth", "by_flit_3-1.0.dist-info", "__pycache__"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := developFiles(dir, links)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		slices.Sort(want)
		if !slices.Equal(got[name], want) {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

// A last archive in which a file belongs to no package gives no develop package.
func TestOwnsAll(t *testing.T) {
	dir := write(t, map[string]string{installedCfg: "[buildout]\ninstalled_develop_eggs = /s/develop-eggs/a.egg-link\n\t/s/develop-eggs/_a.pth\nparts = \n"})
	l := &last{dir: dir}
	if !l.ownsAll(map[string][]string{"a": {"a.egg-link", "_a.pth"}}) || l.ownsAll(map[string][]string{"a": {"a.egg-link"}}) {
		t.Error("who owns _a.pth?")
	}
}

// A loader that isn't there is named; setuptools' own, and what a .pth file
// does with modules of Python, is none.
func TestLeftOutLoaders(t *testing.T) {
	dir := write(t, map[string]string{
		"develop-eggs/by-meson-editable.pth":               "import _by_meson_editable_loader",
		"develop-eggs/_by_skbuild_editable.pth":            "import _by_skbuild_editable\n/srv/src\n",
		"develop-eggs/_by_skbuild_editable.py":             "",
		"develop-eggs/__editable__.x-1.0.pth":              "import __editable___x_1_0_finder; __editable___x_1_0_finder.install()",
		"develop-eggs/__editable___x_1_0_finder.py":        "",
		"develop-eggs/old-nspkg.pth":                       "import sys, types, os;has_mfs = sys.version_info > (3, 5)",
		"develop-eggs/_editable_impl_by_hatchling_old.pth": "/srv/src",
	})
	tree := &Tree{Root: dir, config: config{Buildout: map[string]string{"develop-eggs-directory": "develop-eggs"}}}
	got := tree.leftOutLoaders()
	if len(got) != 1 || !strings.HasPrefix(got[0], "develop-eggs/by-meson-editable.pth: zc.buildout doesn't install _by_meson_editable_loader.py") {
		t.Errorf("%q", got)
	}
}

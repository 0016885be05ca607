package buildout

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Bytecode comes from the sources again, but that of the tools, and what has no
// source, is wanted. An egg that is pinned to another version is not.
func TestUseless(t *testing.T) {
	files := []archive.Entry{
		{Path: "eggs/a-1.0-py3.13.egg/a.py"}, {Path: "eggs/a-1.0-py3.13.egg/__pycache__", Type: archive.TypeDir}, {Path: "eggs/a-1.0-py3.13.egg/__pycache__/a.cpython-313.pyc"},
		{Path: "eggs/b-1.0-py2.7.egg/b.py"}, {Path: "eggs/b-1.0-py2.7.egg/b.pyc"}, {Path: "eggs/b-1.0-py2.7.egg/only.pyc"}, {Path: "eggs/b-1.0-py2.7.egg/b.pyo"},
		{Path: "eggs/v5/zc.buildout-5.2.0-py3.13.egg/t.py"}, {Path: "eggs/v5/zc.buildout-5.2.0-py3.13.egg/t.pyc"}, {Path: "eggs/v5/zc.buildout-5.2.0-py3.13.egg/__pycache__", Type: archive.TypeDir},
		{Path: "eggs/zc.buildout_extra-1-py3.13.egg/t.py"}, {Path: "eggs/zc.buildout_extra-1-py3.13.egg/t.pyc"},
		{Path: "eggs/zope.old-1.0-py3.13.egg", Type: archive.TypeDir}, {Path: "eggs/zope.old-1.0-py3.13.egg/old.py"}, {Path: "eggs/zope.same-1.0-py3.13.egg", Type: archive.TypeDir},
		{Path: "eggs/wheel-0.46-py3.13.egg", Type: archive.TypeDir},
	}
	skip := useless(files, map[string]string{"zope-old": "1.1", "zope-same": "1.0.0", "setuptools": "80", "wheel": "0.47"})
	var skipped []string
	for _, e := range files {
		if skip(e) {
			skipped = append(skipped, e.Path)
		}
	}
	want := []string{"eggs/a-1.0-py3.13.egg/__pycache__", "eggs/b-1.0-py2.7.egg/b.pyc", "eggs/b-1.0-py2.7.egg/b.pyo", "eggs/zc.buildout_extra-1-py3.13.egg/t.pyc",
		"eggs/zope.old-1.0-py3.13.egg", "eggs/zope.old-1.0-py3.13.egg/old.py", "eggs/wheel-0.46-py3.13.egg"}
	if !slices.Equal(skipped, want) {
		t.Errorf("%q, want %q", skipped, want)
	}
}

// Versions that PEP 440 may call equal have one release segment.
func TestRelease(t *testing.T) {
	for _, same := range [][]string{
		{"1", "1.0", "1.0.0", "01.00", "1.0a1", "1.0.post1", "1-1", "1.0+local", "1.dev0"},
		{"2026.1", "2026.01", "2026.1.post1", "2026.1rc1"},
		{"0", "0.0", ""}, {"10"}, {"1.0.1"}, {"1.10"},
	} {
		for _, v := range same {
			if release(v) != release(same[0]) {
				t.Errorf("%q is %q, %q is %q", v, release(v), same[0], release(same[0]))
			}
		}
	}
	distinct := map[string]string{}
	for _, v := range []string{"1", "2026.1", "0", "10", "1.0.1", "1.10", "1.1"} {
		if other, ok := distinct[release(v)]; ok {
			t.Errorf("%s and %s are one", v, other)
		}
		distinct[release(v)] = v
	}
}

// Pins are read of the files that the configuration extends, and from the
// section that it names.
func TestLiteralPins(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"buildout.cfg": "[buildout]\nextends = base.cfg\nversions = pins\n[pins]\nZope.Interface = 7.2\nany = >=1\nroman = 5.2\n[versions]\nb = 1\n",
		"base.cfg":     "[pins]\nzope_interface = 1\npytz = ==2026.1\nroman = 5\nfrom = ${other:version}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := &builder{s: stage{root: dir}, o: Options{Config: "buildout.cfg"}}
	if got := b.literalPins(); !maps.Equal(got, map[string]string{"pytz": "2026.1", "roman": "5.2"}) {
		t.Errorf("%v", got)
	}
}

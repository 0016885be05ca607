package buildout

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// The tools of the last archive are used where each is pinned to the version
// that it has, and the archive fits.
func TestReusedTools(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches zc.buildout")
	}
	py := python(t, "3.13")
	root := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts =\n"})
	m := toolsFor(t, root, py)
	made, _, err := m.make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shelf := t.TempDir()
	paths, err := placeEggs(shelf, filepath.Join(shelf, "eggs"), made)
	if err != nil {
		t.Fatal(err)
	}
	if err := writeLaunch(shelf, nil, archive.Launch{Path: paths}, py); err != nil {
		t.Fatal(err)
	}
	pins := "[buildout]\nparts =\n[versions]\n"
	for _, e := range made.Eggs {
		pins += e.Name + " = " + e.Version + "\n"
	}
	for _, row := range []struct {
		name, config string
		fits         error
		reused       bool
	}{
		{"pinned", pins, nil, true},
		{"not pinned", "[buildout]\nparts =\n", nil, false},
		{"another version", strings.Replace(pins, "[versions]\n", "[versions]\nsetuptools = 80.9.0\n", 1), nil, false},
		{"doesn't fit", pins, errors.New("the path is too long"), false},
	} {
		if row.name == "another version" {
			row.config = strings.Replace(row.config, "setuptools = "+version(made, "setuptools")+"\n", "", 1)
		}
		if err := os.WriteFile(filepath.Join(root, "buildout.cfg"), []byte(row.config), 0o600); err != nil {
			t.Fatal(err)
		}
		m.dir = t.TempDir()
		m.last = &last{dir: shelf, reused: &Reused{}, fitted: func() error { return row.fits }}
		got, c, err := m.make(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", row.name, err)
		}
		if c.Version != got.Buildout {
			t.Errorf("%s: zc.buildout %s read the configuration, and %s was got", row.name, c.Version, got.Buildout)
		}
		for _, path := range got.paths() {
			if within(path, shelf) != row.reused {
				t.Errorf("%s: %s", row.name, path)
			}
		}
	}
}

func version(t toolset, name string) string {
	for _, e := range t.Eggs {
		if pydist.PlainName(e.Name) == name {
			return e.Version
		}
	}
	return ""
}

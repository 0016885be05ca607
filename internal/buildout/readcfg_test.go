package buildout

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnreadable: what is wrong with a configuration is said in one line, of old and new versions of
// zc.buildout, which read each row with the same tools.
func TestUnreadable(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches zc.buildout")
	}
	for _, line := range []struct{ python, buildout string }{{"2.7", "1.7.1"}, {"3.13", "6.0.1"}} {
		t.Run(line.buildout, func(t *testing.T) {
			root := write(t, map[string]string{"buildout.cfg": "[buildout]\nparts =\n", "var/keep": ""})
			py := python(t, line.python)
			m := toolsFor(t, root, py)
			m.flag = line.buildout
			made, _, err := m.make(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range []struct{ name, text, want, hint string }{
				{"no option", "[buildout]\nparts = py\nno option here\n", "parsing errors: buildout.cfg [line 3]: ", "correct the configuration"},
				{"no section", "parts = py\n", "no section headers. file: buildout.cfg, line: 1", "correct the configuration"},
				{"no base.cfg", "[buildout]\nextends = conf/base.cfg\n", "No such file or directory: 'conf/base.cfg'", "correct the configuration"},
				{"outside", "[buildout]\nextends = ../base.cfg\n", "'../base.cfg'", "pack the directory above"},
				{"no server", "[buildout]\nextends = http://127.0.0.1:9/base.cfg\n", "http://127.0.0.1:9/base.cfg", "can't be reached"},
				{"password", "[buildout]\nextends = http://user:s3cret@127.0.0.1:9/base.cfg\n", "http://***@127.0.0.1:9/base.cfg", map[string]string{"2.7": "can't be reached", "3.13": "before = curl -n"}[line.python]},
				{"directory", "[buildout]\ndirectory = /no/such/place\nparts =\n", "[buildout] directory is /no/such/place, outside of the tree", "leave directory out"},
				{"parts in var", "[buildout]\nparts-directory = var/parts\nparts =\n", "/var/parts", "var holds an application's data"},
				{"fine", "[buildout]\nparts-directory = a/b/parts\neggs-directory = c/d\nparts =\n", "", ""},
			} {
				if err := os.WriteFile(filepath.Join(root, "buildout.cfg"), []byte(row.text), 0o600); err != nil {
					t.Fatal(err)
				}
				c, err := m.read(t.Context(), made)
				if err == nil {
					err = m.placeDirectories(c)
				}
				var e *Error
				if row.want == "" && err == nil && exists(filepath.Join(root, "a", "b")) && exists(filepath.Join(root, "c")) {
					continue
				}
				if !errors.As(err, &e) || !strings.Contains(e.Error(), row.want) || !strings.Contains(e.Hint(), row.hint) || strings.Contains(e.Error(), "\n") {
					t.Errorf("%s: %v", row.name, err)
				}
			}
			unreadableDefaults(t, m, made)
		})
	}
}

// unreadableDefaults: what is wrong with the file of --default-cfg isn't said of buildout.cfg.
func unreadableDefaults(t *testing.T, m toolmaker, made toolset) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.root, "buildout.cfg"), []byte("[buildout]\nparts =\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"no option.cfg": "[buildout]\nno option here\n", "no base.cfg": "[buildout]\nextends = base.cfg\n"})
	for name, want := range map[string]string{"no option.cfg": "parsing errors: " + filepath.Join(dir, "no option.cfg") + " [line 2]: ",
		"no base.cfg": "No such file or directory: '" + filepath.Join(dir, "base.cfg") + "'"} {
		m.defaults = filepath.Join(dir, name)
		_, err := m.read(t.Context(), made)
		var e *Error
		if !errors.As(err, &e) || !strings.HasSuffix(e.Doing, "--default-cfg "+m.defaults) || !strings.Contains(e.Error(), want) || !strings.Contains(e.Hint(), "--default-cfg names") || strings.Contains(e.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

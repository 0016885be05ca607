//go:build linux

package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOwnerSystemd: the user's process makes no unit of its own: root writes it,
// for that user. An update tells of a unit that changed, and writes none.
func TestOwnerSystemd(t *testing.T) {
	y := newYard(t)
	place, units := filepath.Join(y.dir, "app"), filepath.Join(y.dir, "units")
	if err := os.Mkdir(units, 0o755); err != nil {
		t.Fatal(err)
	}
	if code, out := y.run(t, "install", y.archives["1.0"], "--into", place, "--python", y.python, "--owner", "nobody"); code != 0 {
		t.Fatal(out)
	}
	put := func(name, text string) {
		t.Helper()
		path := filepath.Join(place, name)
		if err := firstOf(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o755), os.Chown(path, nobody, nobody), os.Chown(filepath.Dir(path), nobody, nobody)); err != nil {
			t.Fatal(err)
		}
	}
	put(".installed.cfg", "[buildout]\nparts = one\n[one]\nrecipe = plone.recipe.zope2instance\n[two]\nrecipe = plone.recipe.zope2instance\n")
	put("bin/one", "#!/bin/sh\n")
	put("bin/two", "#!/bin/sh\n")
	put("var/x", "")
	install := []string{"install", y.archives["1.0"], "--into", place, "--python", y.python, "--owner", "nobody", "--systemd", units}
	unit := filepath.Join(units, "app.service")
	for _, want := range []string{"wrote " + unit, "1 unit there already: app.service"} {
		code, out := y.run(t, install...)
		text, err := os.ReadFile(unit)
		if code != 0 || err != nil || !strings.Contains(out, want) || !strings.Contains(string(text), "\nUser=nobody\n") {
			t.Fatalf("exit code %d, %v:\n%s\n%s", code, err, out, text)
		}
	}
	if code, out := y.run(t, "install", "--into", place, "--systemd", "-"); code != 0 || !strings.Contains(out, "# app.service\n# Written by binary-buildout for "+place+"; ") {
		t.Errorf("printed: exit code %d\n%s", code, out)
	}
	t.Setenv("SYSTEMD_UNIT_PATH", units+":/etc/systemd/system")
	put(".installed.cfg", "[buildout]\nparts = one two\n[one]\nrecipe = plone.recipe.zope2instance\n[two]\nrecipe = plone.recipe.zope2instance\n")
	code, out := y.run(t, "update", place, y.archives["2.0"])
	if want := "what systemd has to start has changed (app.target, app-one.service, app-two.service, app.service); to write it: binary-buildout install --into " + place + " --systemd " + units; code != 0 || !strings.Contains(out, want) {
		t.Errorf("update: exit code %d\n%s\nwant %s", code, out, want)
	}
	if left, err := os.ReadDir(units); err != nil || len(left) != 1 {
		t.Errorf("update wrote %v, %v", left, err)
	}
	code, out = y.run(t, "install", "--into", place, "--systemd", units)
	if want := "note: " + unit + " is no longer needed"; code != 0 || !strings.Contains(out, want) {
		t.Errorf("exit code %d\n%s\nwant %s", code, out, want)
	}
	if code, out := y.run(t, "rollback", place); code != 0 || strings.Contains(out, "app-one.service") || !strings.Contains(out, "(app.service)") {
		t.Errorf("rollback: exit code %d\n%s", code, out)
	}
}

//go:build powershell && unix

package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// TestPowerShellUpdate: install.ps1 -Update goes by a delta, or by an archive in
// volumes where a file was edited; what fails is undone, and nothing becomes lower.
func TestPowerShellUpdate(t *testing.T) {
	dist := t.TempDir()
	with := func(stage string) {
		mkfile(t, filepath.Join(stage, "bin", "buildout"), "#!/bin/sh\n[ ! -e fails ] || [ $(cat etc/number) = 1.0 ] || { echo 'Error: no'; exit 1; }\n")
		chmod(t, filepath.Join(stage, "bin", "buildout"), 0o755)
		number := mustRead(t, filepath.Join(stage, "etc", "number"))
		mkfile(t, filepath.Join(stage, "eggs", "a-"+string(number)+".egg", "moved.py"), strings.Repeat("a line\n", 5000))
	}
	one := packAs(t, dist, "1.0", archive.FormatTarGz, with)
	two := packAs(t, dist, "2.0", archive.FormatTarGz, with)
	old := filepath.Join(t.TempDir(), "old")
	script{dist: old}.index(t, one)
	script{dist: dist}.index(t, two)
	offerDelta(t, dist, deltaBetween(t, one, two, "1.0"))
	path := filepath.Join(filepath.Dir(newScriptOf(t)), "install.ps1")
	parent := t.TempDir()
	into := filepath.Join(parent, "an ü place")
	update := func(code int, python bool, from string, want ...string) {
		t.Helper()
		cmd := powershell(t)
		if python {
			withPython(t, cmd, "3.13")
		}
		got, out := run(t, cmd, "-File", path, "-Update", "-Into", into, "-From", from)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("no %q", w)
			}
		}
		if got != code || t.Failed() {
			t.Fatalf("exit code %d, want %d\n%s", got, code, out)
		}
		noIncoming(t, into)
	}
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	before := tree(t, into)

	mkfile(t, filepath.Join(into, "fails"), "")
	update(1, true, dist, "error: running bin/buildout: no; app 1.0 is there\n")
	os.Remove(filepath.Join(into, "fails"))
	sameSnapshot(t, before, tree(t, into))

	// An interpreter of the application's own, where there is no other.
	own := filepath.Join(into, "python-3.13.9", "bin", "python3")
	if err := os.MkdirAll(filepath.Dir(own), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(installtest.Python(t, "3.13"), own); err != nil {
		t.Fatal(err)
	}
	update(0, false, dist, "by app-2.0-", "from-1.0.delta.tar.gz", "app 2.0 is in "+into+", where app 1.0 was", "a 1.0 -> 2.0")
	if r, err := readRecord(into); err != nil || r.Source != dist || r.SHA256 != digest.Of(mustRead(t, two)) || numberIn(t, into) != "2.0" {
		t.Errorf("%+v, %v", r, err)
	}
	update(0, true, dist, "app 2.0 is in "+into+" already: nothing changes")
	update(3, true, old, "has version 1.0, and 2.0 is installed", "hint: to go back, name the release with -Tag")
	if _, err := Rollback(t.Context(), realOptions(t, "", into)); err != nil {
		t.Fatal(err)
	}

	mkfile(t, filepath.Join(into, "eggs", "a-1.0.egg", "moved.py"), "mine\n")
	x, err := archive.Document[fetch.Index](dist, fetch.IndexName)
	if err != nil {
		t.Fatal(err)
	}
	x.Assets[0].Volumes = split(t, two, 200)
	writeIndex(t, dist, *x)
	update(0, true, dist, "not by a delta: ", "by "+filepath.Base(two))
	if numberIn(t, into) != "2.0" {
		t.Errorf("%s is there", numberIn(t, into))
	}
	onlyThese(t, parent, filepath.Base(into))
}

//go:build unix

package install

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// TestScriptUpdate: install.sh --update goes the way that update goes, from folders,
// mirrors and the remembered repository's latest release, in each shell; what is there
// then is what an install makes, and what has no way or is lower leaves it as it was.
func TestScriptUpdate(t *testing.T) {
	if testing.Short() {
		t.Skip("many installs and updates; TestScriptUpdateUndone runs with -short")
	}
	all := packChained(t)
	for i := range 4 { // the archive's true size; a large one where a delta is meant to be cheaper
		version := fmt.Sprintf("1.%d", i)
		data := mustRead(t, all.archives[i])
		all.edit(t, version, func(x *fetch.Index) { x.Assets[0].Size = int64(len(data)) })
	}
	small := all.copied(t) // archives are smaller than what leads there
	all.edit(t, "", func(x *fetch.Index) { x.Assets[0].Size = 100 << 20 })
	srv := all.serve(t, func(version string) string { return "v" + version }, "1.3")
	script := newScriptOf(t)
	parent := t.TempDir()
	into := filepath.Join(parent, "an ü place")
	fresh := func(source string) map[string]string {
		t.Helper()
		if err := os.RemoveAll(into); err != nil {
			t.Fatal(err)
		}
		if _, err := Install(t.Context(), realOptions(t, source, into).Options); err != nil {
			t.Fatal(err)
		}
		return tree(t, into)
	}
	want := fresh(all.archives[3])
	update := func(driver string, sh []string, args ...string) (int, string) {
		t.Helper()
		cmd := shell(t, sh, "curl")
		path := strings.TrimPrefix(cmd.Env[0], "PATH=")
		if err := os.Symlink(installtest.Python(t, driver), filepath.Join(path, "python3")); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, "GH_TOKEN=", "GITHUB_TOKEN=")
		return run(t, cmd, append([]string{script, "--update", "--into", into}, args...)...)
	}
	back := func(times int, was map[string]string) {
		t.Helper()
		for range times {
			o := realOptions(t, "", into)
			if _, err := Rollback(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		got := tree(t, into)
		for i := range 4 { // what came into var stays
			if name := fmt.Sprintf("var/seed-1.%d", i); was[name] == "" {
				delete(got, name)
			}
		}
		sameSnapshot(t, was, got)
	}

	for i, tt := range []struct {
		driver, base, from, by string
		steps                  int
	}{
		{"3.13", "1.1", all.dir, "by app-1.2-cp313-linux_x86_64.from-1.1.delta.tar.gz\n", 2},
		{"2.7", "1.2", srv.URL + "/mirror", "from-1.2.delta.tar.gz\n", 1},
		{"3.6", "1.0", filepath.Join(small.dir, "1.3"), "by app-1.3-", 1},
		{"2.7", "1.0", small.dir + "/1.3/", "by app-1.3-", 1},
	} {
		sh := shells[i]
		was := fresh(all.archives[tt.base[2]-'0'])
		code, out := update(tt.driver, sh, "--from", tt.from)
		if code != 0 || !strings.Contains(out, tt.by) || !strings.Contains(out, "app 1.3 is in "+into+", where app "+tt.base+" was") || !strings.Contains(out, "a 1."+tt.base[2:]+" -> 1.") {
			t.Fatalf("%q: exit code %d\n%s", sh, code, out)
		}
		onlyThese(t, parent, filepath.Base(into))
		got := tree(t, into)
		for name := range got {
			if strings.HasPrefix(name, "var/") && want[name] == "" {
				delete(got, name)
			}
		}
		sameSnapshot(t, want, got)
		if code, out := update(tt.driver, sh, "--from", tt.from); code != 0 || !strings.Contains(out, "nothing changes") {
			t.Errorf("%q again: exit code %d\n%s", sh, code, out)
		}
		back(tt.steps, was)
	}

	// What is remembered, and what it refuses.
	fresh(all.archives[1])
	record := func(text string) { mkfile(t, filepath.Join(into, recordName), text) }
	server := newFilledScript(t, srv.URL)
	script = server
	for _, tt := range []struct {
		record, want string
		code         int
		args         []string
	}{
		{`{"format": 1}`, "1.0, and 1.1 is installed\nhint: to go back, name the release with --tag", 3, []string{"--from", filepath.Join(all.dir, "1.0")}},
		{`{"format": 1, "source": "acme/app", "attestation": {"require": true}}`, "an attestation is required of its versions", 2, nil},
		{`{"format": 1, "source": "acme/none"}`, "404", 2, nil},
		{`{"format": 1, "source": "acme/app@v1.1", "sha256": "` + digest.Of(mustRead(t, all.archives[1])) + `"}`, "nothing changes", 0, nil},
		{`{"format": 1, "source": "acme/app"}`, "the latest release of acme/app has app 1.3\n", 0, nil},
	} {
		record(tt.record)
		if code, out := update("3.13", shells[0], tt.args...); code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit code %d\n%s", tt.record, code, out)
		}
	}
	if r, err := readRecord(into); err != nil || r.Source != "acme/app" || numberIn(t, into) != "1.3" {
		t.Errorf("%+v, %v", r, err)
	}
	code, out := update("3.13", shells[0], "--tag", "v1.0") // which was named
	if r, err := readRecord(into); code != 0 || err != nil || r.Source != "acme/app@v1.0" || numberIn(t, into) != "1.0" {
		t.Errorf("exit code %d, %+v, %v\n%s", code, r, err, out)
	}
	noIncoming(t, into)
}

// newFilledScript is install.sh of acme/app's release v1.3, with what it runs beside it.
func newFilledScript(t *testing.T, server string) string {
	t.Helper()
	files, err := publish.Installers(server, "acme/app", "v1.3")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range files {
		mkfile(t, filepath.Join(dir, f.Name), string(f.Data))
	}
	return filepath.Join(dir, "install.sh")
}

// TestScriptUpdateUndone: where bin/buildout fails, or a file was edited that a delta
// needs, or what was fetched is none, all is as it was, or the archive is taken.
func TestScriptUpdateUndone(t *testing.T) {
	dist := t.TempDir()
	withBuildout := func(stage string) {
		mkfile(t, filepath.Join(stage, "bin", "buildout"), "#!/bin/sh\n[ ! -e fails ] || [ $(cat etc/number) = 1.0 ] || { echo 'Error: no'; exit 1; }\necho \"$@\" >ran\n")
		chmod(t, filepath.Join(stage, "bin", "buildout"), 0o755)
		number := mustRead(t, filepath.Join(stage, "etc", "number"))
		mkfile(t, filepath.Join(stage, "eggs", "a-"+string(number)+".egg", "moved.py"), strings.Repeat("a line\n", 5000))
	}
	one := packAs(t, dist, "1.0", archive.FormatTarGz, withBuildout)
	two := packAs(t, dist, "2.0", archive.FormatTarGz, withBuildout)
	script{dist: dist}.index(t, two)
	offerDelta(t, dist, deltaBetween(t, one, two, "1.0"))
	path := newScriptOf(t)
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	before := tree(t, into)
	update := func() (int, string) {
		t.Helper()
		cmd := shell(t, shells[0])
		withInterpreter(t, cmd.Env[0])
		return run(t, cmd, path, "--update", "--into", into, "--from", dist)
	}
	mkfile(t, filepath.Join(into, "fails"), "")
	if code, out := update(); code != 1 || !strings.Contains(out, "error: running bin/buildout: no; app 1.0 is there\n") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	os.Remove(filepath.Join(into, "fails"))
	sameSnapshot(t, before, tree(t, into))
	noIncoming(t, into)

	// Two at once.
	held, err := openTree(t.Context(), realOptions(t, "", into).Options)
	if err != nil {
		t.Fatal(err)
	}
	if code, out := update(); code != 3 || !strings.Contains(out, "another update or rollback is running there") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	held.close()

	mkfile(t, filepath.Join(into, "eggs", "a-1.0.egg", "moved.py"), "mine\n")
	if code, out := update(); code != 0 || !strings.Contains(out, "not by a delta: ") || !strings.Contains(out, "by "+filepath.Base(two)) || numberIn(t, into) != "2.0" {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if ran := string(mustRead(t, filepath.Join(into, "ran"))); ran != "\n" {
		t.Errorf("bin/buildout was run with %q", ran)
	}
}

func withInterpreter(t *testing.T, path string) {
	t.Helper()
	if err := os.Symlink(installtest.Python(t, "3.13"), filepath.Join(strings.TrimPrefix(path, "PATH="), "python3")); err != nil {
		t.Fatal(err)
	}
}

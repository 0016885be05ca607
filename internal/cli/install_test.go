package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/pack/treetest"
	"github.com/binary-buildout/binary-buildout/release"
)

// smallArchive packs a directory with two files for this machine's Python 3.13,
// with a sidecar and the documents of a release beside it.
func smallArchive(t *testing.T, dir, version string) {
	t.Helper()
	smallArchiveFor(t, dir, version, archive.Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313", Bits: 64})
}

// smallArchiveFor is smallArchive for another Python; it gives the archive's path.
func smallArchiveFor(t *testing.T, dir, version string, python archive.Python) string {
	t.Helper()
	stage := filepath.Join(t.TempDir(), "stage")
	if err := os.MkdirAll(filepath.Join(stage, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stage, "etc", "where"), []byte(stage+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(stage, "etc", "large"), bytes.Repeat([]byte("0123456789abcdef"), 1<<16), 0o644); err != nil {
		t.Fatal(err)
	}
	m := archive.Manifest{Name: "site", Version: version, Target: python.ABI + "-linux_x86_64", Python: python}
	var b bytes.Buffer
	d := treetest.Pack(t, &b, stage, m, pack.Origin{Root: stage, RealRoot: stage, Interpreter: "/nowhere/bin/python", Prefix: "/nowhere", LibDir: "/nowhere/lib"}, archive.FormatTarGz)
	stem := filepath.Join(dir, "site-"+version+"-"+m.Target)
	sidecar, err := json.Marshal(release.Sidecar{Format: release.SidecarFormat, Archive: filepath.Base(stem) + ".tar.gz", Size: d.Size, SHA256: d.SHA256,
		Name: "site", Version: version, Target: m.Target})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{stem + ".tar.gz": b.Bytes(), stem + ".json": sidecar} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return stem + ".tar.gz"
}

// TestInstallCommand is what Ansible and Puppet see: exit codes, the report on
// standard output, all else on standard error.
func TestInstallCommand(t *testing.T) {
	dir := t.TempDir()
	dist := filepath.Join(dir, "dist")
	if err := os.Mkdir(dist, 0o755); err != nil {
		t.Fatal(err)
	}
	smallArchive(t, dist, "1.0")
	command := func(args ...string) (code int, out, errs string) {
		var o, e bytes.Buffer
		c := &Command{Stdin: strings.NewReader(""), Stdout: &o, Stderr: &e, Getenv: func(string) string { return "" }, Dir: dir, OS: "linux", Arch: "amd64"}
		code = c.Main(context.Background(), args)
		return code, o.String(), e.String()
	}
	if code, _, errs := command("release", "--prepare", "--tag", "v1.0"); code != 0 {
		t.Fatal(errs)
	}
	var ranges []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.URL.Path)
		http.FileServer(http.Dir(dist)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	python := installtest.Python(t, "3.13")
	args := []string{"install", srv.URL, "--into", "an app", "--python", python}

	code, out, errs := command(args...)
	if want := "site 1.0 is in " + dir + "/an app\nnext: '" + dir + "/an app/bin/buildout'\n"; code != 0 || out != want {
		t.Fatalf("exit code %d, %q\n%s", code, out, errs)
	}
	if !strings.Contains(errs, "warning: the archive and its digest came over http") {
		t.Errorf("standard error: %s", errs)
	}
	if where, err := os.ReadFile(filepath.Join(dir, "an app", "etc", "where")); err != nil || string(where) != dir+"/an app\n" {
		t.Errorf("%q, %v", where, err)
	}
	// The same again fetches the index alone.
	ranges = nil
	code, out, errs = command(append(args, "--json")...)
	var report install.Result
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != 0 || report.Changed || report.Version != "1.0" || !strings.Contains(out, `"changed": false`) {
		t.Errorf("exit code %d, %s\n%s, %v", code, out, errs, err)
	}
	if len(ranges) != 1 || ranges[0] != "/index.json" {
		t.Errorf("asked for %q", ranges)
	}
	// Another version.
	if err := os.Remove(filepath.Join(dist, "site-1.0-cp313-linux_x86_64.tar.gz")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dist, "site-1.0-cp313-linux_x86_64.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dist, "site-1.0.cdx.json")); err != nil {
		t.Fatal(err)
	}
	smallArchive(t, dist, "2.0")
	if code, _, errs := command("release", "--prepare", "--tag", "v2.0"); code != 0 {
		t.Fatal(errs)
	}
	code, out, errs = command(args...)
	if code != 2 || out != "" || !strings.Contains(errs, "site 1.0 is there\nhint: binary-buildout update '"+dir+"/an app' "+srv.URL+"\n") {
		t.Errorf("another version: exit code %d, %q\n%s", code, out, errs)
	}
	// A stranger's.
	args[3] = "dist"
	if code, out, errs = command(args...); code != 2 || out != "" || !strings.Contains(errs, "isn't an installation of binary-buildout") {
		t.Errorf("a stranger's directory: exit code %d, %q\n%s", code, out, errs)
	}
	args[3] = "new"
	strange := httptest.NewUnstartedServer(http.NotFoundHandler())
	strange.Config.ErrorLog = log.New(io.Discard, "", 0)
	strange.StartTLS()
	defer strange.Close()
	args[1] = strange.URL
	if code, out, errs = command(append(args, "--quiet")...); code != 3 || out != "" || !strings.HasPrefix(errs, "error: fetching https://") {
		t.Errorf("a server that nobody vouches for: exit code %d, %q\n%s", code, out, errs)
	}
	// And the new version can come where nothing is.
	if code, out, errs = command("install", "dist", "--into", "new", "--python", python, "--json"); code != 0 || !strings.Contains(out, `"changed": true`) {
		t.Errorf("exit code %d, %q\n%s", code, out, errs)
	}
}

// TestInstallProgress: rate and time left, once they are known.
func TestInstallProgress(t *testing.T) {
	for _, test := range []struct {
		event fetch.Event
		want  string
	}{
		{fetch.Event{Step: "download", Total: 3 << 20}, "download: 0 B of 3.0 MiB"},
		{fetch.Event{Step: "download", Done: 1 << 20, Total: 3 << 20, Rate: 512 << 10, Left: 4 * time.Second}, "download: 1.0 MiB of 3.0 MiB, 512 KiB/s, 4s left"},
		{fetch.Event{Step: "download", Done: 3 << 20, Total: 3 << 20, Rate: 512 << 10}, "download: 3.0 MiB of 3.0 MiB, 512 KiB/s"},
	} {
		if got := installProgress(test.event); got != test.want {
			t.Errorf("%q, want %q", got, test.want)
		}
	}
}

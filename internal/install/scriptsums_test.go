//go:build linux

package install

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// sumsMirror is a mirror without index.json: an archive, as a whole or in volumes, and
// one for another Python, which isn't what its name says.
func sumsMirror(t *testing.T, version string, volumes bool) (dir, name string) {
	t.Helper()
	dir = t.TempDir()
	path := packAs(t, dir, version, archive.FormatTarGz, func(stage string) {
		mkfile(t, filepath.Join(stage, "etc", "version"), version)
	})
	name = filepath.Base(path)
	other := strings.Replace(name, "cp313", "cp314", 1)
	mkfile(t, filepath.Join(dir, other), string(mustRead(t, path)))
	sums := ""
	for _, n := range []string{other, name} {
		sums += digest.Of(mustRead(t, filepath.Join(dir, n))) + "  " + n + "\n"
	}
	if volumes {
		for _, v := range split(t, path, len(mustRead(t, path))/2+1) {
			sums += v.SHA256 + "  " + v.Name + "\n"
		}
	}
	mkfile(t, filepath.Join(dir, "SHA256SUMS"), sums)
	return dir, name
}

// TestScriptSums: where there is no index.json, install.py installs and updates by
// SHA256SUMS: from a server, a folder, and volumes. What is there already isn't
// fetched again, and what isn't as SHA256SUMS says is refused.
func TestScriptSums(t *testing.T) {
	script := newScriptOf(t)
	old, oldName := sumsMirror(t, "1.0", false)
	latest, name := sumsMirror(t, "1.1", true)
	asked := map[string]int{}
	files := http.FileServer(http.Dir(old))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked[filepath.Base(r.URL.Path)]++
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	parent := t.TempDir()
	into := filepath.Join(parent, "an ü place")
	use := func(driver string, sh []string, args ...string) (int, string) {
		t.Helper()
		cmd := shell(t, sh, "curl")
		path := strings.TrimPrefix(cmd.Env[0], "PATH=")
		for link, minor := range map[string]string{"python3": driver, "python3.13": "3.13"} {
			if err := os.Symlink(installtest.Python(t, minor), filepath.Join(path, link)); err != nil {
				t.Fatal(err)
			}
		}
		return run(t, cmd, append([]string{script, "--into", into}, args...)...)
	}
	has := func(version string) {
		t.Helper()
		onlyThese(t, parent, filepath.Base(into))
		if got := string(mustRead(t, filepath.Join(into, "etc", "version"))); got != version {
			t.Errorf("version %s is there, not %s", got, version)
		}
		if left, _ := filepath.Glob(filepath.Join(into, archive.Dir, "download*")); len(left) > 0 {
			t.Errorf("%s was left", left)
		}
	}

	code, out := use("2.7", shells[0], "--from", srv.URL)
	if code != 0 || asked[oldName] != 1 {
		t.Fatalf("exit code %d, %v\n%s", code, asked, out)
	}
	has("1.0")
	if r, err := readRecord(into); err != nil || r.Source != srv.URL || r.Archive != oldName || r.SHA256 != digest.Of(mustRead(t, filepath.Join(old, oldName))) {
		t.Errorf("%+v, %v", r, err)
	}
	for _, args := range [][]string{{"--from", srv.URL}, {"--update"}} {
		if code, out := use("3.13", shells[1], args...); code != 0 || !strings.Contains(out, "nothing changes") || asked[oldName] != 1 {
			t.Errorf("%s: exit code %d, %v\n%s", args, code, asked, out)
		}
	}
	has("1.0")

	code, out = use("3.6", shells[2], "--update", "--from", latest)
	if code != 0 || !strings.Contains(out, "app 1.1 is in "+into+", where app 1.0 was") {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	has("1.1")

	if err := os.RemoveAll(into); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what  string
		spoil func()
		code  int
		want  string
	}{
		{"a label that none has", func() {}, 2, "nothing fits"},
		{"a volume that is another", func() { mkfile(t, filepath.Join(latest, name+".part2"), "x") }, 1, ", and SHA256SUMS says "},
		{"a volume that is gone", func() { os.Remove(filepath.Join(latest, name+".part1")) }, 2, ".part1: the mirror "},
		{"no archive", func() { mkfile(t, filepath.Join(latest, "SHA256SUMS"), strings.Repeat("0", 64)+"  install.sh\n") }, 2, "it names no archive"},
		{"no SHA256SUMS", func() { os.Remove(filepath.Join(latest, "SHA256SUMS")) }, 2, "reading " + fetch.IndexName},
	} {
		tt.spoil()
		label := ""
		if strings.Contains(tt.want, "nothing fits") {
			label = "none"
		}
		code, out := use("3.13", shells[3], "--from", latest, "--label", label)
		if code != tt.code || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit code %d, want %d with %q\n%s", tt.what, code, tt.code, tt.want, out)
		}
		onlyThese(t, parent)
	}
}

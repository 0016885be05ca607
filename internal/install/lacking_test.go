//go:build unix

package install

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/target/packtest"
)

// TestLackingModules: both scripts and update run on a Python that was built
// without one of the modules that need another library's headers, or without
// sockets, as far as nothing needs it: from a folder, and by curl. What needs it
// says so in a sentence.
func TestLackingModules(t *testing.T) {
	if testing.Short() {
		t.Skip("ten installs")
	}
	t.Parallel()
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	script{dist: dist}.index(t, one)
	plain := httptest.NewServer(http.FileServer(http.Dir(dist)))
	defer plain.Close()
	for _, modules := range append(packtest.Optional(), []string{"_socket"}) {
		lacks := func(version string) string { return packtest.Lacking(t, installtest.Python(t, version), modules...) }
		python := lacks("3.13")
		parent := t.TempDir()
		into := filepath.Join(parent, "app")
		sh := func(driver, from string, tools ...string) (int, string) {
			cmd := shell(t, []string{"dash"}, tools...)
			if err := os.Symlink(driver, filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python3")); err != nil {
				t.Fatal(err)
			}
			cmd.Env[0] += ":" + python313()
			return run(t, cmd, newScriptOf(t), "--into", into, "--from", from)
		}
		done := func(way string, code int, out string) {
			t.Helper()
			if code != 0 {
				t.Errorf("%s without %q: exit code %d\n%s", way, modules, code, out)
			}
			if strings.Contains(out, "Traceback") {
				t.Errorf("%s without %q: %s", way, modules, out)
			}
		}
		if modules[0] != "zlib" { // which every archive needs; the script looks for another Python
			for _, driver := range []string{python, lacks("2.7")} {
				code, out := sh(driver, dist)
				done("install.sh from a folder by "+filepath.Base(driver), code, out)
				os.RemoveAll(into)
			}
			code, out := sh(python, plain.URL, "curl")
			done("install.sh by curl", code, out)
			os.RemoveAll(into)
			cmd := exec.Command(python, "-sE", "-")
			cmd.Env = []string{"PATH=/no", "HOME=/no", "PYENV_ROOT=/no"}
			cmd.Stdin = strings.NewReader(piped(t, "into="+into, "from="+dist, "python="+python))
			code, out = run(t, cmd)
			done("install.ps1 from a folder", code, out)
		} else if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
			t.Fatal(err)
		}
		o := realOptions(t, two, into)
		o.Python = python
		if res, err := Update(t.Context(), o); err != nil || numberIn(t, into) != "2.0" {
			t.Errorf("update without %q: %+v, %v", modules, res, err)
		}
		if !slices.Contains([]string{"_ssl", "_socket"}, modules[0]) {
			continue
		}
		os.RemoveAll(into)
		https := "https://localhost:1/mirror"
		for _, from := range []string{https, plain.URL} {
			code, out := sh(python, from)
			fails := from == https || modules[0] == "_socket"
			want := map[string]string{https: "there is neither curl nor GNU Wget, and this Python checks no certificates", plain.URL: "this Python cannot ("}[from]
			if modules[0] == "_socket" && from == https {
				want = "this Python c"
			}
			if fails && (code != 2 && code != 3 || !strings.Contains(out, want) || !strings.Contains(out, "\nhint: ")) || !fails && code != 0 || strings.Contains(out, "Traceback") {
				t.Errorf("from %s without %q: exit code %d, %s", from, modules, code, out)
			}
		}
	}
}

//go:build unix

package install

import (
	"encoding/base64"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// piped is what install.ps1 writes to Python's standard input. .ci/powershell.py
// looks at what it does before that, and .ci/powershell.sh runs it by a real PowerShell.
func piped(t *testing.T, options ...string) string {
	t.Helper()
	files, err := publish.Installers("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	program := strings.TrimSuffix(string(files[2].Data), "\n")
	if !strings.Contains(string(files[1].Data), "\"OPTIONS = '$told'`n$program\" | & $driver -sE '-'\n") {
		t.Fatal("install.ps1 hands the program to Python in another way")
	}
	for _, name := range []string{"into", "python", "tag", "from", "label", "sha256", "server", "repo", "release", "update", "brought", "helper", "script"} {
		if !strings.Contains(string(files[1].Data), `"`+name+`=`) {
			t.Errorf("install.ps1 doesn't tell %s", name)
		}
		options = append([]string{name + "="}, options...) // the last one counts
	}
	told := base64.StdEncoding.EncodeToString([]byte(strings.Join(options, "\x00")))
	return strings.ReplaceAll("OPTIONS = '"+told+"'\n"+program+"\n", "\n", "\r\n")
}

// TestPiped: the program by standard input, with Windows' line ends, on old and
// new Pythons, installs what Install does, from a folder and from a server.
func TestPiped(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	file := packAs(t, t.TempDir(), "1.0", archive.FormatZip, func(stage string) {
		mkfile(t, filepath.Join(stage, "etc", "ü"), "x")
	})
	dist := filepath.Dir(file)
	script{dist: dist}.index(t, file)
	srv := httptest.NewServer(installtest.NewFlaky(dist))
	srv.Config.ErrorLog = nil
	defer srv.Close()
	parent := t.TempDir()
	into := filepath.Join(parent, "an ü place")
	if _, err := Install(t.Context(), realOptions(t, dist, into).Options); err != nil {
		t.Fatal(err)
	}
	want := contents(t, into)
	for _, test := range []struct{ driver, from string }{{"2.7", dist}, {"3.6", srv.URL}, {"3.13", dist}} {
		if err := os.RemoveAll(into); err != nil {
			t.Fatal(err)
		}
		again := false
		for range 2 {
			cmd := exec.Command(installtest.Python(t, test.driver), "-sE", "-")
			cmd.Env, cmd.Dir = []string{"PATH=/no", "HOME=/no", "PYENV_ROOT=/no"}, t.TempDir()
			mkfile(t, filepath.Join(cmd.Dir, "base64.py"), "1/0") // of the place where the user is
			bom := ""                                             // Windows PowerShell writes one where the console's code page is UTF-8
			if again {
				bom = "\ufeff"
			}
			cmd.Stdin = strings.NewReader(bom + piped(t, "into="+into, "from="+test.from, "python="+installtest.Python(t, "3.13")))
			code, out := run(t, cmd)
			if code != 0 || strings.Contains(out, "nothing changes") != again {
				t.Fatalf("%s: exit code %d\n%s", test.driver, code, out)
			}
			again = true
		}
		got := contents(t, into)
		for path := range got { // what it was installed from differs
			if strings.HasSuffix(path, recordName) {
				got[path] = want[path]
			}
		}
		sameSnapshot(t, want, got)
		onlyThese(t, parent, filepath.Base(into))
	}
	cmd := exec.Command(installtest.Python(t, "3.13"), "-sE", "-")
	cmd.Stdin = strings.NewReader(piped(t, "into="+filepath.Join(parent, "b"), "from="+dist, "sha256="+strings.Repeat("ab", 32), "python="+installtest.Python(t, "3.13")))
	if code, out := run(t, cmd); code != 1 || !strings.Contains(out, "-Sha256 says abab") {
		t.Errorf("another digest: exit code %d\n%s", code, out)
	}
	onlyThese(t, parent, filepath.Base(into))
}

//go:build linux && wine

package install

import (
	"archive/zip"
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
)

// windows is a CPython for Windows, in a prefix of wine of its own. The tag
// "wine" is for .ci/wine.sh, which makes what this needs.
type windows struct {
	t    *testing.T
	work string // /w in there, Z:\w
}

// python gives the program to it, as install.ps1 does.
func (w *windows) python(options ...string) (int, string) {
	w.t.Helper()
	return w.run(piped(w.t, options...), `Z:\python\python.exe`, "-sE", "-")
}

func (w *windows) run(stdin string, command ...string) (int, string) {
	w.t.Helper()
	cache := testcache.Dir(w.t)
	ctx, cancel := context.WithTimeout(w.t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bwrap", append([]string{
		"--unshare-pid", "--die-with-parent", "--ro-bind", filepath.Join(cache, "wine-trixie"), "/", "--bind", w.work, "/w",
		"--ro-bind", filepath.Join(cache, "windows-python-3.13.5"), "/python", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
		"--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/w", "--setenv", "WINEPREFIX", "/w/prefix",
		"--setenv", "WINEDEBUG", "-all", "--setenv", "WINEDLLOVERRIDES", "mscoree,mshtml=", "--setenv", "LC_ALL", "C.UTF-8",
		"--setenv", "XDG_RUNTIME_DIR", "/tmp", "--chdir", "/w/here", "--", "wine"}, command...)...)
	cmd.Stdin = strings.NewReader(stdin)
	code, out := run(w.t, cmd)
	runes := make([]rune, 0, len(out))
	for _, b := range []byte(out) { // the code page's, which is Latin-1
		runes = append(runes, rune(b))
	}
	return code, strings.ReplaceAll(string(runes), "\r\n", "\n")
}

func (w *windows) onDrive(dir string) string { return filepath.Join(w.work, "prefix", "drive_c", dir) }

// TestOnWindows: what install.ps1 hands to Python, on a Python for Windows.
func TestOnWindows(t *testing.T) {
	w := &windows{t: t, work: t.TempDir()}
	dist := filepath.Join(w.work, "dist")
	m := archive.Manifest{Name: "app", Version: "1.0", Target: "cp313-win_amd64", Python: archive.Python{Version: "3.13.5", Implementation: "cpython", ABI: "cp313", Bits: 64}}
	deep := "parts/" + strings.Repeat("d", 100) + "/" + strings.Repeat("e", 60)
	file := packFor(t, dist, archive.FormatZip, func(stage string) {
		mkfile(t, filepath.Join(stage, "etc", "ü"), "x")
		mkfile(t, filepath.Join(stage, filepath.FromSlash(deep)), "x")
	}, m)
	script{dist: dist}.index(t, file)
	mkfile(t, filepath.Join(w.work, "here", "http.py"), "1/0\n") // of the directory where the user is
	flaky := installtest.NewFlaky(dist)
	srv := httptest.NewServer(flaky)
	defer srv.Close()

	installed := func(dir string, options ...string) {
		t.Helper()
		options = append(options, `into=C:\`+dir)
		if code, out := w.python(options...); code != 0 || !strings.Contains(out, "app 1.0 is in C:\\"+dir+", with Z:\\python\\python.exe\nnext: cd ") {
			t.Fatalf("%s: exit code %d\n%s", dir, code, out)
		}
		if where, err := os.ReadFile(filepath.Join(w.onDrive(dir), "etc", "where")); err != nil || string(where) != "C:\\"+dir+"\n" {
			t.Errorf("%q, %v", where, err)
		}
		if code, out := w.python(options...); code != 0 || !strings.Contains(out, "nothing changes") {
			t.Errorf("%s again: exit code %d\n%s", dir, code, out)
		}
	}
	installed("an ü place", `from=Z:\w\dist`)
	installed(strings.Repeat("l", 259-26-1-len(deep)-len(`C:\`)), `from=Z:\w\dist`, "python=3.13")
	// From a server, that is busy and then breaks off.
	installed("served", "from="+srv.URL, `python=Z:\python\python.exe`)
	if strings.Join(flaky.Ranges, ",") != ",,bytes=1000-" {
		t.Errorf("asked for %q", flaky.Ranges)
	}
	before := entries(t, w.onDrive(""))
	refused := func(what string, code int, want string, options ...string) {
		t.Helper()
		if got, out := w.python(options...); got != code || !strings.Contains(out, want) {
			t.Errorf("%s: exit code %d\n%s", what, got, out)
		}
		if after := entries(t, w.onDrive("")); after != before {
			t.Errorf("%s: %s was %s", what, after, before)
		}
	}
	refused("one character more", 2, "Windows takes 259 characters, and 260 are needed, for parts", `from=Z:\w\dist`, `into=C:\`+strings.Repeat("l", 260-26-1-len(deep)-len(`C:\`)))
	refused("far longer than the system takes", 2, "and 3", `from=Z:\w\dist`, `into=C:\`+strings.Repeat("l", 120))
	refused("a stranger's", 2, "is no installation of binary-buildout", `from=Z:\w\dist`, `into=C:\windows`)

	// A name that leads to another place of the drive. (TestOddNames has the others.)
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"app-1.0/bootstrap.py", "app-1.0/C:evil"} {
		if _, err := z.CreateHeader(&zip.FileHeader{Name: name, Modified: time.Unix(archive.DefaultEpoch, 0).UTC()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(w.work, "bad", "app.zip"), b.String())
	writeIndex(t, filepath.Join(w.work, "bad"), fetch.Index{Format: 1, Name: "app", Version: "1.0", Assets: []fetch.Asset{{
		Target: m.Target, Name: "app.zip", Size: int64(b.Len()), SHA256: digest.Of(b.Bytes())}}})
	refused("C:evil", 1, "app-1.0/C:evil has no place in an archive", `from=Z:\w\bad`, `into=C:\bad`)

	// What the py launcher knows, PEP 514, is found, and nothing else is here.
	// In one process: the registry is written when wine ends, which isn't waited for.
	const known = `import sys, winreg; sys.executable = ''; ` +
		`winreg.SetValueEx(winreg.CreateKey(winreg.HKEY_CURRENT_USER, r'Software\Python\PythonCore\3.13\InstallPath'), '', 0, winreg.REG_SZ, 'Z:\\python')` + "\r\n"
	code, out := w.run(known+piped(t, `from=Z:\w\dist`, `into=C:\found`), `Z:\python\python.exe`, "-sE", "-")
	if code != 0 || !strings.Contains(out, `app 1.0 is in C:\found`) {
		t.Errorf("by the registry: exit code %d\n%s", code, out)
	}
	w.long(m)
}

func entries(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

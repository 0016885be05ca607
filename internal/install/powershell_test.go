//go:build powershell && unix

package install

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	publish "github.com/binary-buildout/binary-buildout/release"
)

// powershell runs a real PowerShell, BINARY_BUILDOUT_PWSH, with these programs
// alone on PATH; .ci/powershell.sh says which one.
func powershell(t *testing.T, tools ...string) *exec.Cmd {
	t.Helper()
	pwsh := os.Getenv("BINARY_BUILDOUT_PWSH")
	if pwsh == "" {
		t.Fatal("BINARY_BUILDOUT_PWSH names no PowerShell: run .ci/powershell.sh")
	}
	cmd := shell(t, []string{pwsh, "-NoProfile", "-NonInteractive"}, tools...)
	cmd.Env = []string{cmd.Env[0], "HOME=" + t.TempDir(), "PYENV_ROOT=/no", "LC_ALL=C.UTF-8",
		"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1", "POWERSHELL_TELEMETRY_OPTOUT=1", "POWERSHELL_UPDATECHECK=Off"}
	if root := os.Getenv("DOTNET_ROOT"); root != "" {
		cmd.Env = append(cmd.Env, "DOTNET_ROOT="+root)
	}
	return cmd
}

// withPython puts an interpreter on the command's PATH.
func withPython(t *testing.T, cmd *exec.Cmd, version string) {
	t.Helper()
	if err := os.Symlink(installtest.Python(t, version), filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python"+version)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(installtest.Python(t, version), filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python3")); err != nil {
		t.Fatal(err)
	}
}

// TestPowerShell: install.ps1, run by a real PowerShell in each way that needs no
// Windows.
func TestPowerShell(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	dist := filepath.Dir(archive)
	script{dist: dist}.index(t, archive)
	data := mustRead(t, archive)
	var ranges []string
	files := http.FileServer(http.Dir(dist))
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	scripts, err := publish.Installers(srv.URL, "acme/site", "v1.0")
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("/install.ps1", func(w http.ResponseWriter, r *http.Request) { w.Write(scripts[1].Data) })
	mux.Handle("/acme/site/releases/download/v1.0/", http.StripPrefix("/acme/site/releases/download/v1.0/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".gz") {
			ranges = append(ranges, r.Header.Get("Range"))
		}
		files.ServeHTTP(w, r)
	})))
	path := filepath.Join(t.TempDir(), "install.ps1")
	mkfile(t, path, string(scripts[1].Data))
	for _, f := range scripts[2:] {
		mkfile(t, filepath.Join(dist, f.Name), string(f.Data))
	}
	parent := t.TempDir()
	into := filepath.Join(parent, "a place")
	block := "& ([scriptblock]::Create((Invoke-RestMethod -Uri " + srv.URL + "/install.ps1))) -Into '" + into + "'"
	want := func(what string, code int, out string, wantCode int, words ...string) {
		t.Helper()
		if code != wantCode {
			t.Errorf("%s: exit code %d\n%s", what, code, out)
		}
		for _, w := range words {
			if !strings.Contains(out, w) {
				t.Errorf("%s: %q is missing in\n%s", what, w, out)
			}
		}
	}
	fresh := func() {
		t.Helper()
		if err := os.RemoveAll(into); err != nil {
			t.Fatal(err)
		}
	}
	file := func(cmd *exec.Cmd, args ...string) (int, string) {
		t.Helper()
		return run(t, cmd, append([]string{"-File", path, "-Into", into}, args...)...)
	}
	here := func(version string, tools ...string) *exec.Cmd {
		cmd := powershell(t, tools...)
		withPython(t, cmd, version)
		return cmd
	}

	code, out := file(here("3.13", "curl"))
	want("a file", code, out, 0, "app 1.0 is in "+into)
	r, err := readRecord(into)
	if err != nil || r.Source != "acme/site" {
		t.Errorf("%+v, %v", r, err)
	}
	code, out = file(here("3.13", "curl"))
	want("the second run", code, out, 0, "nothing changes")
	fresh()

	code, out = run(t, here("3.13", "curl"), "-Command", block+"; \"after $LASTEXITCODE\"")
	want("a block", code, out, 0, "app 1.0 is in "+into, "after 0")
	code, out = run(t, here("3.13", "curl"), "-Command", "try { "+block+" -Sha256 "+strings.Repeat("ab", 32)+" } catch { \"caught $_ $LASTEXITCODE\" }")
	want("a block that fails", code, out, 0, "-Sha256 says abab", "caught install.ps1: exit code 1 1")
	fresh()

	code, out = file(here("3.13", "curl"), "-Sha256", strings.Repeat("ab", 32))
	want("another digest", code, out, 1, "-Sha256 says abab")
	code, out = file(here("3.13", "curl"), "-Tag", "v9.0", "-From", dist)
	want("another tag", code, out, 1, "-Tag says v9.0", "hint: leave -Tag out")
	code, out = file(powershell(t, "curl"))
	want("no Python", code, out, 2, "error: there is no Python here", "-Python PATH")
	onlyThese(t, parent)

	ranges = nil
	part := filepath.Join(parent, ".a place.binary-buildout.download", digest.Of(data)+".part")
	mkfile(t, part, string(data[:1000]))
	chmod(t, filepath.Dir(part), 0o700)
	code, out = file(here("3.13", "curl"))
	want("a download that goes on", code, out, 0)
	if fmt.Sprint(ranges) != "[bytes=1000-]" {
		t.Errorf("asked for %q", ranges)
	}
	fresh()
	code, out = file(here("3.13"))
	want("no curl", code, out, 0)
	fresh()

	flaky := installtest.NewFlaky(dist)
	secure := httptest.NewUnstartedServer(flaky)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	proxy := installtest.NewProxy(t, secure.Listener.Addr().String())
	ca := filepath.Join(t.TempDir(), "ca.pem")
	mkfile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	cmd := here("3.13", "curl")
	cmd.Env = append(cmd.Env, "https_proxy="+proxy.URL)
	code, out = file(cmd, "-From", "https://mirror.example.com/")
	want("without the authority", code, out, 3, "SSL_CERT_FILE")
	cmd = here("3.13", "curl")
	cmd.Env = append(cmd.Env, "https_proxy="+proxy.URL, "SSL_CERT_FILE="+ca)
	code, out = file(cmd, "-From", "https://mirror.example.com/")
	want("a proxy and a private authority", code, out, 0)
	if len(proxy.Hosts()) == 0 {
		t.Error("the proxy wasn't asked")
	}
	fresh()

	private := http.NewServeMux()
	api := httptest.NewServer(private)
	defer api.Close()
	private.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/repos/acme/site/releases/assets/")
		switch {
		case r.Header.Get("Authorization") != "Bearer s3cret":
			http.NotFound(w, r)
		case ok:
			r.URL.Path = "/" + name
			files.ServeHTTP(w, r)
		default:
			fmt.Fprintf(w, `{"assets":[{"name":"index.json","url":"%[1]s/repos/acme/site/releases/assets/index.json"},{"name":"%[2]s","url":"%[1]s/repos/acme/site/releases/assets/%[2]s"}]}`, api.URL, filepath.Base(archive))
		}
	})
	hidden, err := publish.Installers(api.URL+"/none", "acme/site", "v1.0")
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, path, string(hidden[1].Data))
	mkfile(t, filepath.Join(filepath.Dir(path), "install.py"), string(hidden[2].Data))
	cmd = here("3.13", "curl")
	cmd.Env = append(cmd.Env, "GITHUB_API_URL="+api.URL, "GH_TOKEN=s3cret")
	code, out = file(cmd)
	want("a token's asset", code, out, 0, "app 1.0 is in "+into)
	if strings.Contains(out, "s3cret") {
		t.Errorf("the token is shown:\n%s", out)
	}
	onlyThese(t, parent, filepath.Base(into))
}

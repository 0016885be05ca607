//go:build powershell && unix

package install

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/target"
)

// TestPowerShellRedirects: what install.ps1 downloads by itself, where Python
// can't, follows a redirect from https to https, ten at most, and none to http,
// where nothing is asked for. A download that goes on asks the last address for the rest.
func TestPowerShellRedirects(t *testing.T) {
	const text = "the whole of the file"
	var mu sync.Mutex
	var plainly, ranges []string
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		plainly = append(plainly, r.URL.Path)
		io.WriteString(w, text)
	}))
	defer plain.Close()
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/file":
			mu.Lock()
			ranges = append(ranges, r.Header.Get("Range"))
			mu.Unlock()
			http.ServeContent(w, r, "file", time.Time{}, strings.NewReader(text))
		case "/down":
			http.Redirect(w, r, plain.URL+"/file", http.StatusFound)
		case "/late":
			http.Redirect(w, r, "/down", http.StatusTemporaryRedirect)
		case "/on":
			http.Redirect(w, r, "../file", http.StatusMovedPermanently)
		case "/round":
			http.Redirect(w, r, "/round", http.StatusSeeOther)
		default:
			http.NotFound(w, r)
		}
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	mkfile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	script := target.InstallWindowsScript()
	start := strings.Index(script, "function Get-BinaryBuildoutFile {")
	end := strings.Index(script[start:], "\n}\n")
	function := script[start:start+end+3] + "try { Get-BinaryBuildoutFile } catch { [Console]::Error.WriteLine($_.Exception.GetBaseException().Message); exit 1 }"

	for _, c := range []struct {
		path, have, ca string
		code           int
		want           string // in the file, or in what is said
	}{
		{"/file", "", ca, 0, text},
		{"/on", "", ca, 0, text},
		{"/on", text[:5], ca, 0, text},
		{"/down", "", ca, 1, "it is redirected from https to http"},
		{"/late", "", ca, 1, "it is redirected from https to http"},
		{"/late", text[:5], ca, 1, "it is redirected from https to http"},
		{"/round", "", ca, 1, "it is led on too often"},
		{"/none", "", ca, 1, "404"},
		{"/file", "", "", 1, "certificate"},
	} {
		to := filepath.Join(t.TempDir(), "to")
		have := "0"
		if c.have != "" {
			mkfile(t, to, c.have)
			have = "5"
		}
		cmd := powershell(t)
		cmd.Env = append(cmd.Env, "BINARY_BUILDOUT_URL="+secure.URL+c.path, "BINARY_BUILDOUT_TO="+to, "BINARY_BUILDOUT_HAVE="+have)
		if c.ca != "" {
			cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+c.ca)
		}
		code, out := run(t, cmd, "-Command", function)
		got, _ := os.ReadFile(to)
		if code != c.code || c.code == 0 && string(got) != c.want || c.code != 0 && (!strings.Contains(out, c.want) || string(got) != c.have) {
			t.Errorf("%s, %d bytes there: exit code %d, %q\n%s", c.path, len(c.have), code, got, out)
		}
	}
	if len(plainly) > 0 {
		t.Errorf("over http was asked for %q", plainly)
	}
	if strings.Join(ranges, " ") != "  bytes=5-" {
		t.Errorf("asked for %q", ranges)
	}
}

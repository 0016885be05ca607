//go:build unix

package install

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// TestHardNetwork has an archive come through a proxy, from a server whose
// authority is the company's own, that is busy at first, and then breaks off:
// install and each of the script's ways to download get it, in one run, without
// asking for what they have. Without the authority's certificate none does.
func TestHardNetwork(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	dist := filepath.Dir(archive)
	script{dist: dist}.index(t, archive)
	python := installtest.Python(t, "3.13")

	ways := map[string]func(t *testing.T, source, into string, env []string) (code int, out string){
		"install": func(t *testing.T, source, into string, env []string) (int, string) {
			o := realOptions(t, source, into).Options
			o.Env = append(o.Env, env...)
			res, err := Install(t.Context(), o)
			if err != nil {
				return codeOf(err, 1), err.Error() + hintOf(err, "")
			}
			if !res.Changed {
				t.Error("nothing changed")
			}
			return 0, ""
		},
	}
	for name, tool := range map[string][]string{"curl": {"curl"}, "wget": {"wget"}, "python": nil} {
		ways["install.sh by "+name] = func(t *testing.T, source, into string, env []string) (int, string) {
			cmd := shell(t, []string{"dash"}, tool...)
			cmd.Env = append(cmd.Env, env...)
			return run(t, cmd, newScriptOf(t), "--into", into, "--from", source, "--python", python)
		}
	}
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flaky := installtest.NewFlaky(dist)
			srv := httptest.NewUnstartedServer(flaky)
			srv.Config.ErrorLog = log.New(io.Discard, "", 0)
			srv.StartTLS()
			defer srv.Close()
			proxy := installtest.NewProxy(t, srv.Listener.Addr().String())
			// A name that only the proxy knows the way to.
			source := "https://mirror.example.com/"
			env := []string{"https_proxy=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "no_proxy=", "NO_PROXY="}
			parent := t.TempDir()
			into := filepath.Join(parent, "app")
			code, out := way(t, source, into, env)
			if code != 3 || !strings.Contains(out, "certificate") || !strings.Contains(out, "SSL_CERT_FILE") {
				t.Errorf("without the authority: exit code %d\n%s", code, out)
			}
			onlyThese(t, parent)
			ca := filepath.Join(t.TempDir(), "ca.pem")
			mkfile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
			if code, out = way(t, source, into, append(env, "SSL_CERT_FILE="+ca)); code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			if !slices.Equal(flaky.Ranges, []string{"", "", "bytes=1000-"}) {
				t.Errorf("asked for %q", flaky.Ranges)
			}
			if hosts := proxy.Hosts(); len(hosts) == 0 || hosts[0] != "mirror.example.com:443" {
				t.Errorf("the proxy was asked for %q", hosts)
			}
			onlyThese(t, parent, "app")
		})
	}
}

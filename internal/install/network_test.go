//go:build unix

package install

import (
	"encoding/pem"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// TestHardNetwork has an archive come through a proxy, from a server whose
// authority is the company's own, that is busy at first, and then breaks off:
// install and each of the script's ways to download get it, in one run, without
// asking for what they have. Without the authority's certificate none does.
func TestHardNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	file := packReal(t, t.TempDir(), "1.0")
	dist := filepath.Dir(file)
	script{dist: dist}.index(t, file)
	python := installtest.Python(t, "3.13")

	ways := map[string]func(t *testing.T, source, into string, env []string) (code int, out string){
		"install": func(t *testing.T, source, into string, env []string) (int, string) {
			o := realOptions(t, source, into).Options
			o.Env = append(o.Env, env...)
			res, err := Install(t.Context(), o)
			if err != nil {
				return fault.CodeOf(err, 1), err.Error() + fault.HintOf(err, "")
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

// TestScriptProgress: on a terminal the script says how far a download is, how
// fast, and how long it takes yet; whatever downloads.
func TestScriptProgress(t *testing.T) {
	file := packAs(t, t.TempDir(), "1.0", archive.FormatTarGz, func(stage string) {
		noise := make([]byte, 4<<20)
		_, _ = rand.NewChaCha8([32]byte{}).Read(noise)
		mkfile(t, filepath.Join(stage, "etc", "noise"), string(noise))
	})
	dist := filepath.Dir(file)
	script{dist: dist}.index(t, file)
	data := mustRead(t, file)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".tar.gz") {
			http.FileServer(http.Dir(dist)).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		for i := range 10 {
			_, _ = w.Write(data[len(data)*i/10 : len(data)*(i+1)/10])
			w.(http.Flusher).Flush()
			time.Sleep(300 * time.Millisecond)
		}
	}))
	t.Cleanup(srv.Close)
	python := installtest.Python(t, "3.13")
	for name, tools := range map[string][]string{"curl": {"curl"}, "python": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := shell(t, []string{python}, tools...)
			code, out := run(t, cmd, "-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)",
				"/bin/sh", newScriptOf(t), "--into", filepath.Join(t.TempDir(), "app"), "--from", srv.URL, "--python", python)
			if code != 0 || !regexp.MustCompile(`\r[1-3]\.\d of 4\.\d MiB, \d+\.\d MiB/s, \d+ s left`).MatchString(out) {
				t.Errorf("exit code %d\n%q", code, out)
			}
		})
	}
}

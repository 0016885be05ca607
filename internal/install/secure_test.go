//go:build unix

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
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/target"
)

// ways are those that the script downloads by: a tool, or the Python that runs it.
var ways = []struct{ tool, driver string }{{"curl", "3.13"}, {"wget", "3.13"}, {"", "3.13"}, {"", "3.6"}, {"", "2.7"}}

// TestStaysSecure: no redirect leads from https to http, by any way to download,
// with a token or without; nothing is asked for there. One that stays on https is followed.
func TestStaysSecure(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	archive := packReal(t, t.TempDir(), "1.0")
	dist := filepath.Dir(archive)
	script{dist: dist}.index(t, archive)
	files := http.FileServer(http.Dir(dist))
	var mu sync.Mutex
	var asked []string
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path)
		files.ServeHTTP(w, r)
	}))
	defer plain.Close()
	var api string
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := strings.CutPrefix(r.URL.Path, "/down/"); ok { // http at once
			http.Redirect(w, r, plain.URL+"/"+name, http.StatusFound)
		} else if name, ok := strings.CutPrefix(r.URL.Path, "/late/"); ok && strings.HasSuffix(name, ".gz") { // the archive, by two hops
			http.Redirect(w, r, "/down/"+name, http.StatusTemporaryRedirect)
		} else if name, ok := strings.CutPrefix(r.URL.Path, "/on/"); ok {
			http.Redirect(w, r, "../late/../files/"+name, http.StatusMovedPermanently)
		} else if r.URL.Path == "/repos/acme/site/releases/tags/v1.0" && r.Header.Get("Authorization") == "Bearer t0ken" {
			fmt.Fprintf(w, `{"assets":[{"name":"index.json","url":"%s/down/index.json"}]}`, api)
		} else if strings.HasPrefix(r.URL.Path, "/acme/") {
			http.NotFound(w, r)
		} else {
			r.URL.Path = r.URL.Path[strings.LastIndex(r.URL.Path, "/"):]
			files.ServeHTTP(w, r)
		}
	}))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	// A name that the certificate has; Python 2 knows none of addresses.
	const at = "https://mirror.example.com"
	api = at
	proxy := installtest.NewProxy(t, secure.Listener.Addr().String())
	cert := filepath.Join(t.TempDir(), "ca.pem")
	mkfile(t, cert, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	const want = "it is redirected from https to http"
	parent := t.TempDir()
	into := filepath.Join(parent, "app")

	env := append(os.Environ(), "SSL_CERT_FILE="+cert, "GH_TOKEN=", "GITHUB_TOKEN=", "https_proxy="+proxy.URL, "HTTPS_PROXY="+proxy.URL, "no_proxy=", "NO_PROXY=")
	for _, c := range []struct {
		source string
		fails  bool
		more   []string
	}{
		{at + "/down", true, nil}, {at + "/late", true, nil}, {at + "/on", false, nil},
		{"acme/site@v1.0", true, []string{"GH_TOKEN=t0ken", "GITHUB_API_URL=" + at, "GITHUB_SERVER_URL=" + at}},
	} {
		o := realOptions(t, c.source, into).Options
		o.Env = append(slices.Clone(env), c.more...)
		_, err := Install(t.Context(), o)
		if c.fails != (err != nil) || c.fails && (fault.CodeOf(err, 0) != 3 || !strings.Contains(err.Error(), want)) {
			t.Errorf("install %s: %v", c.source, err)
		}
		os.RemoveAll(into)
		for _, way := range ways {
			if c.more != nil && way.tool != "" { // Python alone is told the token
				continue
			}
			from, path := c.source, newScriptOf(t)
			if c.more != nil {
				// install.py lies beside it: nothing here could fetch it.
				from, path = "", filepath.Join(filepath.Dir(path), "install.sh")
				mkfile(t, path, filled(t, at))
			}
			cmd := shell(t, []string{"dash"}, slices.DeleteFunc([]string{way.tool}, func(s string) bool { return s == "" })...)
			if err := os.Symlink(installtest.Python(t, way.driver), filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python3")); err != nil {
				t.Fatal(err)
			}
			cmd.Env[0] += ":" + python313()
			cmd.Env = append(append(cmd.Env, "SSL_CERT_FILE="+cert, "https_proxy="+proxy.URL), c.more...)
			code, out := run(t, cmd, path, "--into", into, "--from", from)
			if c.fails && (code != 3 || !strings.Contains(out, want)) || !c.fails && code != 0 {
				t.Errorf("%s by %+v: exit code %d\n%s", c.source, way, code, out)
			}
			os.RemoveAll(into)
		}
	}
	if len(asked) > 0 {
		t.Errorf("over http was asked for %q", asked)
	}
}

// TestNoPasswordInCommandLines: of a mirror's address everybody on the machine
// could read it there.
func TestNoPasswordInCommandLines(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	archive := packReal(t, t.TempDir(), "1.0")
	dist := filepath.Dir(archive)
	script{dist: dist}.index(t, archive)
	var mu sync.Mutex
	told := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if user, password, _ := r.BasicAuth(); user == "me" && password == "s3cr\"t@" {
			told++
		} else { // GNU Wget asks without first
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, path := range lines {
			if data, err := os.ReadFile(path); err == nil && strings.Contains(string(data), "s3cr") {
				t.Errorf("%s: %q", path, strings.ReplaceAll(string(data), "\x00", " "))
			}
		}
		http.FileServer(http.Dir(dist)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	address := strings.Replace(srv.URL, "//", "//me:s3cr%22t%40@", 1)
	for _, way := range append(ways, struct{ tool, driver string }{"busybox", "3.13"}) {
		cmd := shell(t, []string{"dash"}, slices.DeleteFunc([]string{way.tool}, func(s string) bool { return s == "" })...)
		path := strings.TrimPrefix(cmd.Env[0], "PATH=")
		if way.tool == "busybox" {
			if err := os.Rename(filepath.Join(path, "busybox"), filepath.Join(path, "wget")); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(installtest.Python(t, way.driver), filepath.Join(path, "python3")); err != nil {
			t.Fatal(err)
		}
		cmd.Env[0] += ":" + python313()
		into := filepath.Join(t.TempDir(), "app")
		before := told
		if code, out := run(t, cmd, newScriptOf(t), "--into", into, "--from", address); code != 0 || strings.Contains(out, "s3cr") || told < before+2 {
			t.Errorf("%+v: exit code %d, %d answers\n%s", way, code, told-before, out)
		}
		fi, err := os.Stat(filepath.Join(into, recordName))
		if err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("%+v: %v, %v", way, fi, err)
		}
		if way.tool != "busybox" {
			continue
		}
		// By itself, without install.py beside it, the script has BusyBox's wget alone.
		alone := filepath.Join(t.TempDir(), "install.sh")
		mkfile(t, alone, filled(t, srv.URL))
		again := exec.Command(cmd.Args[0])
		again.Env, before = cmd.Env, told
		if code, out := run(t, again, alone, "--into", into+"2", "--from", address); code != 3 || !strings.Contains(out, "the password") || strings.Contains(out, "s3cr") || told != before {
			t.Errorf("busybox alone: exit code %d, %d answers\n%s", code, told-before, out)
		}
	}
}

// TestAskedTag: what was asked for by its tag is that tag's, also of a mirror.
func TestAskedTag(t *testing.T) {
	dist, x := release(t)
	mux := http.NewServeMux()
	for _, tag := range []string{"v1.0", "v9.0"} { // install.sh takes install.py from its own release
		mux.Handle("/acme/site/releases/download/"+tag+"/", http.StripPrefix("/acme/site/releases/download/"+tag+"/", http.FileServer(http.Dir(dist))))
	}
	srv := httptest.NewServer(mux)
	defer srv.Close()
	parent := t.TempDir()
	into := filepath.Join(parent, "app")
	python := installtest.Python(t, "3.13")
	// As an asset of v9.0 by mistake, or by somebody who wants an old one installed.
	o := remoteOptions(t, "acme/site@v9.0")
	o.Remote.Server, o.Into = srv.URL, into
	_, err := Install(t.Context(), o)
	wantError(t, err, 1, "is of the release v1.0", "ask who made it")
	path := filepath.Join(t.TempDir(), "install.sh")
	mkfile(t, path, filled(t, srv.URL))
	mkfile(t, filepath.Join(dist, "install.py"), target.InstallProgram())
	script := func(args ...string) (int, string) {
		return run(t, shell(t, []string{"dash"}, "curl"), append([]string{path, "--into", into, "--python", python}, args...)...)
	}
	for _, from := range []string{"", dist, srv.URL + "/acme/site/releases/download/v9.0"} {
		if code, out := script("--tag", "v9.0", "--from", from); code != 1 || !strings.Contains(out, "is of the release v1.0, and --tag says v9.0") {
			t.Errorf("from %q: exit code %d\n%s", from, code, out)
		}
		cmd := exec.Command(python, "-sE", "-")
		cmd.Env = []string{"PATH=/no", "HOME=/no", "PYENV_ROOT=/no"}
		cmd.Stdin = strings.NewReader(piped(t, "into="+into, "tag=v9.0", "from="+from, "python="+python, "server="+srv.URL, "repo=acme/site"))
		if code, out := run(t, cmd); code != 1 || !strings.Contains(out, "is of the release v1.0, and -Tag says v9.0") || !strings.Contains(out, "hint: leave -Tag out") {
			t.Errorf("install.ps1 from %q: exit code %d\n%s", from, code, out)
		}
	}
	onlyThese(t, parent)
	if code, out := script("--tag", "v1.0", "--from", dist); code != 0 || !strings.Contains(out, dist+" has hello 1.0") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	x.Tag = ""
	writeIndex(t, dist, x)
	into += "2"
	if code, out := script("--tag", "v1.0", "--from", dist); code != 1 || !strings.Contains(out, "is of no release that it names") {
		t.Errorf("without a tag: exit code %d\n%s", code, out)
	}
}

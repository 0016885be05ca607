//go:build unix

package install

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/testcache"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// TestScriptWrongAnswers: what a login page, a proxy or a simple server answers
// is told from the archive by each way to download, and nothing of it is left;
// what an earlier run left of something else is begun anew.
func TestScriptWrongAnswers(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	s := newScript(t, archive)
	good := s.server.Config.Handler
	const page = "<!DOCTYPE html><html>Log in</html>"
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, name := filepath.Split(r.URL.Path)
		code := map[string]int{"/401/": 401, "/404/": 404}[kind]
		switch {
		case code != 0:
			w.WriteHeader(code)
		case kind == "/page/" || kind == "/archive/" && strings.HasSuffix(name, ".tar.gz"):
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, page)
		default:
			r.URL.Path = "/acme/site/releases/download/v1.0/" + name
			good.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(srv.Close)
	python := installtest.Python(t, "3.13")
	for name, tools := range map[string][]string{"curl": {"curl"}, "wget": {"wget"}, "python": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			into := filepath.Join(parent, "app")
			script := func(kind string) (int, string) {
				return run(t, shell(t, []string{"dash"}, tools...), newScriptOf(t), "--into", into, "--from", srv.URL+"/"+kind, "--python", python)
			}
			for kind, want := range map[string]struct {
				code int
				text string
			}{
				"page":    {3, "the answer is a web page\nhint: check the address"},
				"archive": {3, fmt.Sprintf("the answer has %d bytes, and the archive has", len(page))},
				"401":     {3, "https://USER:PASSWORD@HOST"},
				"404":     {2, "hint: check the address: a mirror is a copy"},
			} {
				if code, out := script(kind); code != want.code || !strings.Contains(out, want.text) {
					t.Errorf("%s: exit code %d\n%s", kind, code, out)
				}
				onlyThese(t, parent)
			}
			part := filepath.Join(parent, ".app.binary-buildout.download", digest.Of(mustRead(t, archive))+".part")
			mkfile(t, part, page)
			chmod(t, filepath.Dir(part), 0o700)
			if code, out := script("good"); code != 0 {
				t.Errorf("with a part of something else: exit code %d\n%s", code, out)
			}
			onlyThese(t, parent, "app")
		})
	}
}

// TestScriptPrivate: a token opens a private repository, by the API; nothing but
// that is sent it, and where the release is public, nothing at all.
func TestScriptPrivate(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	s := newScript(t, archive)
	files := http.FileServer(http.Dir(s.dist))
	public, status := false, http.StatusNotFound
	s.server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s is sent the token", r.URL)
		}
		if public {
			http.StripPrefix("/acme/site/releases/download/v1.0/", files).ServeHTTP(w, r)
			return
		}
		w.WriteHeader(status)
	})
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the storage is sent the token")
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(storage.Close)
	var api *httptest.Server
	asked := 0
	api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.Header.Get("Authorization") != "Bearer s3cret" {
			http.NotFound(w, r)
			return
		}
		if name, ok := strings.CutPrefix(r.URL.Path, "/repos/acme/site/releases/assets/"); ok && r.Header.Get("Accept") == "application/octet-stream" {
			http.Redirect(w, r, storage.URL+"/"+name, http.StatusFound)
			return
		}
		if r.URL.Path != "/repos/acme/site/releases/tags/v1.0" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"assets":[{"name":"index.json","url":"%[1]s/repos/acme/site/releases/assets/index.json"},
			{"url":"%[1]s/repos/acme/site/releases/assets/install.py","name": "install.py","uploader":{"url":"%[1]s/users/x"}},
			{"name":"%[2]s","url":"%[1]s/repos/acme/site/releases/assets/%[2]s"}]}`,
			api.URL, filepath.Base(archive))
	}))
	t.Cleanup(api.Close)
	parent := t.TempDir()
	into := filepath.Join(parent, "app")
	alone := s.path // curl brings install.py, or it lies beside install.sh
	s.path = filepath.Join(s.dist, "install.sh")
	mkfile(t, s.path, s.text)
	script := func(driver, token string, tools ...string) (int, string) {
		cmd, path := shell(t, []string{"dash"}, append(tools, "sed", "tr")...), s.path
		if len(tools) > 0 {
			path = alone
		}
		if err := os.Symlink(installtest.Python(t, driver), filepath.Join(strings.TrimPrefix(cmd.Env[0], "PATH="), "python3")); err != nil {
			t.Fatal(err)
		}
		cmd.Env[0] += ":" + python313()
		cmd.Env = append(cmd.Env, "GITHUB_API_URL="+api.URL, token)
		return run(t, cmd, path, "--into", into)
	}
	if code, out := script("3.13", "GH_TOKEN=", "curl"); code != 2 || !strings.Contains(out, "404") || !strings.Contains(out, "of a private repository set GH_TOKEN") {
		t.Errorf("without a token: exit code %d\n%s", code, out)
	}
	if code, out := script("3.13", "GH_TOKEN=wr0ng"); code != 2 || strings.Contains(out, "wr0ng") {
		t.Errorf("with another token: exit code %d\n%s", code, out)
	}
	onlyThese(t, parent)
	status, asked = http.StatusForbidden, 0
	if code, out := script("3.13", "GH_TOKEN=s3cret"); code != 3 || asked != 0 {
		t.Errorf("where it isn't said to be missing: exit code %d, the API was asked %d times\n%s", code, asked, out)
	}
	status = http.StatusNotFound
	for driver, tools := range map[string][]string{"2.7": nil, "3.13": {"curl"}} {
		code, out := script(driver, "GITHUB_TOKEN=s3cret", tools...)
		if r, err := readRecord(into); code != 0 || err != nil || r.Source != "acme/site" || strings.Contains(out, "s3cret") {
			t.Errorf("%s: exit code %d, %+v, %v\n%s", driver, code, r, err, out)
		}
		onlyThese(t, parent, "app")
		if err := os.RemoveAll(into); err != nil {
			t.Fatal(err)
		}
	}
	public, asked = true, 0
	if code, out := script("3.13", "GH_TOKEN=s3cret"); code != 0 || asked != 0 {
		t.Errorf("a public one: exit code %d, the API was asked %d times\n%s", code, asked, out)
	}
}

// TestScriptInside: where the parent can't be written, an empty directory of
// one's own will do; what an install that was killed there left is no hindrance.
func TestScriptInside(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal(err)
	}
	p, err := interpreter.Probe(t.Context(), system, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	a := installtest.Archive{Name: "hello", Version: "1.0", Files: map[string]string{"bin/hello": "#!/bin/sh\n", "data.txt": "of 1.0"}}
	a.Manifest.Target, a.Manifest.Python.ABI = p.ABI+"-linux_"+p.Machine, p.ABI
	dist := t.TempDir()
	path := installtest.Make(t, dist, a)
	data := mustRead(t, path)
	writeIndex(t, dist, fetch.Index{Format: 1, Name: "hello", Version: "1.0", Assets: []fetch.Asset{{
		Target: a.Manifest.Target, Name: filepath.Base(path), Size: int64(len(data)), SHA256: digest.Of(data)}}})
	srv := httptest.NewServer(http.FileServer(http.Dir(dist)))
	defer srv.Close()
	parent := t.TempDir()
	into := filepath.Join(parent, "app")
	folder := filepath.Join(parent, "folder")
	mkfile(t, filepath.Join(folder, downloadInside, "half.part"), "x")
	mkfile(t, filepath.Join(into, insideName, entriesName), `["bin", ".binary-buildout"]`)
	mkfile(t, filepath.Join(into, "bin", "half"), "x")
	mkfile(t, filepath.Join(into, downloadInside, digest.Of(data)+".part"), string(data[:100]))
	chmod(t, filepath.Join(into, insideName), 0o700)
	chmod(t, filepath.Join(into, downloadInside), 0o700)
	chmod(t, parent, 0o555)
	defer chmod(t, parent, 0o755)
	script := func(into string) (int, string) {
		from := srv.URL
		if into == folder {
			from = dist
		}
		return run(t, shell(t, []string{"sh"}, "curl"), newScriptOf(t), "--into", into, "--from", from, "--python", system)
	}
	if code, out := script(folder); code != 0 {
		t.Errorf("from a folder: exit code %d\n%s", code, out)
	}
	onlyThese(t, folder, ".binary-buildout", "bin", "bootstrap.py", "data.txt")
	if code, out := script(filepath.Join(parent, "none")); code != 3 || strings.Contains(out, "downloading") || !strings.Contains(out, "an empty directory made that you own") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	mkfile(t, filepath.Join(into, "stranger"), "")
	if code, out := script(into); code != 2 || !strings.Contains(out, "is no installation of binary-buildout") {
		t.Errorf("with a stranger's file: exit code %d\n%s", code, out)
	}
	if err := os.Remove(filepath.Join(into, "stranger")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hello 1.0 is in", "nothing changes"} {
		if code, out := script(into); code != 0 || !strings.Contains(out, want) {
			t.Fatalf("exit code %d\n%s", code, out)
		}
		onlyThese(t, into, ".binary-buildout", "bin", "bootstrap.py", "data.txt")
		onlyThese(t, filepath.Join(into, "bin"), "hello")
	}
	onlyThese(t, parent, "app", "folder")
}

// TestScriptAsks: options and links are refused as install refuses them.
func TestScriptAsks(t *testing.T) {
	archive := packReal(t, t.TempDir(), "1.0")
	s := newScript(t, archive)
	parent := t.TempDir()
	into := filepath.Join(parent, "app")
	python := installtest.Python(t, "3.13")
	script := func(args ...string) (int, string) {
		return run(t, shell(t, []string{"dash"}), append([]string{s.path, "--from", s.dist, "--into", into}, args...)...)
	}
	digest := digest.Of(mustRead(t, archive))
	if err := os.Symlink("nowhere", into); err != nil {
		t.Fatal(err)
	}
	o := realOptions(t, s.dist, into).Options
	_, err := Install(t.Context(), o)
	wantError(t, err, 2, "following the link", "remove the link, or make what it points to")
	if code, out := script("--python", python); code != 2 || !strings.Contains(out, "following the link "+into) {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if err := os.Remove(into); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		code int
		want string
		args []string
	}{
		{2, "--sha256 ab: a SHA-256 digest has 64", []string{"--sha256", "ab", "--python", python}},
		{1, "--sha256 says abab", []string{"--sha256", strings.Repeat("ab", 32), "--python", python}},
		{2, "looking for --python 9.9: there is none, or it does not run; this system is linux", []string{"--python", "9.9"}},
		{0, "is in " + into, []string{"--sha256", "SHA256:" + strings.ToUpper(digest), "--python", python}},
		{1, "--sha256 says abab", []string{"--sha256", strings.Repeat("ab", 32), "--python", python}},
	} {
		if code, out := script(test.args...); code != test.code || !strings.Contains(out, test.want) {
			t.Errorf("%q: exit code %d\n%s", test.args, code, out)
		}
	}
	if err := os.Remove(archive); err != nil {
		t.Fatal(err)
	}
	into += "2"
	if code, out := script("--python", python); code != 2 || !strings.Contains(out, "does not have it, though its index.json names it") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	onlyThese(t, parent, "app")
}

// TestScriptDriver: any Python will do to run the script, also one that is
// called by its version alone; one that hangs is no hindrance; one without all
// of the standard library is told from none.
func TestScriptDriver(t *testing.T) {
	s := newScript(t, packReal(t, t.TempDir(), "1.0"))
	t.Parallel()
	bin := t.TempDir()
	late := filepath.Join(bin, "late")
	for name, text := range map[string]string{"python3": "[ \"$3\" = '' ] || exit 1", "python3.9": "case $3 in *json.dumps*) sleep 60; : >" + late + ";; esac; exit 1"} {
		mkfile(t, filepath.Join(bin, name), "#!/bin/sh\nPATH=/usr/bin:/bin\n"+text+"\n")
		chmod(t, filepath.Join(bin, name), 0o755)
	}
	if err := os.Symlink(installtest.Python(t, "3.13"), filepath.Join(bin, "python3.13")); err != nil {
		t.Fatal(err)
	}
	into := filepath.Join(t.TempDir(), "app")
	cmd := shell(t, []string{"dash"})
	cmd.Env[0] = "PATH=" + bin
	code, out := run(t, cmd, newScriptOf(t), "--into", into, "--from", s.dist)
	if _, err := os.Stat(late); code != 0 || err == nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	// Without the places where this machine has others.
	text := strings.NewReplacer("/usr/", "/no/", "/opt/", "/no/").Replace(s.text)
	for _, test := range []struct{ without, want string }{
		{"python3.13", "error: python3 has not the whole of Python's standard library"},
		{"python3", "error: there is no Python here (this system is "},
	} {
		if err := os.Remove(filepath.Join(bin, test.without)); err != nil {
			t.Fatal(err)
		}
		cmd = shell(t, []string{"dash"})
		cmd.Env[0], cmd.Stdin = "PATH="+bin, strings.NewReader(text)
		if code, out = run(t, cmd, "-s", "--", "--into", into, "--from", s.dist); code != 2 || !strings.Contains(out, test.want) {
			t.Errorf("exit code %d\n%s", code, out)
		}
	}
	// One that runs on musl is known as such; this one has no zlib.
	musl := testtool.Musl(t, testcache.Dir(t))
	run3 := exec.Command(installtest.Python(t, "3.13"), "-sE", "-")
	run3.Env = []string{"PATH=/no", "HOME=/no", "PYENV_ROOT=/no"}
	run3.Stdin = bytes.NewReader([]byte(piped(t, "into="+into+"2", "from="+s.dist, "python="+musl)))
	if code, out = run(t, run3); code != 2 || !strings.Contains(out, ", musl 1.") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

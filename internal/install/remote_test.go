package install

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
)

// release makes the assets of a release in a directory: two archives for this
// machine, of which one fits, and an index.
func release(t *testing.T) (dir string, x fetch.Index) {
	t.Helper()
	dir = t.TempDir()
	x = fetch.Index{Format: 1, Name: "hello", Version: "1.0", Tag: "v1.0"}
	a, p := hello(t, "1.0")
	for _, target := range []string{
		a.Manifest.Target, p.ABI + "-manylinux_2_17_" + p.Machine, p.ABI + "-manylinux_2_99_" + p.Machine, "cp399-manylinux_2_17_" + p.Machine,
		p.ABI + "-macosx_11_0_arm64", p.ABI + "-musllinux_1_2_" + p.Machine,
	} {
		b, _ := hello(t, "1.0")
		b.Manifest.Target = target
		b.Files["target"] = target
		path := installtest.Make(t, dir, b)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		x.Assets = append(x.Assets, fetch.Asset{Target: target, Name: filepath.Base(path), Size: int64(len(data)), SHA256: digest.Of(data)})
	}
	writeIndex(t, dir, x)
	return dir, x
}

func writeIndex(t *testing.T, dir string, x fetch.Index) {
	t.Helper()
	data, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	mkfile(t, filepath.Join(dir, fetch.IndexName), string(data))
}

// remoteOptions never waits and never uses the machine's proxy.
func remoteOptions(t *testing.T, source string) Options {
	o := options(source, filepath.Join(t.TempDir(), "app"))
	o.Remote = fetch.Remote{Client: &http.Client{}, Wait: func(context.Context, time.Duration) error { return nil }, Stall: 5 * time.Second}
	o.Env = append(o.Env, "GH_TOKEN=", "GITHUB_TOKEN=")
	o.Python = installtest.Python(t, "3.13")
	return o
}

func installed(t *testing.T, o Options, wantTarget string) {
	t.Helper()
	res, err := Install(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !res.Changed || !strings.Contains(res.Target, wantTarget) {
		t.Errorf("%+v, want %s", res, wantTarget)
	}
	onlyThese(t, filepath.Dir(o.Into), "app")
	res, err = Install(t.Context(), o)
	if err != nil || res.Changed || res.Version != "1.0" {
		t.Errorf("again: %+v, %v", res, err)
	}
}

func TestFolder(t *testing.T) {
	dir, _ := release(t)
	installed(t, remoteOptions(t, dir), "manylinux_2_17")
}

func TestMirror(t *testing.T) {
	dir, x := release(t)
	var gets []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gets = append(gets, r.URL.Path)
		http.StripPrefix("/m/hello", http.FileServer(http.Dir(dir))).ServeHTTP(w, r)
	}))
	defer srv.Close()
	installed(t, remoteOptions(t, srv.URL+"/m/hello/"), "manylinux_2_17")
	if len(gets) != 3 { // index, asset, index
		t.Errorf("requests: %q", gets)
	}
	o := remoteOptions(t, srv.URL+"/m/hello/"+x.Assets[0].Name)
	installed(t, o, "-linux_")
	o = remoteOptions(t, srv.URL+"/m/hello/"+x.Assets[0].Name)
	o.SHA256 = strings.Repeat("0", 64)
	_, err := Install(t.Context(), o)
	wantError(t, err, 1, "should be 0000")
	onlyThese(t, filepath.Dir(o.Into))
}

func TestRepository(t *testing.T) {
	dir, x := release(t)
	mux := http.NewServeMux()
	files := http.FileServer(http.Dir(dir))
	mux.Handle("/acme/site/releases/latest/download/index.json", http.StripPrefix("/acme/site/releases/latest/download", files))
	mux.Handle("/acme/site/releases/download/v1.0/", http.StripPrefix("/acme/site/releases/download/v1.0", files))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("%s is sent the token", r.URL)
		}
		http.NotFound(w, r)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	for _, source := range []string{"acme/site", "acme/site@v1.0"} {
		o := remoteOptions(t, source)
		o.Remote.Server = srv.URL
		installed(t, o, "manylinux_2_17")
	}
	o := remoteOptions(t, "acme/site@v2.0")
	o.Remote.Server = srv.URL
	_, err := Install(t.Context(), o)
	wantError(t, err, 2, "404", "GH_TOKEN")

	// Private: by the API; the storage that it redirects to gets no token.
	storage := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the storage is sent the token")
		}
		files.ServeHTTP(w, r)
	}))
	defer storage.Close()
	var api *httptest.Server
	api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" {
			http.NotFound(w, r)
			return
		}
		if name, ok := strings.CutPrefix(r.URL.Path, "/repos/acme/site/releases/assets/"); ok {
			if r.Header.Get("Accept") != "application/octet-stream" {
				t.Errorf("Accept: %s", r.Header.Get("Accept"))
			}
			// Another name for the host, or net/http takes it for the same one.
			http.Redirect(w, r, strings.Replace(storage.URL, "127.0.0.1", "localhost", 1)+"/"+name, http.StatusFound)
			return
		}
		var assets []string
		for _, name := range []string{fetch.IndexName, x.Assets[1].Name} {
			assets = append(assets, fmt.Sprintf(`{"name":%q,"url":"%s/repos/acme/site/releases/assets/%s"}`, name, api.URL, name))
		}
		fmt.Fprintf(w, `{"assets":[%s]}`, strings.Join(assets, ","))
	}))
	defer api.Close()
	o = remoteOptions(t, "acme/site")
	o.Remote.API, o.Remote.Token = api.URL, "secret"
	installed(t, o, "manylinux_2_17")
	o.Into, o.Remote.Token = filepath.Join(t.TempDir(), "x"), "wrong"
	_, err = Install(t.Context(), o)
	wantError(t, err, 2, "404")
}

// Connections that break, servers that are busy: a download goes on where it
// stopped, in this run and in the next.
func TestResume(t *testing.T) {
	dir, x := release(t)
	asset := x.Assets[1]
	data, err := os.ReadFile(filepath.Join(dir, asset.Name))
	if err != nil {
		t.Fatal(err)
	}
	var ranges []string
	broken := 3
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".tar.gz") {
			http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
			return
		}
		ranges = append(ranges, r.Header.Get("Range"))
		if broken == 3 {
			broken--
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		if broken > 0 {
			broken--
			var from int
			fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
			w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
			if from > 0 {
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
				w.WriteHeader(http.StatusPartialContent)
			}
			w.Write(data[from : from+100])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = nil
	defer srv.Close()
	o := remoteOptions(t, srv.URL)
	o.Remote.Attempts = 2
	var waits []time.Duration
	o.Remote.Wait = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	_, err = Install(t.Context(), o)
	wantError(t, err, 3, "resumes")
	var last fetch.Event
	o.Progress = func(e fetch.Event) {
		if e.Step == "download" {
			last = e
		}
	}
	installed(t, o, "manylinux_2_17")
	if got := strings.Join(ranges, ","); got != ",,bytes=100-,bytes=200-" {
		t.Errorf("ranges %q", got)
	}
	if len(waits) != 2 || waits[0] < 7*time.Second {
		t.Errorf("waits %v", waits)
	}
	if last.Done != asset.Size || last.Total != asset.Size {
		t.Errorf("last event %+v", last)
	}
}

func TestStall(t *testing.T) {
	dir, _ := release(t)
	release := make(chan struct{})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tar.gz") {
			w.Write([]byte("x"))
			w.(http.Flusher).Flush()
			<-release
			return
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	defer close(release)
	o := remoteOptions(t, srv.URL)
	o.Remote.Attempts, o.Remote.Stall = 1, 200*time.Millisecond
	_, err := Install(t.Context(), o)
	wantError(t, err, 3, "nothing came for 200ms")
}

func TestPrivateAuthority(t *testing.T) {
	dir, _ := release(t)
	srv := httptest.NewTLSServer(http.FileServer(http.Dir(dir)))
	srv.Config.ErrorLog = nil
	defer srv.Close()
	o := remoteOptions(t, srv.URL)
	o.Remote.Client, o.Remote.Attempts = nil, 1
	_, err := Install(t.Context(), o)
	wantError(t, err, 3, "certificate", "SSL_CERT_FILE")
	ca := filepath.Join(t.TempDir(), "ca.pem")
	mkfile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	o.Env = append(o.Env, "SSL_CERT_FILE="+ca)
	installed(t, o, "manylinux_2_17")
}

func TestNothingFits(t *testing.T) {
	dir, x := release(t)
	_, p := hello(t, "1.0")
	all := x.Assets
	for _, test := range []struct {
		name   string
		assets []fetch.Asset
		option func(o *Options)
		want   []string
	}{
		{"Python", all[3:5], nil, []string{"closest is cp399-manylinux_2_17", "it is for Python 3.99", "this system is linux " + p.Machine + ", glibc", "has cp399-manylinux", "install Python 3.99"}},
		{"floor", all[2:3], nil, []string{"it needs glibc 2.99"}},
		{"musl", all[4:], nil, []string{"closest is cp313-musllinux", "it is for musl"}},
		{"system", all[4:5], nil, []string{"it is for macos"}},
		{"label", all[:2], func(o *Options) { o.Label = "debian12" }, []string{"another label"}},
		{"no entries", nil, nil, []string{"lists no archives"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			y := x
			y.Assets = test.assets
			writeIndex(t, dir, y)
			o := remoteOptions(t, dir)
			if test.option != nil {
				test.option(&o)
			}
			_, err := Install(t.Context(), o)
			wantError(t, err, 2, test.want...)
		})
	}
	y := x
	y.Assets = []fetch.Asset{x.Assets[0], x.Assets[0]}
	y.Assets[0].Label, y.Assets[1].Label = "debian12", "rocky9"
	writeIndex(t, dir, y)
	_, err := Install(t.Context(), remoteOptions(t, dir))
	wantError(t, err, 2, "debian12, rocky9", "--label")
	o := remoteOptions(t, dir)
	o.Label = "rocky9"
	installed(t, o, "linux")
	y.Assets[0].Name = "../../etc/passwd"
	writeIndex(t, dir, y)
	_, err = Install(t.Context(), remoteOptions(t, dir))
	wantError(t, err, 1, "no name of an asset")
	y.Format = 99
	writeIndex(t, dir, y)
	_, err = Install(t.Context(), remoteOptions(t, dir))
	wantError(t, err, 2, "its format is 99")
}

// TestDownloadDir: beside the directory; where that can't be, in what is
// installed there, since /tmp may be small and forgets.
func TestDownloadDir(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "app")
	beside := filepath.Join(filepath.Dir(dir), ".app.binary-buildout.download")
	if at, err := downloadDir(dir); err != nil || at != beside {
		t.Errorf("%s, %v", at, err)
	}
	if err := os.Remove(beside); err != nil {
		t.Fatal(err)
	}
	mkfile(t, beside, "not ours")
	_, err := downloadDir(dir)
	wantError(t, err, 3, "isn't ours", "remove it")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if at, err := downloadDir(dir); err != nil || at != filepath.Join(dir, ".binary-buildout.download") || !interrupted(dir) {
		t.Errorf("in an empty one: %s, %v", at, err)
	}
	if _, err := Install(t.Context(), realOptions(t, packReal(t, t.TempDir(), "1.0"), dir).Options); err != nil {
		t.Fatal(err)
	}
	if at, err := downloadDir(dir); err != nil || at != filepath.Join(dir, ".binary-buildout", "download") {
		t.Errorf("in an installed one: %s, %v", at, err)
	}
}

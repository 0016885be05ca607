//go:build unix

package install

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install/installtest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// TestWrongAnswers: what a proxy, a login page or a simple server answers is
// told from the archive, explained, and never gone on from; where another
// attempt helps it is made, and said.
func TestWrongAnswers(t *testing.T) {
	dir, x := release(t)
	good := http.FileServer(http.Dir(dir))
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("\n<html><body>Log in</body></html>"))
	}
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if len(header) > 0 {
				w.Header().Set(header[0], header[1])
			}
			w.WriteHeader(code)
		}
	}
	const size = 1000 // of what an earlier run left
	for _, test := range []struct {
		name           string
		index, archive http.HandlerFunc // of the first request; nil: the good one
		left           bool             // an earlier run's part is there
		code           int              // 0: it succeeds, at the second attempt
		want           []string
		ranges         string // of the archive
	}{
		{name: "login page for index.json", index: page, code: 3, want: []string{"reading index.json of http", "it is a web page", "something answers in the server's place"}},
		{name: "login page for the archive", archive: page, code: 3, ranges: "bytes=1000-", left: true, want: []string{"(text/html), and the archive has", "something answers"}},
		{name: "login page of no length", code: 3, ranges: ",", want: []string{"the answer is a web page", "something answers"}, archive: func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			page(w, r)
		}},
		{name: "another length without saying it", ranges: ",", archive: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/gzip")
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			_, _ = w.Write([]byte("short"))
		}, want: []string{"it ends after 5 of"}},
		{name: "another range", left: true, ranges: "bytes=1000-,", want: []string{"asked from byte 1000 on"},
			archive: status(206, "Content-Range", fmt.Sprintf("bytes 5-%d/%d", x.Assets[1].Size-1, x.Assets[1].Size))},
		{name: "no range", left: true, ranges: "bytes=1000-", archive: func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("Range")
			good.ServeHTTP(w, r)
		}, code: -1},
		{name: "busy till a time", index: func(w http.ResponseWriter, r *http.Request) {
			status(503, "Retry-After", time.Now().Add(100*time.Second).UTC().Format(http.TimeFormat))(w, r)
		},
			want: []string{"503 Service Unavailable; trying again in 1m"}, ranges: ""},
		{name: "too many", index: status(429, "Retry-After", "7"), want: []string{"429 Too Many Requests; trying again in 7s"}},
		{name: "a mirror with a password", index: status(401), code: 3, want: []string{"401", "https://USER:PASSWORD@HOST"}},
		{name: "no mirror", index: status(404), code: 2, want: []string{"404", "a mirror is a copy of all assets"}},
		{name: "the proxy wants a password", index: status(407), code: 3, want: []string{"407", "http://USER:PASSWORD@proxy"}},
		{name: "damaged", index: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"format":`)) }, code: 1, want: []string{"it is damaged"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var ranges []string
			first := map[string]http.HandlerFunc{fetch.IndexName: test.index, x.Assets[1].Name: test.archive}
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				name := filepath.Base(r.URL.Path)
				if name != fetch.IndexName {
					ranges = append(ranges, r.Header.Get("Range"))
				}
				if h := first[name]; h != nil {
					first[name] = nil
					h(w, r)
					return
				}
				good.ServeHTTP(w, r)
			}))
			defer srv.Close()
			o := remoteOptions(t, srv.URL)
			if test.left {
				part := filepath.Join(filepath.Dir(o.Into), ".app"+downloadInside, x.Assets[1].SHA256+".part")
				mkfile(t, part, string(mustRead(t, filepath.Join(dir, x.Assets[1].Name))[:size]))
				chmod(t, filepath.Dir(part), 0o700)
			}
			said := ""
			o.Progress = func(e fetch.Event) {
				if e.Step == "wait" {
					said += e.Text + "\n"
				}
			}
			_, err := Install(t.Context(), o)
			if test.code > 0 {
				wantError(t, err, test.code, test.want...)
				if !test.left {
					onlyThese(t, filepath.Dir(o.Into))
				}
				// What something else answered is nothing to go on from.
				_, err = Install(t.Context(), o)
			} else {
				for _, want := range test.want {
					if !strings.Contains(said, want) {
						t.Errorf("it says %q, want %q", said, want)
					}
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(ranges, ","); test.ranges != "" && !strings.HasPrefix(got, test.ranges) {
				t.Errorf("ranges %q, want %q", got, test.ranges)
			}
			onlyThese(t, filepath.Dir(o.Into), "app")
		})
	}
}

// TestPasswordOfMirror: it is sent, remembered for updates by nobody but the
// owner, and shown nowhere; a token in the user's place neither.
func TestPasswordOfMirror(t *testing.T) {
	dir, x := release(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user+password == "" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	// What object stores sign is an address.
	o := remoteOptions(t, srv.URL+"/"+x.Assets[1].Name+"?sig=s3cret")
	o.SHA256, o.Remote.Attempts = x.Assets[1].SHA256, 1
	_, err := Install(t.Context(), o)
	wantError(t, err, 3, "fetching "+srv.URL+"/"+x.Assets[1].Name+"?...: 401")
	for _, secret := range []*url.Userinfo{url.UserPassword("me", "s3cret@/"), url.User("s3cret")} {
		u, err := url.Parse(srv.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.User = secret
		o := remoteOptions(t, u.String())
		said := ""
		o.Progress = func(e fetch.Event) { said += e.Text + "\n" }
		res, err := Install(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(filepath.Join(o.Into, filepath.FromSlash(recordName)))
		if err != nil || fi.Mode().Perm() != 0o600 {
			t.Errorf("install.json: %v, %v", fi.Mode(), err)
		}
		if r, err := readRecord(o.Into); err != nil || r.Source != u.String() {
			t.Errorf("%+v, %v", r, err)
		}
		// Another version: the hint names the mirror.
		y := x
		y.Assets = []fetch.Asset{x.Assets[1]}
		y.Assets[0].SHA256 = strings.Repeat("a", 64)
		writeIndex(t, dir, y)
		_, err = Install(t.Context(), o)
		wantError(t, err, 2, "binary-buildout update "+o.Into+" "+srv.URL)
		writeIndex(t, dir, x)
		if all := fmt.Sprint(said, res, err, fault.HintOf(err, "")); strings.Contains(all, "s3cret") {
			t.Errorf("it shows the password:\n%s", all)
		}
	}
}

// TestAskedDigest: --sha256 is looked at before anything is fetched, and in the
// form that GitHub shows.
func TestAskedDigest(t *testing.T) {
	dir, x := release(t)
	gets := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tar.gz") {
			gets++
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	other := strings.Repeat("ab", 32)
	for _, source := range []string{srv.URL, dir, srv.URL + "/" + x.Assets[1].Name} {
		o := remoteOptions(t, source)
		o.SHA256 = "ab"
		_, err := Install(t.Context(), o)
		wantError(t, err, 2, "--sha256 ab: a SHA-256 digest has 64")
		if !strings.HasSuffix(source, ".gz") { // of one archive nothing else says the digest
			o.SHA256 = other
			_, err = Install(t.Context(), o)
			wantError(t, err, 1, "--sha256 says "+other+", and ", " says "+x.Assets[1].SHA256)
		}
		onlyThese(t, filepath.Dir(o.Into))
		if gets != 0 {
			t.Error("the archive was fetched")
		}
		o.SHA256 = "SHA256:" + strings.ToUpper(x.Assets[1].SHA256)
		installed(t, o, "manylinux_2_17")
		o.SHA256 = other
		if _, err = Install(t.Context(), o); err == nil {
			t.Errorf("%s: with the archive there, another digest is asked for and passes", source)
		}
		gets = 0
	}
}

// TestParentNotWritable: an empty directory of one's own will do, where a
// download that was cut off is gone on with; without one nothing is fetched.
func TestParentNotWritable(t *testing.T) {
	if os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	system := "/usr/bin/python3"
	p, err := interpreter.Probe(t.Context(), system, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	a := installtest.Archive{Name: "hello", Version: "1.0", Files: map[string]string{"bin/hello": "#!/bin/sh\n", "data.txt": strings.Repeat("of 1.0\n", 1000)}}
	a.Manifest.Target, a.Manifest.Python.ABI = p.ABI+"-linux_"+p.Machine, p.ABI
	dist := t.TempDir()
	data := mustRead(t, installtest.Make(t, dist, a))
	writeIndex(t, dist, fetch.Index{Format: 1, Name: "hello", Version: "1.0", Assets: []fetch.Asset{{
		Target: a.Manifest.Target, Name: "hello-1.0-" + a.Manifest.Target + ".tar.gz", Size: int64(len(data)), SHA256: digest.Of(data)}}})
	cutOff := true
	var ranges []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tar.gz") {
			if ranges = append(ranges, r.Header.Get("Range")); cutOff {
				w.Header().Set("Content-Length", fmt.Sprint(len(data)))
				_, _ = w.Write(data[:100])
				return
			}
		}
		http.FileServer(http.Dir(dist)).ServeHTTP(w, r)
	}))
	srv.Config.ErrorLog = nil
	defer srv.Close()

	parent := t.TempDir()
	if err := os.Mkdir(filepath.Join(parent, "app"), 0o755); err != nil {
		t.Fatal(err)
	}
	chmod(t, parent, 0o555)
	defer chmod(t, parent, 0o755)
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	o := options(srv.URL, filepath.Join(parent, "none"))
	o.Python = system
	o.Remote = fetch.Remote{Client: &http.Client{}, Attempts: 1, Wait: func(context.Context, time.Duration) error { return errors.New("waits") }}
	_, err = Install(t.Context(), o)
	wantError(t, err, 3, "permission denied", "install as a user who may write "+parent, "an empty directory made that you own")
	if len(ranges) > 0 {
		t.Errorf("it was fetched, and can't be put anywhere: %q", ranges)
	}
	o.Into = filepath.Join(parent, "app")
	_, err = Install(t.Context(), o)
	wantError(t, err, 3, "resumes the download")
	onlyThese(t, o.Into, downloadInside)
	cutOff = false
	res, err := Install(t.Context(), o)
	if err != nil || !res.Changed || strings.Join(ranges, ",") != ",bytes=100-" {
		t.Fatalf("%+v, %v, ranges %q", res, err, ranges)
	}
	onlyThese(t, o.Into, ".binary-buildout", "bin", "bootstrap.py", "data.txt")
	onlyThese(t, parent, "app")
	onlyThese(t, temporary)
	if res, err = Install(t.Context(), o); err != nil || res.Changed {
		t.Errorf("again: %+v, %v", res, err)
	}
	// From a folder, what an earlier run has downloaded goes too.
	chmod(t, parent, 0o755)
	o.Source, o.Into = dist, filepath.Join(parent, "folder")
	mkfile(t, filepath.Join(o.Into, downloadInside, "half.part"), "x")
	chmod(t, parent, 0o555)
	if res, err = Install(t.Context(), o); err != nil || !res.Changed {
		t.Fatalf("%+v, %v", res, err)
	}
	onlyThese(t, o.Into, ".binary-buildout", "bin", "bootstrap.py", "data.txt")
}

// TestUpdateFromMirror: bootstrap.py keeps the mirror's password to itself too;
// and --sha256 counts for a delta.
func TestUpdateFromMirror(t *testing.T) {
	dist := t.TempDir()
	one := packReal(t, dist, "1.0")
	srv := httptest.NewServer(http.FileServer(http.Dir(dist)))
	defer srv.Close()
	source := strings.Replace(srv.URL, "//", "//me:s3cret@", 1)
	script{dist: dist}.index(t, one)
	o := realOptions(t, source, filepath.Join(t.TempDir(), "app"))
	if _, err := Install(t.Context(), o.Options); err != nil {
		t.Fatal(err)
	}
	two := packReal(t, dist, "2.0")
	script{dist: dist}.index(t, two)
	delta := deltaBetween(t, one, two, "1.0")
	digest := offerDelta(t, dist, delta)
	o.SHA256 = strings.Repeat("ab", 32)
	_, err := Update(t.Context(), o)
	wantError(t, err, 1, "--sha256 says abab")
	o.Source, o.SHA256 = "", "sha256:"+digest
	var said []string
	o.Progress = func(e fetch.Event) { said = append(said, e.Text) }
	res, err := Update(t.Context(), o)
	if err != nil || !res.Changed || res.Version != "2.0" || !strings.Contains(strings.Join(said, "\n"), "the delta from") {
		t.Fatalf("%+v, %v, %q", res, err, said)
	}
	fi, err := os.Stat(filepath.Join(o.Into, filepath.FromSlash(recordName)))
	if r, readErr := readRecord(o.Into); readErr != nil || err != nil || r.Source != source || fi.Mode().Perm() != 0o600 {
		t.Errorf("%+v, %v, %v, %v", r, fi.Mode(), readErr, err)
	}
}

package install

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// TestLastAttested: what the next archive is built on has to be attested where
// that one will be, or nothing is taken: the last release's, and one that is here.
func TestLastAttested(t *testing.T) {
	dir, x := release(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/acme/site/releases/") {
			http.ServeFile(w, r, filepath.Join(dir, filepath.Base(r.URL.Path)))
		} else {
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	authority := signtest.New(t)
	o := remoteOptions(t, "")
	o.Remote.Server, o.Remote.API, o.TrustedRoot, o.RequireAttestation = srv.URL, srv.URL+"/api", string(mustRead(t, authority.TrustedRoot(t))), true
	asset := x.Assets[1]
	w := fetch.Wanted{Repo: "acme/site", Name: "hello", Target: asset.Target, Dir: filepath.Join(t.TempDir(), "last")}
	here := o
	here.Source = filepath.Join(dir, asset.Name)

	refused := func(want string) {
		t.Helper()
		for name, take := range map[string]func() (*fetch.LastArchive, error){
			"last": func() (*fetch.LastArchive, error) { return fetch.Last(t.Context(), o.Request(""), w) },
			"here": func() (*fetch.LastArchive, error) { return fetch.Attested(t.Context(), here.Request(here.Into), w) },
		} {
			if got, err := take(); err == nil || got != nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %+v, %v, want %s", name, got, err, want)
			}
		}
		if files, _ := filepath.Glob(filepath.Join(w.Dir, "*")); len(files) > 0 {
			t.Errorf("%q is there", files)
		}
	}
	sign := func(repo string) {
		run := signtest.Run{Server: srv.URL, Repo: repo, Ref: "refs/tags/v1.0"}
		mkfile(t, filepath.Join(dir, fetch.AttestationName), string(authority.Sign(t, run, signtest.Provenance, map[string]any{}, subjectsOf(t, dir)...)))
	}
	refused("has no attestation.sigstore.json")
	sign("acme/other")
	refused("it was signed by a workflow of " + srv.URL + "/acme/other")
	sign("acme/site")
	got, err := fetch.Last(t.Context(), o.Request(""), w)
	if err != nil || got.Path != filepath.Join(w.Dir, asset.Name) || len(got.Warnings) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = fetch.Attested(t.Context(), here.Request(here.Into), w)
	if err != nil || got.Path != here.Source || len(got.Warnings) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

// subjectsOf are the archives and the index of a folder.
func subjectsOf(t *testing.T, dir string) []signtest.Subject {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	var all []signtest.Subject
	for _, f := range files {
		if !strings.HasSuffix(f, ".sigstore.json") {
			all = append(all, signtest.Subject{Name: filepath.Base(f), SHA256: digest.Of(mustRead(t, f))})
		}
	}
	return all
}

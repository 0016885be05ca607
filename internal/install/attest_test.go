package install

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// bundles are attestations that GitHub made.
var bundles = filepath.Join("..", "fetch", "testdata", "attestation")

// TestAttestation takes a release without an attestation, with one that another
// repository signed, and with one that can't be had.
func TestAttestation(t *testing.T) {
	dir, _ := release(t)
	status := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/acme/site/releases/latest/download/")
		if status != 0 && name == fetch.AttestationName {
			http.Error(w, "no", status)
			return
		}
		if !ok {
			name = filepath.Base(r.URL.Path)
		}
		http.ServeFile(w, r, filepath.Join(dir, name))
	}))
	defer srv.Close()
	from := func(source string) Options {
		o := remoteOptions(t, source)
		o.Remote.Server = srv.URL
		return o
	}
	accepted := func(o Options, state, warning string) {
		t.Helper()
		res, err := Install(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if res.Attestation != state || !strings.Contains(strings.Join(res.Warnings, "\n"), warning) {
			t.Errorf("%q, %q", res.Attestation, res.Warnings)
		}
	}
	refused := func(o Options, code int, want ...string) {
		t.Helper()
		_, err := Install(t.Context(), o)
		wantError(t, err, code, want...)
		onlyThese(t, filepath.Dir(o.Into))
	}

	accepted(from("acme/site"), fetch.AttestationNone, "has no attestation")
	accepted(from(dir), fetch.AttestationNone, "--source-repo")
	o := from("acme/site")
	o.RequireAttestation = true
	refused(o, 1, "has no attestation.sigstore.json")
	status = http.StatusInternalServerError
	refused(from("acme/site"), 3, "fetching the attestation", "500")
	status = 0

	mkfile(t, filepath.Join(dir, fetch.AttestationName), string(mustRead(t, filepath.Join(bundles, "reusable-workflow.sigstore.json"))))
	refused(from("acme/site"), 1, "checking the attestation of hello-1.0", "--source-repo")
	o = from(dir)
	o.RequireAttestation = true
	refused(o, 2, "--source-repo")
	o.SourceRepo = "malancas/attest-demo"
	refused(o, 1, "checking the attestation of hello-1.0")
	o.SourceRepo = "../x"
	refused(o, 2, "isn't OWNER/REPO")

	archives, err := filepath.Glob(filepath.Join(dir, "hello-1.0-*manylinux_2_17*.tar.gz"))
	if err != nil || len(archives) == 0 {
		t.Fatal(archives, err)
	}
	accepted(from(archives[0]), "", "")
	o = from(archives[0])
	o.SourceRepo = "acme/site"
	refused(o, 1, "checking the attestation of hello-1.0")
	o = from(srv.URL + "/" + filepath.Base(archives[0]))
	o.SourceRepo = "acme/site"
	refused(o, 1, "checking the attestation of hello-1.0")
}

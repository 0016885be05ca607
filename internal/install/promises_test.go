//go:build unix

package install

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// TestVerified: an archive whose attestation is right is installed without a
// warning, and says so. It is a bundle that GitHub made, so the directory has
// to be believed to have that file already; every check runs all the same.
func TestVerified(t *testing.T) {
	dir, x := release(t)
	o := remoteOptions(t, dir)
	if _, err := Install(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	const digest = "49a3aa6075e0f49f82843e74b5baa614ad2a588e6675612bf108a0a008c5ac25"
	r, err := readRecord(o.Into)
	if err != nil {
		t.Fatal(err)
	}
	r.SHA256 = digest
	if err := writeJSON(filepath.Join(o.Into, recordName), r); err != nil {
		t.Fatal(err)
	}
	x.Assets = x.Assets[1:2]
	x.Assets[0].Name, x.Assets[0].SHA256 = "github_provenance_demo-0.0.0-py3-none-any.whl", digest
	writeIndex(t, dir, x)
	mkfile(t, filepath.Join(dir, fetch.AttestationName), string(mustRead(t, filepath.Join(bundles, "reusable-workflow.sigstore.json"))))
	o.RequireAttestation, o.SignerRepo = true, "malancas/attest-demo"
	// A folder gives the path; a server would be asked for nothing.
	mkfile(t, filepath.Join(dir, x.Assets[0].Name), "")
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "its SHA-256 is e3b0c442", "should be "+digest)

	o.SignerRepo = "malancas/other"
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "it was signed by a workflow of https://github.com/malancas/attest-demo")
	x.Assets[0].SHA256 = strings.Repeat("ab", 32)
	writeIndex(t, dir, x)
	o.SignerRepo = "malancas/attest-demo"
	_, err = Install(t.Context(), o)
	wantError(t, err, 1, "checking the attestation", "digest")
}

// TestNoDownloadLeft: a download that failed is left where the next run finds it,
// and nothing of it where that can't be.
func TestNoDownloadLeft(t *testing.T) {
	dir, x := release(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if filepath.Base(r.URL.Path) == x.Assets[1].Name {
			w.Header().Set("Content-Length", strconv.FormatInt(x.Assets[1].Size, 10))
			_, _ = w.Write([]byte("x"))
			return
		}
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	defer srv.Close()
	o := remoteOptions(t, srv.URL)
	o.Remote.Attempts = 1
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	_, err := Install(t.Context(), o)
	wantError(t, err, 3, "resumes the download")
	at := filepath.Join(filepath.Dir(o.Into), ".app.binary-buildout.download")
	onlyThese(t, at, scratch.LockName, x.Assets[1].SHA256+".part")
	if err := os.RemoveAll(at); err != nil {
		t.Fatal(err)
	}
	mkfile(t, at, "a file is in its place")
	_, err = Install(t.Context(), o)
	wantError(t, err, 3, at+" is there: it isn't ours", "remove it")
	onlyThese(t, temporary)
}

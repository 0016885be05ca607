//go:build unix

package install

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

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

package tools

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFetchPip(t *testing.T) {
	body := []byte("a wheel")
	sum := sha256.Sum256(body)
	digest := hex.EncodeToString(sum[:])
	for _, kind := range []string{"json", "html"} {
		t.Run(kind, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if u, p, _ := r.BasicAuth(); u != "joe" || p != "pw" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				if strings.HasPrefix(r.URL.Path, "/files/") {
					if r.URL.Path == "/files/pip-26.3-py3-none-any.whl" {
						w.Write(body)
						return
					}
					w.Write([]byte("another"))
					return
				}
				if kind == "json" {
					w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
					fmt.Fprintf(w, `{"files": [{"filename": "pip-27.0-py3-none-any.whl", "url": "../../files/x", "requires-python": ">=4"},
						{"filename": "pip-26.4-py3-none-any.whl", "url": "../../files/x", "yanked": "broken"},
						{"filename": "pip-26.3-py3-none-any.whl", "url": "../../files/pip-26.3-py3-none-any.whl", "hashes": {"sha256": %q}, "yanked": false},
						{"filename": "pip-9.0-py2.py3-none-any.whl", "url": "../../files/pip-9.0-py2.py3-none-any.whl", "hashes": {"sha256": %q}}]}`, digest, digest)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, `<a href="../../files/pip-27.0-py3-none-any.whl" data-requires-python="&gt;=4">x</a>
					<a data-yanked="" href="../../files/pip-26.4-py3-none-any.whl">x</a>
					<a href="../../files/pip-26.3-py3-none-any.whl#sha256=%s" data-requires-python="&gt;=3.9">pip</a>
					<a href="../../files/pip-9.0-py2.py3-none-any.whl#sha256=%s">pip</a>`, digest, digest)
			}))
			defer server.Close()
			env := []string{"PIP_INDEX_URL=" + strings.Replace(server.URL, "://", "://joe:pw@", 1) + "/simple/"}
			file, err := fetchPip(context.Background(), Python{Version: "3.13.0"}, env, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if data, _ := os.ReadFile(file); string(data) != "a wheel" || filepath.Base(file) != "pip-26.3-py3-none-any.whl" {
				t.Errorf("%s: %q", file, data)
			}
			if kind == "html" {
				_, err = fetchPip(context.Background(), Python{Version: "2.7.18"}, env, t.TempDir())
				if err == nil || !strings.Contains(err.Error(), "SHA-256") || strings.Contains(err.Error(), "joe:pw") {
					t.Errorf("a wrong digest passes, or shows a password: %v", err)
				}
			}
		})
	}
}

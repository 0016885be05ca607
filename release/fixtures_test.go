package release

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// recorded is a request and the answer that GitHub gave to it once (npm
// @octokit/fixtures 23.1.2, MIT).
type recorded struct {
	Method   string          `json:"method"`
	Path     string          `json:"path"`
	Body     json.RawMessage `json:"body"`
	Status   int             `json:"status"`
	Response json.RawMessage `json:"response"`
	Headers  json.RawMessage `json:"headers"`
}

// replay answers as recorded, and wants the requests in that order.
func replay(t *testing.T, file string) *httptest.Server {
	t.Helper()
	data, err := os.ReadFile("releasetest/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var all []recorded
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(all) == 0 {
			t.Errorf("surplus request %s %s", r.Method, r.URL)
			return
		}
		x := all[0]
		all = all[1:]
		path, _, _ := strings.Cut(x.Path, "?")
		if !strings.EqualFold(r.Method, x.Method) || r.URL.Path != path {
			t.Errorf("got %s %s, recorded is %s %s", r.Method, r.URL, x.Method, x.Path)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(x.Status)
		for _, host := range []string{"https://api.github.com", "https://uploads.github.com"} {
			x.Response = bytes.ReplaceAll(x.Response, []byte(host), []byte(s.URL))
		}
		if x.Status != http.StatusNoContent {
			w.Write(x.Response)
		}
	}))
	t.Cleanup(func() {
		s.Close()
		if len(all) > 0 {
			t.Errorf("%d recorded requests were not made, next %s %s", len(all), all[0].Method, all[0].Path)
		}
	})
	return s
}

func replayClient(t *testing.T, s *httptest.Server, repo string) *Client {
	t.Helper()
	k := &clock{}
	c, err := NewClient(Config{API: s.URL, Repo: repo, Token: "0000000000000000000000000000000000000001", Policy: k.policy()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRecordedUpload(t *testing.T) {
	s := replay(t, "release-assets.json")
	c := replayClient(t, s, "octokit-fixture-org/release-assets")
	ctx := context.Background()
	r, ok, err := c.published(ctx, "v1.0.0")
	if err != nil || !ok || r.TagName != "v1.0.0" || r.Draft || !strings.HasPrefix(r.UploadURL, s.URL) {
		t.Fatalf("%+v %v", r, err)
	}
	f := NewFile("test-upload.txt", []byte("Hello, world!\n"))
	a, err := c.send(ctx, r, f)
	if err != nil || a.Name != f.Name || a.State != "uploaded" || a.Size != f.Size {
		t.Fatalf("%+v %v", a, err)
	}
	all, err := c.assets(ctx, r.ID)
	if err != nil || len(all) != 1 || all[0].ID != a.ID {
		t.Fatalf("%+v %v", all, err)
	}
	if _, err := c.call(ctx, http.MethodGet, c.path("/releases/assets/%d", a.ID), nil, &a); err != nil {
		t.Fatal(err)
	}
	if err := c.rename(ctx, r, a, NewFile("new-filename.txt", f.Data), nil); err != nil {
		t.Fatal(err)
	}
	if err := c.deleteAsset(ctx, a); err != nil {
		t.Fatal(err)
	}
}

// GitHub's own 422: an asset of that name is there. It is looked at, and a
// file that isn't the same is another's.
func TestRecordedConflict(t *testing.T) {
	s := replay(t, "release-assets-conflict.json")
	c := replayClient(t, s, "octokit-fixture-org/release-assets-conflict")
	ctx := context.Background()
	r, _, err := c.published(ctx, "v1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	f := NewFile("test-upload.txt", []byte("Hello, world!\n"))
	if _, err := c.send(ctx, r, f); !already(err) || judge(err, c.policy.Now()).retry {
		t.Fatalf("the conflict reads as %v", err)
	}
	all, err := c.assets(ctx, r.ID)
	if err != nil || len(all) != 1 || all[0].Name != f.Name {
		t.Fatalf("%+v %v", all, err)
	}
	if err := c.deleteAsset(ctx, all[0]); err != nil {
		t.Fatal(err)
	}
	if a, err := c.send(ctx, r, f); err != nil || a.Name != f.Name {
		t.Fatalf("%+v %v", a, err)
	}
}

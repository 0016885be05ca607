package install

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// TestUpdateOfTwo: a repository releases two applications, and the latest release
// is the other one's. The update takes the newest one of what is installed, and
// downloads nothing of the other one.
func TestUpdateOfTwo(t *testing.T) {
	if testing.Short() {
		t.Skip("runs many installs")
	}
	dist := t.TempDir()
	one, two := packReal(t, dist, "1.0"), packReal(t, dist, "2.0")
	target := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(one), "app-1.0-"), ".tar.gz")
	into := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, one, into).Options); err != nil {
		t.Fatal(err)
	}
	index := func(name, version string) string {
		archive := name + "-" + version + "-" + target + ".tar.gz"
		sum := strings.Repeat("0", 64)
		if name == "app" {
			sum = digest.Of(mustRead(t, filepath.Join(dist, archive)))
		}
		return fmt.Sprintf(`{"format": 1, "name": %q, "version": %q, "tag": "%s/v%s", "archives": [{"target": %q, "archive": %q, "sha256": %q, "floors": []}]}`, name, version, name, version, target, archive, sum)
	}
	// Thirty releases of the other one are newer; one's name goes on, and one is a prerelease.
	listed := func(tag, archive string, pre bool) string {
		return fmt.Sprintf(`{"tag_name": %q, "prerelease": %v, "assets": [{"name": "index.json"}, {"name": "%s-%s.tar.gz"}]}`, tag, pre, archive, target)
	}
	var list []string
	for n := 30; n > 0; n-- {
		list = append(list, listed(fmt.Sprintf("shop/v3.%d", n), fmt.Sprintf("shop-3.%d", n), false))
	}
	list = append(list, listed("app-two/v9.0", "app-two-9.0", false), listed("app/v3.0rc1", "app-3.0rc1", true), listed("app/v2.0", "app-2.0", false), listed("app/v1.0", "app-1.0", false))
	var asked []string
	works := true
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		path, _ := strings.CutPrefix(r.URL.EscapedPath(), "/acme/two/releases/")
		switch path {
		case "/api/repos/acme/two/releases":
			if !works {
				http.Error(w, "limit", http.StatusForbidden)
			} else if r.URL.Query().Get("page") == "1" {
				fmt.Fprint(w, "["+strings.Join(list[:30], ",")+"]")
			} else {
				fmt.Fprint(w, "["+strings.Join(list[30:], ",")+"]")
			}
		case "latest/download/index.json", "download/shop%2Fv3.30/index.json", "mirror/index.json":
			fmt.Fprint(w, index("shop", "3.30"))
		case "download/app-two%2Fv9.0/index.json":
			fmt.Fprint(w, index("app-two", "9.0"))
		case "download/app%2Fv2.0/index.json":
			fmt.Fprint(w, index("app", "2.0"))
		default:
			http.ServeFile(w, r, filepath.Join(dist, filepath.Base(path)))
		}
	}))
	defer srv.Close()
	update := func(source string) (*Updated, error) {
		asked = nil
		o := realOptions(t, source, into)
		o.Remote = fetch.Remote{Client: &http.Client{}, Server: srv.URL, API: srv.URL + "/api", Wait: func(context.Context, time.Duration) error { return nil }}
		o.Env = append(o.Env, "GH_TOKEN=", "GITHUB_TOKEN=")
		res, err := Update(t.Context(), o)
		if slices.ContainsFunc(asked, func(path string) bool {
			return strings.HasSuffix(path, ".gz") && !strings.HasSuffix(path, filepath.Base(two))
		}) {
			t.Errorf("asked for %q", asked)
		}
		return res, err
	}
	if res, err := update("acme/two"); err != nil || res.Version != "2.0" || numberIn(t, into) != "2.0" {
		t.Fatalf("%+v, %v, asked for %q", res, err, asked)
	}
	if res, err := update(""); err != nil || res.Changed {
		t.Errorf("the next night: %+v, %v", res, err)
	}
	for _, source := range []string{"acme/two@shop/v3.30", srv.URL + "/acme/two/releases/mirror"} {
		if _, err := update(source); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "app is installed there, and this is shop 3.30") || slices.ContainsFunc(asked, func(path string) bool { return strings.HasSuffix(path, ".gz") }) {
			t.Errorf("%s: %v, asked for %q", source, err, asked)
		}
	}
	list = list[:31]
	if _, err := update("acme/two"); fault.CodeOf(err, 0) != 2 || !strings.Contains(err.Error(), "belongs to shop, and none of the last 31 belongs to app") {
		t.Errorf("none: %v", err)
	}
	works = false
	if _, err := update("acme/two"); fault.CodeOf(err, 0) != 3 || !strings.Contains(err.Error(), "can't be listed") || !strings.Contains(fault.HintOf(err, ""), "GH_TOKEN") {
		t.Errorf("no list: %v, hint %q", err, fault.HintOf(err, ""))
	}
}

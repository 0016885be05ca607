package install

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// TestLast: the last release's archive of a target, held to its digest; none
// of that target, of another application or none at all is no error.
func TestLast(t *testing.T) {
	dir, x := release(t)
	srv := httptest.NewServer(http.StripPrefix("/acme/site/releases/latest/download", http.FileServer(http.Dir(dir))))
	defer srv.Close()
	mux := http.NewServeMux()
	mux.Handle("/acme/site/releases/download/v1.0/", http.StripPrefix("/acme/site/releases/download/v1.0", http.FileServer(http.Dir(dir))))
	mux.Handle("/", srv.Config.Handler)
	srv.Config.Handler = mux
	o := remoteOptions(t, "")
	o.Remote.Server, o.Remote.API = srv.URL, srv.URL+"/api"
	want := fetch.Wanted{Repo: "acme/site", Name: "hello", Target: x.Assets[1].Target, Dir: filepath.Join(t.TempDir(), "last")}

	got, err := fetch.Last(t.Context(), o.Request(""), want)
	if err != nil || got.Path != filepath.Join(want.Dir, x.Assets[1].Name) || got.Version != "1.0" || len(got.Warnings) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	onlyThese(t, want.Dir, x.Assets[1].Name)

	for _, c := range []struct {
		name   string
		change func(*fetch.Wanted)
		none   string
	}{
		{"target", func(w *fetch.Wanted) { w.Target = "cp398-linux_x86_64" }, "has none for cp398-linux_x86_64, only "},
		{"label", func(w *fetch.Wanted) { w.Label = "debian12" }, "has none for " + want.Target + "-debian12"},
		{"application", func(w *fetch.Wanted) { w.Name = "other" }, "belongs to hello, and other is built"},
		{"release", func(w *fetch.Wanted) { w.Repo = "acme/new" }, "acme/new has no release yet"},
	} {
		w := want
		c.change(&w)
		got, err := fetch.Last(t.Context(), o.Request(""), w)
		if err != nil || got.Path != "" || !strings.Contains(got.None, c.none) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}

	mkfile(t, filepath.Join(dir, x.Assets[1].Name), "altered")
	os.Remove(got.Path)
	_, err = fetch.Last(t.Context(), o.Request(""), want)
	if err == nil {
		t.Error("an altered archive was taken")
	}
	if _, err := os.Stat(got.Path); err == nil {
		t.Error("an altered archive is there")
	}
}

// TestLastAgain: a job of a release that is published is run again, and gets
// what it had the first time, whatever was published since.
func TestLastAgain(t *testing.T) {
	dir, x := release(t)
	target, archive := x.Assets[1].Target, x.Assets[1].Name
	ending := strings.TrimPrefix(archive, "hello-1.0")
	index := func(version, deltas string) string {
		return `{"format": 1, "name": "hello", "version": "` + version + `", "archives": [{"target": "` + target + `", "archive": "hello-` + version + ending + `",
			"size": 1, "sha256": "` + strings.Repeat("0", 64) + `", "floors": []` + deltas + `}]}`
	}
	delta := `, "deltas": [{"delta": "d.tar.gz", "size": 1, "sha256": "` + strings.Repeat("1", 64) + `", "base": "` + strings.Repeat("2", 64) + `", "base_version": "VERSION"}]`
	listed := func(tag, version string, draft bool) string {
		return fmt.Sprintf(`{"tag_name": %q, "draft": %v, "assets": [{"name": "index.json"}, {"name": "hello-%s%s"}]}`, tag, draft, version, ending)
	}
	mux := http.NewServeMux()
	answer := func(path, text string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	answer("/api/repos/acme/site/releases", "["+strings.Join([]string{listed("v1.2", "1.2", false), listed("v1.4", "1.4", true), listed("v1.3", "1.3", false), listed("release/1.1", "1.1", false), listed("v1.0", "1.0", false)}, ",")+"]")
	answer("/acme/site/releases/latest/download/index.json", index("1.2", strings.Replace(delta, "VERSION", "1.1", 1)))
	answer("/acme/site/releases/download/v1.2/index.json", index("1.2", strings.Replace(delta, "VERSION", "1.1", 1)))
	answer("/acme/site/releases/download/v1.3/index.json", index("1.3", strings.Replace(delta, "VERSION", "0.9", 1)))
	answer("/acme/site/releases/download/release%2F1.1/index.json", index("1.1", strings.Replace(delta, "VERSION", "1.0", 1)))
	mux.Handle("/acme/site/releases/download/v1.0/", http.StripPrefix("/acme/site/releases/download/v1.0", http.FileServer(http.Dir(dir))))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	o := remoteOptions(t, "")
	o.Remote.Server, o.Remote.API = srv.URL, srv.URL+"/api"
	for _, c := range []struct{ version, path, none string }{
		{"1.1", archive, ""},
		{"1.0", "", "acme/site@v1.0 is hello 1.0 itself, which was built from nothing"},
		{"1.3", "", "acme/site@v1.3 is hello 1.3 itself, and it was built on 0.9, whose release is not among the last 5"},
	} {
		w := fetch.Wanted{Repo: "acme/site", Name: "hello", Version: c.version, Target: target, Dir: t.TempDir()}
		got, err := fetch.Last(t.Context(), o.Request(""), w)
		if err != nil || got.None != c.none || got.Path != "" && filepath.Base(got.Path) != c.path || (got.Path == "") != (c.path == "") {
			t.Errorf("%s: %+v, %v", c.version, got, err)
		}
	}
	// Where the API doesn't answer, the release's own version is still no base.
	o.Remote.API = srv.URL + "/nothing"
	got, err := fetch.Last(t.Context(), o.Request(""), fetch.Wanted{Repo: "acme/site", Name: "hello", Version: "1.2", Target: target, Dir: t.TempDir()})
	if err != nil || got.None != "the latest release of acme/site is hello 1.2 itself" {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestLastOfTwo: a repository releases two applications, and the latest release
// is the other one's.
func TestLastOfTwo(t *testing.T) {
	dir, x := release(t)
	archive := x.Assets[1].Name
	ending := strings.TrimPrefix(archive, "hello-1.0")
	mux := http.NewServeMux()
	mux.HandleFunc("/api/repos/acme/two/releases", func(w http.ResponseWriter, _ *http.Request) {
		list := func(tag, name string, pre bool) string {
			return fmt.Sprintf(`{"tag_name": %q, "prerelease": %v, "assets": [{"name": "index.json"}, {"name": %q}]}`, tag, pre, name)
		}
		fmt.Fprint(w, "["+strings.Join([]string{list("shop-3", "shop-3.0"+ending, false), list("hello-2", "hello-2.0rc1"+ending, true), list("v1.0", archive, false)}, ",")+"]")
	})
	mux.HandleFunc("/acme/two/releases/latest/download/index.json", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"format": 1, "name": "shop", "version": "3.0", "archives": [{"target": %q, "archive": "shop-3.0%s", "size": 1, "sha256": %q, "floors": []}]}`, x.Assets[1].Target, ending, strings.Repeat("0", 64))
	})
	mux.Handle("/acme/two/releases/download/v1.0/", http.StripPrefix("/acme/two/releases/download/v1.0", http.FileServer(http.Dir(dir))))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	o := remoteOptions(t, "")
	o.Remote.Server, o.Remote.API = srv.URL, srv.URL+"/api"
	got, err := fetch.Last(t.Context(), o.Request(""), fetch.Wanted{Repo: "acme/two", Name: "hello", Version: "2.0", Target: x.Assets[1].Target, Dir: t.TempDir()})
	if err != nil || filepath.Base(got.Path) != archive || got.Version != "1.0" {
		t.Errorf("%+v, %v", got, err)
	}
	got, err = fetch.Last(t.Context(), o.Request(""), fetch.Wanted{Repo: "acme/two", Name: "other", Version: "2.0", Target: x.Assets[1].Target, Dir: t.TempDir()})
	if err != nil || got.None != "the latest release of acme/two belongs to shop, and other is built" {
		t.Errorf("%+v, %v", got, err)
	}
}

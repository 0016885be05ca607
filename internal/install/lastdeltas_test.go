package install

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// TestLastDeltas: with several deltas the archives of the highest versions below
// the last release come along, and a repeated job gets those that its own deltas
// lead from, whatever it asks for. What can't be had is a warning.
func TestLastDeltas(t *testing.T) {
	dir, x := release(t)
	target := x.Assets[1].Target
	ending := strings.TrimPrefix(x.Assets[1].Name, "hello-1.0")
	data, err := os.ReadFile(filepath.Join(dir, x.Assets[1].Name))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	serve := func(path string, data []byte) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) })
	}
	var listed []string
	publish := func(version, latest string, digest string, mark string, bases ...string) {
		archive := "hello-" + version + ending
		var deltas []string
		for _, base := range bases {
			deltas = append(deltas, fmt.Sprintf(`{"delta": "from-%s.tar.gz", "size": 1, "sha256": %q, "base": %q, "base_version": %q}`, base, strings.Repeat("1", 64), strings.Repeat("2", 64), base))
		}
		index := fmt.Sprintf(`{"format": 1, "name": "hello", "version": %q, "archives": [{"target": %q, "archive": %q, "size": %d, "sha256": %q, "floors": [], "deltas": [%s]}]}`,
			version, target, archive, len(data), digest, strings.Join(deltas, ","))
		for _, at := range []string{"download/v" + version, latest} {
			if at != "" {
				serve("/acme/site/releases/"+at+"/index.json", []byte(index))
				serve("/acme/site/releases/"+at+"/"+archive, data)
			}
		}
		listed = append(listed, fmt.Sprintf(`{"tag_name": "v%s", %s "assets": [{"name": "index.json"}, {"name": %q}]}`, version, mark, archive))
	}
	good := x.Assets[1].SHA256
	publish("1.9.2", "", good, "") // of the line before, after 2.0
	publish("2.1", "", good, "", "1.10", "1.9", "2.0")
	publish("2.0", "latest/download", good, "")
	publish("1.11", "", good, `"prerelease": true,`)
	publish("1.10", "", good, "")
	publish("1.9", "", strings.Repeat("3", 64), "") // its archive is another one
	publish("1.2", "", good, "")
	serve("/api/repos/acme/site/releases", []byte("["+strings.Join(listed, ",")+"]"))
	srv := httptest.NewServer(mux)
	defer srv.Close()
	o := remoteOptions(t, "")
	o.Remote.Server, o.Remote.API = srv.URL, srv.URL+"/api"
	for _, c := range []struct {
		version string
		deltas  int
		want    string
		warning string
	}{
		{"2.2", 1, "2.0", ""},
		{"2.2", 3, "2.0 1.10 1.9.2", ""},
		{"2.2", 9, "2.0 1.10 1.9.2 1.2", "there is no delta from 1.9: checking"},
		{"2.1", 1, "2.0 1.10", "there is no delta from 1.9: checking"}, // again
	} {
		into := t.TempDir()
		got, err := fetch.Last(t.Context(), o.Request(""), fetch.Wanted{Repo: "acme/site", Name: "hello", Version: c.version, Target: target, Dir: into, Deltas: c.deltas})
		if err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, path := range append([]string{got.Path}, got.Earlier...) {
			have = append(have, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "hello-"), ending))
			if _, err := os.Stat(path); err != nil {
				t.Error(err)
			}
		}
		if strings.Join(have, " ") != c.want || strings.Contains(strings.Join(got.Warnings, "\n"), "no delta") != (c.warning != "") || !strings.Contains(strings.Join(got.Warnings, "\n"), c.warning) {
			t.Errorf("%s with %d: %s, %q", c.version, c.deltas, have, got.Warnings)
		}
		onlyThese(t, into, names(append([]string{got.Path}, got.Earlier...))...)
	}
	// Without the list of releases, the last one is all that is known.
	o.Remote.API = srv.URL + "/nothing"
	got, err := fetch.Last(t.Context(), o.Request(""), fetch.Wanted{Repo: "acme/site", Name: "hello", Version: "2.2", Target: target, Dir: t.TempDir(), Deltas: 3})
	if err != nil || got.Version != "2.0" || len(got.Earlier) > 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

func names(paths []string) []string {
	var out []string
	for _, path := range paths {
		out = append(out, filepath.Base(path))
	}
	slices.Sort(out)
	return out
}

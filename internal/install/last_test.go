package install

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	o.Remote.Server = srv.URL
	want := Wanted{Repo: "acme/site", Name: "hello", Target: x.Assets[1].Target, Dir: filepath.Join(t.TempDir(), "last")}

	got, err := Last(t.Context(), o, want)
	if err != nil || got.Path != filepath.Join(want.Dir, x.Assets[1].Name) || got.Version != "1.0" || len(got.Warnings) != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	onlyThese(t, want.Dir, x.Assets[1].Name)

	for _, c := range []struct {
		name   string
		change func(*Wanted)
		none   string
	}{
		{"target", func(w *Wanted) { w.Target = "cp398-linux_x86_64" }, "has none for cp398-linux_x86_64, only "},
		{"label", func(w *Wanted) { w.Label = "debian12" }, "has none for " + want.Target + "-debian12"},
		{"application", func(w *Wanted) { w.Name = "other" }, "one of hello, and other is built"},
		{"release", func(w *Wanted) { w.Repo = "acme/new" }, "acme/new has no release yet"},
	} {
		w := want
		c.change(&w)
		got, err := Last(t.Context(), o, w)
		if err != nil || got.Path != "" || !strings.Contains(got.None, c.none) {
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}

	mkfile(t, filepath.Join(dir, x.Assets[1].Name), "altered")
	os.Remove(got.Path)
	_, err = Last(t.Context(), o, want)
	if err == nil {
		t.Error("an altered archive was taken")
	}
	if _, err := os.Stat(got.Path); err == nil {
		t.Error("an altered archive is there")
	}
}

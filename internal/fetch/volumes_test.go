package fetch

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// inVolumes writes an archive's volumes into dir, and gives it as an index has it.
func inVolumes(t *testing.T, dir, whole string, size int) Asset {
	t.Helper()
	a := Asset{Target: "cp313-linux_x86_64", Name: "site-1.0-cp313-linux_x86_64.tar.gz", Size: int64(len(whole)), SHA256: digest.Of([]byte(whole))}
	for n, rest := 1, whole; rest != ""; n++ {
		text := rest[:min(size, len(rest))]
		rest = rest[len(text):]
		v := Volume{Name: a.Name + ".part" + string(rune('0'+n)), Size: int64(len(text)), SHA256: digest.Of([]byte(text))}
		if err := os.WriteFile(filepath.Join(dir, v.Name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a.Volumes = append(a.Volumes, v)
	}
	return a
}

// Volumes become the archive wherever they come from; what an earlier run got of
// them is not asked for again; one that differs is refused, and those before it stay.
func TestVolumes(t *testing.T) {
	const whole = "0123456789abcdefghijABCDEF"
	dir := t.TempDir()
	a := inVolumes(t, dir, whole, 10)
	var asked []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/"+a.Name+".")+r.Header.Get("Range"))
		http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	r, err := Remote{Client: srv.Client(), Wait: func(context.Context, time.Duration) error { return nil }}.withDefaults(nil)
	if err != nil {
		t.Fatal(err)
	}
	shelves := map[string]shelf{"mirror": &mirror{r, srv.URL}, "folder": folder{dir}, "API": &apiRelease{remote: r, assets: map[string]string{}}}
	for _, v := range a.Volumes {
		shelves["API"].(*apiRelease).assets[v.Name] = srv.URL + "/" + v.Name
	}
	for _, test := range []struct {
		from, there, asked string
		damaged            bool
		left               string // of what is damaged
	}{
		{from: "mirror", asked: "part1 part2 part3"},
		{from: "mirror", there: whole[:10], asked: "part2 part3"},
		{from: "mirror", there: whole[:14], asked: "part2bytes=4- part3"},
		{from: "mirror", there: whole, asked: ""},
		{from: "mirror", there: whole + "more", asked: "part1 part2 part3"},
		{from: "mirror", damaged: true, asked: "part1 part2", left: whole[:10]},
		{from: "API", there: whole[:25], asked: "part3bytes=5-"},
		{from: "folder", there: "anything"},
		{from: "folder", damaged: true, left: whole[:10] + "xxxxxxxxxx"},
	} {
		asked = nil
		to := filepath.Join(t.TempDir(), "part")
		text := whole[10:20]
		if test.damaged {
			text = "xxxxxxxxxx"
		}
		for path, data := range map[string]string{to: test.there, filepath.Join(dir, a.Volumes[1].Name): text} {
			if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := shelves[test.from].get(t.Context(), Request{}, a, nil, to)
		got, _ := os.ReadFile(to)
		want := whole
		if test.damaged {
			want = test.left
			if fault.CodeOf(err, 0) != 1 || !strings.Contains(err.Error(), ".part2: its SHA-256 is ") {
				t.Errorf("%+v: %v", test, err)
			}
		} else if err != nil {
			t.Errorf("%+v: %v", test, err)
		}
		if string(got) != want || strings.Join(asked, " ") != test.asked {
			t.Errorf("%+v: %q, asked for %s", test, got, asked)
		}
	}
	of := Asset{Name: "other.tar.gz", Deltas: []DeltaAsset{{Name: a.Name, Size: a.Size, SHA256: a.SHA256, Base: "base", Volumes: a.Volumes}}}
	if d, ok := of.deltaFrom("base"); !ok || len(d.Volumes) != 3 {
		t.Errorf("a delta loses its volumes: %+v", d)
	}
	if got := (folder{dir}).local(a); got != "" {
		t.Errorf("an archive that is not there lies at %s", got)
	}
}

// An index whose volumes are not the archive's is refused.
func TestVolumesOfIndex(t *testing.T) {
	one, two := Volume{"a.tar.gz.part1", 10, strings.Repeat("1", 64)}, Volume{"a.tar.gz.part2", 5, strings.Repeat("2", 64)}
	for name, test := range map[string]struct {
		size    int64
		volumes []Volume
		ok      bool
	}{
		"none":             {15, nil, true},
		"both":             {15, []Volume{one, two}, true},
		"one is missing":   {15, []Volume{one}, false},
		"one too many":     {10, []Volume{one, two}, false},
		"an empty one":     {10, []Volume{one, {"a.tar.gz.part2", 0, strings.Repeat("2", 64)}}, false},
		"a negative one":   {5, []Volume{one, {"a.tar.gz.part2", -5, strings.Repeat("2", 64)}}, false},
		"a path":           {15, []Volume{one, {"../part2", 5, strings.Repeat("2", 64)}}, false},
		"without a digest": {15, []Volume{one, {"a.tar.gz.part2", 5, ""}}, false},
		"sizes that wrap":  {15, []Volume{{"a.part1", 1<<63 - 1, strings.Repeat("1", 64)}, {"a.part2", 1<<63 - 1, strings.Repeat("1", 64)}, {"a.part3", 17, strings.Repeat("1", 64)}}, false},
	} {
		data, err := json.Marshal(Index{Format: 2, Name: "a", Version: "1", Assets: []Asset{{Target: "cp313-linux_x86_64", Name: "a.tar.gz", Size: test.size, SHA256: strings.Repeat("0", 64), Volumes: test.volumes}}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readIndex(data, "here"); (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

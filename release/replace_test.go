package release

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// replacement is a published release whose files are all replaced.
type replacement struct {
	want   []File
	notes  string
	old    map[string][]byte
	latest bool
	s      *releasetest.Server
	id     int64
}

// now is the release.
func (x *replacement) now() releasetest.Release {
	all := x.s.Releases()
	return all[slices.IndexFunc(all, func(r releasetest.Release) bool { return r.ID == x.id })]
}

const manual = "manual.pdf" // a person's

func newReplacement(t testing.TB, set Set, latest bool, configure func(*releasetest.Server)) *replacement {
	t.Helper()
	x := &replacement{want: files(t, set), notes: set.Notes(), latest: latest, old: map[string][]byte{manual: []byte("by hand")}}
	for _, f := range x.want {
		x.old[f.Name] = []byte("old " + f.Name)
	}
	x.old["site-1.0-cp27mu-linux_x86_64.tar.gz"] = []byte("surplus")
	x.s = server(t, configure)
	// A draft of a person, and an older release.
	x.s.Add(releasetest.Release{Tag: "v1.0", Body: "Mine.", Draft: true})
	x.id = x.s.Add(releasetest.Release{Tag: "v1.0", Name: "One", Latest: "true", Body: "By hand.\n\n" + notesBegin + "\nold\n" + notesEnd + "\n\nMore by hand.", Assets: x.old})
	x.s.Add(releasetest.Release{Tag: "v0.9"})
	if !latest {
		x.s.Add(releasetest.Release{Tag: "v2.0", Latest: "true"})
	}
	return x
}

// whole says that nobody can find the release with a file missing: it is
// published with all of the old files, or all of the new ones, or not at all.
func (x *replacement) whole(t *testing.T, when string) {
	t.Helper()
	r := x.now()
	if r.Draft {
		return
	}
	have := maps.Clone(r.Assets)
	maps.DeleteFunc(have, func(name string, _ []byte) bool { return temporaryName.MatchString(name) })
	if !maps.EqualFunc(have, x.old, slices.Equal[[]byte]) && !maps.EqualFunc(have, x.new(), slices.Equal[[]byte]) {
		t.Errorf("%s: published with %q", when, slices.Sorted(maps.Keys(have)))
	}
}

func (x *replacement) new() map[string][]byte {
	m := map[string][]byte{manual: x.old[manual]}
	for _, f := range x.want {
		m[f.Name] = content(f)
	}
	return m
}

// replaced is the end of each run.
func (x *replacement) replaced(t *testing.T, when string) {
	t.Helper()
	r := x.now()
	if r.Draft || len(r.Broken) > 0 || !maps.EqualFunc(r.Assets, x.new(), slices.Equal[[]byte]) {
		t.Errorf("%s: draft %v, broken %q, %q", when, r.Draft, r.Broken, slices.Sorted(maps.Keys(r.Assets)))
	}
	if want := "By hand.\n\n" + notesBegin + "\n" + x.notes + notesEnd + "\n\nMore by hand."; r.Body != want || r.Name != "One" {
		t.Errorf("%s: %s: %s", when, r.Name, r.Body)
	}
	latest, ok, err := client(t, x.s).latest(context.Background())
	if err != nil || !ok || (latest.ID == r.ID) != x.latest {
		t.Errorf("%s: the latest is %v, %v", when, latest.TagName, err)
	}
}

func (x *replacement) options(set Set) Options {
	o := options(set)
	o.Replace = true
	return o
}

// At no request, and with no fault at any, is a published release seen that
// lacks a file; killed at any, the next run completes it, and it is the latest
// if it was.
func TestReplacePublished(t *testing.T) {
	set := gathered(t)
	set.Archives = set.Archives[:1]
	for _, tt := range []struct {
		name      string
		latest    bool
		configure func(*releasetest.Server)
		faults    []releasetest.Fault
	}{
		{"latest", true, nil, []releasetest.Fault{{Drop: true}, {Drop: true, Done: true}, {Drop: true, Starter: true}, {Status: 502, Done: true}, {Status: 422}}},
		{"not latest, lists lag", false, func(s *releasetest.Server) { s.Lag = 2 }, []releasetest.Fault{{Drop: true, Done: true}}},
		{"enterprise", true, func(s *releasetest.Server) { s.Prefix = "/api/v3"; s.NoDigest = true }, []releasetest.Fault{{Drop: true, Done: true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			x := newReplacement(t, set, tt.latest, tt.configure)
			watched := false
			x.s.Fault = func(n int, r *http.Request) *releasetest.Fault {
				watched = true
				x.whole(t, fmt.Sprint("before request ", n))
				return nil
			}
			res, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set))
			if err != nil || !watched || len(res.Uploaded) != len(x.want) || !res.Published || !strings.HasSuffix(res.URL, "/tag/v1.0") {
				t.Fatalf("%+v %v", res, err)
			}
			x.s.Fault = nil
			x.replaced(t, "undisturbed")
			// The last ones come when all is done: they look for drafts that are left.
			last := 0
			for i, r := range x.s.Requests() {
				if strings.HasPrefix(r, "PATCH ") {
					last = i + 1
				}
			}
			for n := 1; n <= last; n++ {
				for _, f := range tt.faults {
					replaceDisturbed(t, newReplacement(t, set, tt.latest, tt.configure), set, n, f)
				}
			}
		})
	}
}

// replaceDisturbed has a fault at one request. With a dropped connection the
// job is killed there too, and run again.
func replaceDisturbed(t *testing.T, x *replacement, set Set, n int, f releasetest.Fault) {
	t.Helper()
	defer x.s.Close()
	when := fmt.Sprintf("request %d, %+v", n, f)
	ctx, kill := context.WithCancel(context.Background())
	defer kill()
	hit := ""
	x.s.Fault = func(i int, r *http.Request) *releasetest.Fault {
		x.whole(t, when)
		if hit != "" || i < n || f.Starter && !isUpload(r) || f.Status != 0 && r.Method == http.MethodGet {
			return nil
		}
		hit = r.Method + " " + r.URL.Path
		if f.Drop {
			kill()
		}
		return &f
	}
	_, err := client(t, x.s).Publish(ctx, x.want, x.options(set))
	x.whole(t, when+", after it")
	if hit == "" && !f.Starter || err != nil && f.Status == http.StatusBadGateway {
		t.Fatalf("%s %s: %v", when, hit, err)
	}
	if err != nil {
		for range x.s.Lag + 1 { // by the time that a person runs it again, lists are up to date
			if _, err := client(t, x.s).assets(context.Background(), x.now().ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set)); err != nil {
			t.Fatalf("%s %s, again: %v", when, hit, err)
		}
	}
	x.s.Fault = nil
	x.replaced(t, when+" "+hit)
}

// Jobs in step mode that replace what an earlier run of them published, one
// after the other and all at once: what is published is always a whole release,
// and all of the new one at the end.
func TestStepReplace(t *testing.T) {
	old, dir := t.TempDir(), stepDist(t, targets)
	for _, x := range targets {
		writeArchive(t, old, x, "old archive of "+x)
	}
	set, err := Gather(old, wanted(targets), MaxAssetSize)
	if err != nil {
		t.Fatal(err)
	}
	set.Extra, set.Tag = extra, "v1.0"
	for _, atOnce := range []bool{false, true} {
		s := server(t, nil)
		if _, err := client(t, s).Publish(context.Background(), files(t, set), options(set)); err != nil {
			t.Fatal(err)
		}
		s.Fault = func(n int, _ *http.Request) *releasetest.Fault {
			if r := s.Releases()[0]; !r.Draft && !atOnce {
				checkWhole(t, r)
			}
			return nil
		}
		var wg sync.WaitGroup
		for _, target := range targets {
			job := func() {
				a, err := stepArchive(dir, target)
				if err == nil {
					_, err = client(t, s, func(c *Config) { c.Policy = hurried() }).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0", Replace: true})
				}
				if err != nil {
					t.Errorf("at once %v, %s: %v", atOnce, target, err)
				}
			}
			if wg.Go(job); !atOnce {
				wg.Wait()
			}
		}
		wg.Wait()
		checkStep(t, s, stepFiles(t, dir, targets))
		checkWhole(t, s.Releases()[0])
	}
}

// A job whose index.json another one overwrites, which saw less, does it again.
func TestStepReplaceAgain(t *testing.T) {
	dir := stepDist(t, targets[:1])
	want := stepFiles(t, dir, targets[:1])
	s := server(t, nil)
	old := map[string][]byte{}
	for _, f := range want {
		old[f.Name] = []byte("old " + f.Name)
	}
	id := s.Add(releasetest.Release{Tag: "v1.0", Assets: old})
	done, complete := false, false
	s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
		if isUpload(r) {
			complete = complete || r.URL.Query().Get("name") == SumsName
		} else if complete && !done {
			done = true
			s.Take(id, IndexName)
			s.Put(id, IndexName, []byte(`{"format": 1, "name": "site", "version": "1.0"}`))
		}
		return nil
	}
	a, err := stepArchive(dir, targets[0])
	if err != nil {
		t.Fatal(err)
	}
	res, err := client(t, s).Step(context.Background(), a, extra, 1, Options{Tag: "v1.0", Replace: true})
	if err != nil || !res.Published || !done {
		t.Errorf("%+v, %v", res, err)
	}
	checkStep(t, s, want)
}

// checkWhole wants a release to have what its index.json and SHA256SUMS name.
func checkWhole(t *testing.T, r releasetest.Release) {
	t.Helper()
	x, err := ReadIndex(r.Assets[IndexName])
	if err != nil || len(x.Archives) != len(targets) {
		t.Errorf("index.json: %v, %d archives", err, len(x.Archives))
	}
	for _, a := range x.Archives {
		if NewFile("", r.Assets[a.Archive]).SHA256 != a.SHA256 || r.Assets[a.Sidecar] == nil {
			t.Errorf("%s is another, or missing", a.Archive)
		}
	}
	for line := range strings.Lines(string(r.Assets[SumsName])) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		if NewFile("", r.Assets[name]).SHA256 != sum {
			t.Errorf("%s is not what SHA256SUMS says", name)
		}
	}
}

// content is all of a file.
func content(f File) []byte {
	if f.Path == "" {
		return f.Data
	}
	data, err := os.ReadFile(f.Path)
	if err != nil {
		panic(err)
	}
	return data
}

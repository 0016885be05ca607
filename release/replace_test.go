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

// A process that replaces files of a published release is killed at each of its
// requests; at none, and not until the next run is through, is it published
// with a file missing.
func TestReplaceKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	dir := stepDist(t, targets[:1])
	set, err := Gather(dir, wanted(targets[:1]))
	if err != nil {
		t.Fatal(err)
	}
	set.Extra, set.Tag = extra, "v1.0"
	for n, killed := 1, true; killed; n++ {
		x := newReplacement(t, set, true, nil)
		killed = false
		x.s.Fault = func(i int, r *http.Request) *releasetest.Fault {
			x.whole(t, fmt.Sprint("killed at ", n))
			if i != n || killed {
				return nil
			}
			killed = true
			kill(t, r)
			return &releasetest.Fault{Drop: true, Done: true}
		}
		first := helper(x.s, "replace", dir, targets[0], 1)
		if first.err == nil == killed && n < 20 {
			t.Fatalf("request %d: killed %v, %v", n, killed, first.err)
		}
		if first.err != nil {
			if again := helper(x.s, "replace", dir, targets[0], 1); again.err != nil || !again.Published {
				t.Fatalf("after a kill at request %d: %+v", n, again)
			}
		}
		x.s.Fault = nil
		x.replaced(t, fmt.Sprint("killed at ", n))
		x.s.Close()
	}
}

// A run that resumes keeps what was asked for, and takes the release that was
// withdrawn, whatever drafts a person has of the tag.
func TestReplaceResumes(t *testing.T) {
	set := gathered(t)
	x := newReplacement(t, set, true, nil)
	ctx, kill := context.WithCancel(context.Background())
	x.s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
		if r.Method == http.MethodDelete {
			kill()
			return &releasetest.Fault{Drop: true, Done: true}
		}
		return nil
	}
	if _, err := client(t, x.s).Publish(ctx, x.want, x.options(set)); err == nil {
		t.Fatal("not killed")
	}
	r := x.now()
	if !r.Draft || !strings.Contains(r.Body, "run the job again") || !strings.HasPrefix(r.Body, "By hand.") {
		t.Errorf("%+v", r)
	}
	x.s.Fault = nil
	before := len(x.s.Requests())
	o := x.options(set)
	o.Draft = true // which leaves a draft a draft; this one was none
	if _, err := client(t, x.s).Publish(context.Background(), x.want, o); err != nil {
		t.Fatal(err)
	}
	x.replaced(t, "resumed")
	for _, r := range x.s.Requests()[before:] {
		if strings.HasPrefix(r, "POST ") {
			t.Errorf("uploaded again: %s", r)
		}
	}
}

// A text that has no room for a word more, and a person who takes that word away.
func TestReplaceWithoutMarker(t *testing.T) {
	set := gathered(t)
	for name, body := range map[string]string{"full": strings.Repeat("x", maxBody), "taken away": "Mine."} {
		x := newReplacement(t, set, false, nil)
		x.s.Edit(x.id, func(string) string { return body })
		x.s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
			if r.Method == http.MethodDelete {
				x.s.Edit(x.id, func(string) string { return body })
			}
			return nil
		}
		res, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set))
		if latest, _, lerr := client(t, x.s).latest(context.Background()); err != nil || !res.Published || lerr != nil || latest.TagName != "v2.0" || !strings.HasPrefix(x.now().Body, body) {
			t.Errorf("%s: %+v %v; the latest is %s, %v", name, res, err, latest.TagName, lerr)
		}
	}
}

// What lies there under a temporary name is removed if it is of no use, and
// another writer's file is never overwritten.
func TestReplaceTemporaries(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	f := want[0]
	stale := f.Name + ".0123456789ab.new"
	s := server(t, nil)
	s.Add(releasetest.Release{Tag: "v1.0", Draft: true, Assets: map[string][]byte{stale: []byte("x"), temporary(f): content(f), temporary(want[1]): []byte("otherwise"), "other.0123456789ab.new": []byte("x")}})
	if _, err := client(t, s).Publish(context.Background(), want, options(set)); err != nil {
		t.Fatal(err)
	}
	left := s.Releases()[0].Assets
	if string(left["other.0123456789ab.new"]) != "x" || len(left) != len(want)+1 {
		t.Errorf("left: %q", slices.Sorted(maps.Keys(left)))
	}
	for _, r := range s.Requests() {
		if strings.HasSuffix(r, "name="+f.Name) {
			t.Errorf("uploaded although it was there: %s", r)
		}
	}

	// Another writer brings the file while it is renamed: the same one, or another.
	meanwhile := func(data []byte) (*replacement, error) {
		x := newReplacement(t, set, true, nil)
		x.s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
			if r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/assets/") {
				x.s.Fault = nil
				x.s.Put(x.id, f.Name, data)
			}
			return nil
		}
		_, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set))
		return x, err
	}
	x, err := meanwhile(content(f))
	if err != nil {
		t.Fatal(err)
	}
	x.replaced(t, "the same file meanwhile")
	x = newReplacement(t, set, true, nil)
	x.s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
		if r.Method == http.MethodPatch && strings.Contains(r.URL.Path, "/assets/") {
			x.s.Fault = nil
			x.s.Take(x.id, temporary(f))
		}
		return nil
	}
	if _, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set)); err != nil {
		t.Fatal(err)
	}
	x.replaced(t, "a temporary that is gone")
	x, err = meanwhile([]byte("another writer's"))
	if r := x.now(); err == nil || !strings.Contains(err.Error(), "meanwhile") || !r.Draft || string(r.Assets[f.Name]) != "another writer's" {
		t.Errorf("%v: %+v", err, r)
	}
}

// Where the release has no room for both, and its list has pages: it is away
// for longer, and never published with a file missing.
func TestReplaceFullRelease(t *testing.T) {
	set := gathered(t)
	x := newReplacement(t, set, true, nil)
	for n := len(x.old); n < maxAssets; n++ {
		name := fmt.Sprintf("page-%d.pdf", n)
		x.s.Put(x.id, name, []byte("x"))
	}
	x.s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
		if all := x.now(); !all.Draft && r.Method != http.MethodGet && len(all.Assets) != maxAssets {
			t.Errorf("published with %d assets", len(all.Assets))
		}
		return nil
	}
	res, err := client(t, x.s).Publish(context.Background(), x.want, x.options(set))
	r := x.now()
	if err != nil || r.Draft || len(res.Uploaded) != len(x.want) || len(r.Assets) != maxAssets-1 {
		t.Fatalf("%d assets, %+v, %v", len(r.Assets), res, err)
	}
	for _, f := range x.want {
		if string(r.Assets[f.Name]) != string(content(f)) {
			t.Errorf("%s is another", f.Name)
		}
	}
}

// Jobs in step mode that replace what an earlier run of them published, one
// after the other and all at once: what is published is always a whole release,
// and all of the new one at the end.
func TestStepReplace(t *testing.T) {
	old, dir := t.TempDir(), stepDist(t, targets)
	for _, x := range targets {
		writeArchive(t, old, x, "old archive of "+x)
	}
	set, err := Gather(old, wanted(targets))
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

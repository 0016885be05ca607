package release

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// A process that replaces files of a published release is killed at each of its
// requests; at none, and not until the next run is through, is it published
// with a file missing.
func TestReplaceKilledProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes")
	}
	dir := stepDist(t, targets[:1])
	set, err := Gather(dir, wanted(targets[:1]), MaxAssetSize)
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

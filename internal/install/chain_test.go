//go:build unix

package install

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/signtest"
)

// chained are releases 1.0 to 1.3, each in a directory of its own below dir, with a
// delta from the one before. 1.3's files lie in dir too: it is a mirror.
type chained struct {
	dir      string
	archives []string
}

func packChained(t *testing.T) chained {
	t.Helper()
	c := chained{dir: t.TempDir()}
	for i := range 4 {
		number := fmt.Sprintf("1.%d", i)
		at := filepath.Join(c.dir, number)
		if err := os.Mkdir(at, 0o755); err != nil {
			t.Fatal(err)
		}
		c.archives = append(c.archives, packAs(t, at, number, archive.FormatTarGz, func(stage string) {
			var lines strings.Builder
			for n := range 2000 {
				fmt.Fprintf(&lines, "line_%d = %d\n", n, n*n*n)
			}
			egg := filepath.Join(stage, "eggs", "a-"+number+".egg")
			mkfile(t, filepath.Join(egg, "a.py"), "version = '"+number+"'\n"+lines.String())
			mkfile(t, filepath.Join(egg, "moved.py"), strings.Repeat("moved = 1\n", 50))
			mkfile(t, filepath.Join(egg, "two.py"), fmt.Sprintf("half = %d\n", i/2)+strings.ReplaceAll(lines.String(), "line", "two"))
			mkfile(t, filepath.Join(stage, "etc", "back"), fmt.Sprint(i%3)) // 1.3 has it as 1.0 had it
			mkfile(t, filepath.Join(stage, "etc", "middle"), fmt.Sprint(min(i, 2)))
			mkfile(t, filepath.Join(stage, "var", "seed-"+number), number)
		}))
		x := fetch.Index{Format: 1, Name: "app", Version: number, Tag: "v" + number, Assets: []fetch.Asset{c.asset(t, i)}}
		if i > 0 {
			delta := deltaBetween(t, c.archives[i-1], c.archives[i], fmt.Sprintf("1.%d", i-1))
			d, err := archive.ReadDelta(open(t, delta))
			if err != nil {
				t.Fatal(err)
			}
			data := mustRead(t, delta)
			x.Assets[0].Deltas = []fetch.DeltaAsset{{Name: filepath.Base(delta), Size: int64(len(data)), SHA256: digest.Of(data), Base: d.Delta.Base, BaseVersion: d.Delta.BaseVersion}}
		}
		writeIndex(t, at, x)
	}
	if err := os.CopyFS(c.dir, os.DirFS(filepath.Join(c.dir, "1.3"))); err != nil {
		t.Fatal(err)
	}
	return c
}

// asset is what an index says of a version's archive. Its size is said to be that
// of a real application's, beside which indexes are small.
func (c chained) asset(t *testing.T, i int) fetch.Asset {
	name := filepath.Base(c.archives[i])
	return fetch.Asset{Target: strings.TrimSuffix(strings.TrimPrefix(name, fmt.Sprintf("app-1.%d-", i)), ".tar.gz"), Name: name, Size: 100 << 20, SHA256: digest.Of(mustRead(t, c.archives[i]))}
}

// edit changes the index of a directory.
func (c chained) edit(t *testing.T, version string, change func(*fetch.Index)) {
	t.Helper()
	at := filepath.Join(c.dir, version)
	x, err := archive.Document[fetch.Index](at, fetch.IndexName)
	if err != nil {
		t.Fatal(err)
	}
	change(x)
	writeIndex(t, at, *x)
}

// copied is another mirror with the same, where archives have their true size, which
// a download is held to.
func (c chained) copied(t *testing.T) chained {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
		t.Fatal(err)
	}
	return chained{dir, c.archives}
}

// tree is what lies in a tree, less what says where it came from and the way back:
// of each path its mode and content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch name = filepath.ToSlash(name); {
		case name == archive.Dir+"/previous":
			return filepath.SkipDir
		case name == recordName || strings.HasSuffix(name, "lock"):
			return nil
		}
		info, err := d.Info()
		if err == nil {
			all[name] = info.Mode().String()
			if d.Type().IsRegular() {
				all[name] += " " + string(mustRead(t, path))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// serve answers as GitHub does for the releases of a directory.
func (c chained) serve(t *testing.T, tag func(version string) string, latest string) *httptest.Server {
	mux := http.NewServeMux()
	var listed []string
	for i, path := range c.archives {
		version := fmt.Sprintf("1.%d", i)
		files := http.FileServer(http.Dir(filepath.Join(c.dir, version)))
		mux.Handle("/acme/app/releases/download/"+tag(version)+"/", http.StripPrefix("/acme/app/releases/download/"+tag(version), files))
		listed = append([]string{fmt.Sprintf(`{"tag_name": %q, "assets": [{"name": %q}]}`, tag(version), filepath.Base(path))}, listed...)
	}
	mux.Handle("/acme/app/releases/latest/download/", http.StripPrefix("/acme/app/releases/latest/download", http.FileServer(http.Dir(filepath.Join(c.dir, latest)))))
	mux.HandleFunc("/api/repos/acme/app/releases", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "["+strings.Join(listed, ",")+"]") })
	mux.Handle("/mirror/", http.StripPrefix("/mirror", http.FileServer(http.Dir(c.dir))))
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// TestUpdateChain: where the newest release has no delta from what is there, those of
// the releases between lead there, in one change, with one way back; and the tree is
// what an install makes.
func TestUpdateChain(t *testing.T) {
	c := packChained(t)
	fresh := filepath.Join(t.TempDir(), "app")
	if _, err := Install(t.Context(), realOptions(t, c.archives[3], fresh).Options); err != nil {
		t.Fatal(err)
	}
	srv := c.serve(t, func(version string) string { return "v" + version }, "1.3")
	named := c.copied(t)
	for i := range 4 {
		version := fmt.Sprintf("1.%d", i)
		named.edit(t, version, func(x *fetch.Index) { x.Tag = "release-" + string(rune('a'+i)) })
	}
	listed := named.serve(t, func(version string) string { return "release-" + string(rune('a'+version[2]-'0')) }, "1.3")
	for name, source := range map[string][2]string{
		"folder":  {c.dir, ""},
		"mirror":  {srv.URL + "/mirror", ""},
		"release": {"acme/app", srv.URL},
		"listed":  {"acme/app", listed.URL},
	} {
		if testing.Short() && (name == "mirror" || name == "release") {
			continue // a folder has chains as a mirror does, and listed finds more than release
		}
		t.Run(name, func(t *testing.T) {
			into := fresh // state and scripts have the place in them
			moved := filepath.Join(t.TempDir(), "fresh")
			if err := os.Rename(fresh, moved); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := errors.Join(os.RemoveAll(into), os.Rename(moved, fresh)); err != nil {
					t.Fatal(err)
				}
			}()
			if _, err := Install(t.Context(), realOptions(t, c.archives[0], into).Options); err != nil {
				t.Fatal(err)
			}
			before := tree(t, into)
			var said []string
			o := realOptions(t, source[0], into)
			o.Remote = remoteOptions(t, "").Remote
			o.Remote.Server, o.Remote.API = source[1], source[1]+"/api"
			o.Env = append(o.Env, "GH_TOKEN=", "GITHUB_TOKEN=")
			o.Progress = func(e fetch.Event) { said = append(said, e.Text) }

			// One that doesn't start leaves what ran before.
			failing := o
			failing.Start = "test $(cat etc/number) != 1.3"
			if _, err := Update(t.Context(), failing); err == nil || !strings.Contains(err.Error(), "app 1.0 is there again") {
				t.Fatalf("%v\n%s", err, strings.Join(said, "\n"))
			}
			got := tree(t, into)
			delete(got, "var/seed-1.3") // what came into var stays
			sameSnapshot(t, before, got)

			said = nil
			res, err := Update(t.Context(), o)
			if err != nil || !res.Changed || res.From != "1.0" || res.Version != "1.3" || res.Archive != filepath.Base(c.archives[3]) {
				t.Fatalf("%+v, %v\n%s", res, err, strings.Join(said, "\n"))
			}
			if all := strings.Join(said, "\n"); !strings.Contains(all, "unpacking 3 deltas, 1.0 to 1.1 to 1.2 to 1.3") {
				t.Errorf("%s", all)
			}
			sameSnapshot(t, tree(t, moved), tree(t, into))
			if _, err := Rollback(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			got = tree(t, into)
			delete(got, "var/seed-1.3")
			sameSnapshot(t, before, got)
		})
	}
}

// TestUpdateChainNot: what isn't right in a release between, or is no cheaper, leaves
// the archive, or the delta that leads there at once.
func TestUpdateChainNot(t *testing.T) {
	all := packChained(t)
	all.edit(t, "", func(x *fetch.Index) {
		deltas := x.Assets[0].Deltas
		x.Assets[0] = all.asset(t, 3)
		x.Assets[0].Deltas = deltas
	})
	direct := deltaBetween(t, all.archives[0], all.archives[3], "1.0")
	whole, atOnce := filepath.Base(all.archives[3]), filepath.Base(direct)
	d, err := archive.ReadDelta(open(t, direct))
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(t *testing.T, c chained)
		want   string
		before int
	}{
		"three steps":        {func(*testing.T, chained) {}, "app-1.3-cp313-linux_x86_64.from-1.2.delta.tar.gz", 2},
		"no release between": {func(t *testing.T, c chained) { remove(t, c.dir, "1.2") }, whole, 0},
		"no delta there": {func(t *testing.T, c chained) {
			c.edit(t, "1.1", func(x *fetch.Index) { x.Assets[0].Deltas = nil })
		}, whole, 0},
		"another application": {func(t *testing.T, c chained) { c.edit(t, "1.1", func(x *fetch.Index) { x.Name = "other" }) }, whole, 0},
		"another version":     {func(t *testing.T, c chained) { c.edit(t, "1.1", func(x *fetch.Index) { x.Version = "1.1.1" }) }, whole, 0},
		"another target": {func(t *testing.T, c chained) {
			c.edit(t, "1.1", func(x *fetch.Index) { x.Assets[0].Label = "debian12" })
		}, whole, 0},
		"no file": {func(t *testing.T, c chained) { remove(t, c.dir, "1.2/*.delta.tar.gz") }, whole, 0},
		"another digest": {func(t *testing.T, c chained) {
			c.edit(t, "1.1", func(x *fetch.Index) { x.Assets[0].Deltas[0].SHA256 = strings.Repeat("0", 64) })
		}, whole, 0},
		"larger": {func(t *testing.T, c chained) {
			c.edit(t, "1.1", func(x *fetch.Index) { x.Assets[0].Deltas[0].Size = 200 << 20 })
		}, whole, 0},
		"over a lower version": {func(t *testing.T, c chained) {
			c.edit(t, "", func(x *fetch.Index) { x.Assets[0].Deltas[0].BaseVersion = "0.9" })
			check := os.Rename(filepath.Join(c.dir, "1.2"), filepath.Join(c.dir, "0.9"))
			c.edit(t, "0.9", func(x *fetch.Index) { x.Version = "0.9" })
			if check != nil {
				t.Fatal(check)
			}
		}, whole, 0},
		"at once": {func(t *testing.T, c chained) {
			mkfile(t, filepath.Join(c.dir, atOnce), string(mustRead(t, direct)))
			offerDelta(t, c.dir, direct)
		}, atOnce, 0},
		"at once, but larger": {func(t *testing.T, c chained) {
			c.edit(t, "", func(x *fetch.Index) {
				x.Assets[0].Deltas = append(x.Assets[0].Deltas, fetch.DeltaAsset{Name: atOnce, Size: 50 << 20, SHA256: strings.Repeat("0", 64), Base: d.Delta.Base})
			})
		}, "app-1.3-cp313-linux_x86_64.from-1.2.delta.tar.gz", 2},
		"larger than the archive": {func(t *testing.T, c chained) {
			c.edit(t, "", func(x *fetch.Index) {
				x.Assets[0].Deltas = []fetch.DeltaAsset{{Name: atOnce, Size: 150 << 20, SHA256: strings.Repeat("0", 64), Base: d.Delta.Base}}
			})
		}, whole, 0},
		"a circle": {func(t *testing.T, c chained) {
			c.edit(t, "1.1", func(x *fetch.Index) {
				y, _ := archive.Document[fetch.Index](c.dir, fetch.IndexName)
				x.Assets[0].Deltas = y.Assets[0].Deltas
			})
		}, whole, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c := all.copied(t)
			tt.change(t, c)
			r := realOptions(t, c.dir, filepath.Join(t.TempDir(), "app")).request(filepath.Join(t.TempDir(), "app"))
			r.Base, r.Application, r.Installed = d.Delta.Base, "app", "1.0"
			a, err := fetch.Get(t.Context(), r.Request)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.Name != tt.want || len(a.Before) != tt.before {
				t.Errorf("%s after %d others", a.Name, len(a.Before))
			}
		})
	}

	// What is wrong with the deltas together shows before anything is changed.
	for name, change := range map[string]func(t *testing.T, c chained, into string){
		"was edited": func(t *testing.T, _ chained, into string) {
			mkfile(t, filepath.Join(into, "eggs", "a-1.0.egg", "moved.py"), "mine\n")
		},
		"can't follow": func(t *testing.T, c chained, _ string) {
			c.edit(t, "1.2", func(x *fetch.Index) {
				x.Assets[0].Deltas[0].SHA256 = digest.Of(mustRead(t, direct))
				mkfile(t, filepath.Join(c.dir, "1.2", x.Assets[0].Deltas[0].Name), string(mustRead(t, direct)))
			})
		},
	} {
		c := all.copied(t)
		into := filepath.Join(t.TempDir(), "app")
		if _, err := Install(t.Context(), realOptions(t, all.archives[0], into).Options); err != nil {
			t.Fatal(err)
		}
		change(t, c, into)
		var said []string
		o := realOptions(t, c.dir, into)
		o.Progress = func(e fetch.Event) { said = append(said, e.Text) }
		res, err := Update(t.Context(), o)
		if text := strings.Join(said, "\n"); err != nil || !res.Changed || numberIn(t, into) != "1.3" || !strings.Contains(text, name) || !strings.Contains(text, "unpacking what differs of") {
			t.Errorf("%s: %+v, %v\n%s", name, res, err, text)
		}
		noIncoming(t, into)
		if _, err := os.Lstat(filepath.Join(into, ".binary-buildout", "chain")); err == nil {
			t.Error("the chain's file is there")
		}
	}
}

func remove(t *testing.T, dir, glob string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil || len(found) == 0 {
		t.Fatal(glob, err)
	}
	for _, path := range found {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestChainAttested: each delta has to have the attestation of its own release, as it
// would have to have alone; else the archive is taken.
func TestChainAttested(t *testing.T) {
	all := packChained(t)
	authority := signtest.New(t)
	sign := func(dir, version string, change func(*signtest.Run)) {
		r := signtest.Run{Repo: "acme/site", Ref: "refs/tags/v" + version}
		change(&r)
		mkfile(t, filepath.Join(dir, fetch.AttestationName), string(authority.Sign(t, r, signtest.Provenance, map[string]any{}, subjectsOf(t, dir)...)))
	}
	right := func(*signtest.Run) {}
	for _, version := range []string{"1.1", "1.2", "1.3"} {
		sign(filepath.Join(all.dir, version), version, right)
	}
	if err := os.Rename(filepath.Join(all.dir, "1.3", fetch.AttestationName), filepath.Join(all.dir, fetch.AttestationName)); err != nil {
		t.Fatal(err)
	}
	d, err := archive.ReadDelta(open(t, filepath.Join(all.dir, "1.1", "app-1.1-"+all.asset(t, 1).Target+".from-1.0.delta.tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	trust := fetch.Trust{SourceRepo: "acme/site", TrustedRoot: string(mustRead(t, authority.TrustedRoot(t)))}
	for name, tt := range map[string]struct {
		change  func(t *testing.T, middle string)
		require bool
		before  int
		state   string
	}{
		"each":                      {func(*testing.T, string) {}, true, 2, "verified"},
		"none, and it is asked for": {func(t *testing.T, middle string) { remove(t, middle, fetch.AttestationName) }, true, 0, "verified"},
		"none":                      {func(t *testing.T, middle string) { remove(t, middle, fetch.AttestationName) }, false, 2, fetch.AttestationNone},
		"of another repository": {func(_ *testing.T, middle string) {
			sign(middle, "1.2", func(r *signtest.Run) { r.Repo = "acme/other" })
		}, false, 0, "verified"},
		"of another tag": {func(_ *testing.T, middle string) { sign(middle, "1.2.1", right) }, false, 0, "verified"},
		"of an index that it wasn't": {func(t *testing.T, middle string) {
			mkfile(t, filepath.Join(middle, fetch.IndexName), string(mustRead(t, filepath.Join(middle, fetch.IndexName)))+"\n")
		}, true, 0, "verified"},
	} {
		c := all.copied(t)
		tt.change(t, filepath.Join(c.dir, "1.2"))
		o := realOptions(t, c.dir, filepath.Join(t.TempDir(), "app"))
		o.Trust = trust
		o.RequireAttestation = tt.require
		r := o.request(o.Into)
		r.Base, r.Application, r.Installed = d.Delta.Base, "app", "1.0"
		a, err := fetch.Get(t.Context(), r.Request)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(a.Before) != tt.before || a.Attestation != tt.state || (len(a.Warnings) > 0) != (tt.state != "verified") {
			t.Errorf("%s: %s after %d others, %s, %q", name, a.Name, len(a.Before), a.Attestation, a.Warnings)
		}
		a.Close()
	}
}

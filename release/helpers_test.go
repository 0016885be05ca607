package release

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/sbom"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// targets of the tests' plan.
var targets = []string{"cp312-manylinux_2_28_x86_64", "cp313-manylinux_2_28_x86_64", "cp313-win_amd64"}

func archiveOf(target string) string {
	if strings.Contains(target, "-win") {
		return "site-1.0-" + target + ".zip"
	}
	return "site-1.0-" + target + ".tar.gz"
}

func wanted(targets []string) []string {
	var names []string
	for _, t := range targets {
		names = append(names, archiveOf(t))
	}
	return names
}

// writeArchive puts an archive and its sidecar into dir.
func writeArchive(t testing.TB, dir, target, content string) {
	t.Helper()
	name := archiveOf(target)
	f := NewFile(name, []byte(content))
	s := Sidecar{
		Format: SidecarFormat, Generator: "test", Archive: name, Size: f.Size, SHA256: f.SHA256, Name: "site", Version: "1.0", Target: target,
		Python: Python{Version: "3.13.0", Implementation: "cpython", ABI: "cp313"}, Buildout: "5.2.0",
		Floors:          []Floor{{Kind: "glibc", Version: "2.28", File: "eggs/x.so"}},
		SystemLibraries: []SystemLibrary{{Name: "libldap-2.5.so.0", NeededBy: "eggs/ldap.so", Package: "libldap-2.5-0 (Debian)"}},
		Parts:           []Part{{"zope", "plone.recipe.zope2instance"}},
		Eggs:            []sbom.Egg{{Name: "zope.interface", Version: "7.1+local"}, {Name: "my_site", Version: "1.0", Develop: true}, {Name: "site", Version: "1.0", Develop: true}},
		Checkouts:       []Checkout{{Path: "src/x", URL: "https://example.org/x.git", Commit: "0123abc"}},
		Extensions:      []Extension{{Path: "eggs/x.so", Module: "x", SHA256: f.SHA256}},
	}
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{name: []byte(content), s.FileName(): b} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func dist(t testing.TB, targets []string) string {
	dir := t.TempDir()
	for _, x := range targets {
		writeArchive(t, dir, x, "archive of "+x)
	}
	return dir
}

func gathered(t testing.TB) Set {
	t.Helper()
	set, err := Gather(dist(t, targets), wanted(targets), MaxAssetSize)
	if err != nil {
		t.Fatal(err)
	}
	set.Tag = "v1.0"
	set.Extra = []File{NewFile("install.sh", []byte("#!/bin/sh\n"))}
	return set
}

func files(t testing.TB, set Set) []File {
	t.Helper()
	all, err := set.Files()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// server is GitHub, held to its own description.
func server(t testing.TB, configure func(*releasetest.Server)) *releasetest.Server {
	t.Helper()
	wrap, err := releasetest.Guard(func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	s := releasetest.New("acme/site", func(s *releasetest.Server) {
		s.Wrap = wrap
		if configure != nil {
			configure(s)
		}
	})
	t.Cleanup(s.Close)
	return s
}

// clock is a clock that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) policy() Policy {
	p := DefaultPolicy()
	p.Now = func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
	p.Jitter = func() float64 { return 0 }
	p.Sleep = func(ctx context.Context, d time.Duration) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.now = c.now.Add(d)
		c.slept = append(c.slept, d)
		return ctx.Err()
	}
	return p
}

func client(t testing.TB, s *releasetest.Server, change ...func(*Config)) *Client {
	t.Helper()
	k := &clock{now: time.Unix(1_800_000_000, 0)}
	c := Config{API: s.API(), Repo: s.Repo, Token: releasetest.Token, Generator: "binary-buildout test", Policy: k.policy(), Log: t.Logf}
	for _, f := range change {
		f(&c)
	}
	cl, err := NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

// the state that each successful run ends with.
func checkReleased(t testing.TB, s *releasetest.Server, want []File) {
	t.Helper()
	all := s.Releases()
	if len(all) != 1 {
		t.Fatalf("there are %d releases: %+v", len(all), names(all))
	}
	r := all[0]
	if r.Draft || r.Tag != "v1.0" || len(r.Broken) > 0 {
		t.Errorf("draft %v, tag %s, broken %v", r.Draft, r.Tag, r.Broken)
	}
	checkAssets(t, r, want)
	if strings.Count(r.Body, notesBegin) != 1 || !strings.Contains(r.Body, "cp313-win_amd64.zip") {
		t.Errorf("body: %s", r.Body)
	}
}

func checkAssets(t testing.TB, r releasetest.Release, want []File) {
	t.Helper()
	if len(r.Assets) != len(want) {
		t.Errorf("%d assets, want %d", len(r.Assets), len(want))
	}
	for _, f := range want {
		if got := NewFile(f.Name, r.Assets[f.Name]); got.SHA256 != f.SHA256 {
			t.Errorf("%s differs or is missing", f.Name)
		}
	}
}

func names(all []releasetest.Release) []string {
	var out []string
	for _, r := range all {
		out = append(out, fmt.Sprintf("%d %s draft=%v assets=%d", r.ID, r.Tag, r.Draft, len(r.Assets)))
	}
	return out
}

func options(set Set) Options { return Options{Tag: "v1.0", Commit: "0123abc", Notes: set.Notes()} }

func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/assets")
}

package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

func twenty() []string {
	var all []string
	for n := range 20 {
		all = append(all, fmt.Sprintf("cp3%d-manylinux_2_28_x86_64", n+8))
	}
	return all
}

func stepArchive(dir, target string) (Archive, error) {
	set, err := Gather(filepath.Join(dir, target), []string{archiveOf(target)}, MaxAssetSize)
	if err != nil {
		return Archive{}, err
	}
	return set.Archives[0], nil
}

// stepDist has each target's archive in a directory of its own, as in jobs.
func stepDist(t testing.TB, targets []string) string {
	dir := t.TempDir()
	for _, x := range targets {
		if err := os.Mkdir(filepath.Join(dir, x), 0o755); err != nil {
			t.Fatal(err)
		}
		writeArchive(t, filepath.Join(dir, x), x, "archive of "+x)
	}
	return dir
}

// what the release of all of them holds.
func stepFiles(t testing.TB, dir string, targets []string) []File {
	t.Helper()
	set, err := Gather(dir, wanted(targets), MaxAssetSize)
	if err != nil {
		t.Fatal(err)
	}
	set.Extra, set.Tag = extra, "v1.0"
	return files(t, set)
}

var extra = []File{NewFile("install.sh", []byte("#!/bin/sh\n"))}

func checkStep(t testing.TB, s *releasetest.Server, want []File) {
	t.Helper()
	var published []releasetest.Release
	for _, r := range s.Releases() {
		if !r.Draft {
			published = append(published, r)
		} else if len(r.Assets) > 0 {
			t.Errorf("a draft with %d assets is left", len(r.Assets))
		}
	}
	if len(published) != 1 {
		t.Fatalf("%d published releases: %v", len(published), names(s.Releases()))
	}
	checkAssets(t, published[0], want)
	if strings.Count(published[0].Body, notesBegin) != 1 {
		t.Errorf("body %s", published[0].Body)
	}
}

// One after the other: a draft until the last.
func TestStep(t *testing.T) {
	dir := stepDist(t, targets)
	s := server(t, nil)
	for i, target := range targets {
		a, err := stepArchive(dir, target)
		if err != nil {
			t.Fatal(err)
		}
		res, err := client(t, s).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0"})
		if err != nil {
			t.Fatal(err)
		}
		if want := len(targets) - 1 - i; res.Missing != want || res.Published != (want == 0) || s.Releases()[0].Draft != (want > 0) {
			t.Errorf("%s: %+v", target, res)
		}
	}
	checkStep(t, s, stepFiles(t, dir, targets))
	// A job that is run again finds everything there.
	a, _ := stepArchive(dir, targets[0])
	res, err := client(t, s).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0"})
	if err != nil || len(res.Uploaded) != 0 || !res.Published {
		t.Errorf("again: %+v %v", res, err)
	}
}

// TestStepAttested: each job brings its archive's attestation before its sidecar. A
// job that is run again leaves the one that is there, of other files it is
// another, and SHA256SUMS, which jobs write of what they see, has none.
func TestStepAttested(t *testing.T) {
	dir := stepDist(t, targets)
	s := server(t, nil)
	step := func(i int, by string, replace bool) Result {
		t.Helper()
		a, err := stepArchive(dir, targets[i])
		if err != nil {
			t.Fatal(err)
		}
		a.Attestation, a.Signer = NewFile(ArchiveAttestationName(a.File.Name), []byte(by)), &Signer{Workflow: "acme/site/.github/workflows/a.yml", Repo: "acme/site", Ref: "refs/tags/v1.0"}
		if names := a.Own(); names[len(names)-1].Name != a.Sidecar.Name {
			t.Errorf("the sidecar isn't the last of %v", names)
		}
		res, err := client(t, s).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0", Replace: replace})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	for i := range targets {
		step(i, "first", false)
	}
	r := s.Releases()[0]
	if r.Draft || strings.Contains(string(r.Assets[SumsName]), attestationEnding) || !strings.Contains(r.Body, "\ngh attestation verify FILE --repo acme/site ") {
		t.Errorf("%s\n%s", r.Assets[SumsName], r.Body)
	}
	first, _ := stepArchive(dir, targets[0])
	name := ArchiveAttestationName(first.File.Name)
	if res := step(0, "again", false); len(res.Uploaded) > 0 || string(s.Releases()[0].Assets[name]) != "first" {
		t.Errorf("again: %+v, %s", res, s.Releases()[0].Assets[name])
	}
	if step(0, "replaced", true); string(s.Releases()[0].Assets[name]) != "replaced" {
		t.Errorf("replaced: %s", s.Releases()[0].Assets[name])
	}
}

// TestStepOfAnotherCommit: a draft that a run for another commit left has its
// archives: what this run's jobs bring is not mixed with them. With none in it, the
// first job makes it this commit's.
func TestStepOfAnotherCommit(t *testing.T) {
	dir := stepDist(t, targets)
	step := func(s *releasetest.Server, target string) (Result, error) {
		a, err := stepArchive(dir, target)
		if err != nil {
			t.Fatal(err)
		}
		return client(t, s).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0", Commit: "bbbbbbb"})
	}
	s := server(t, nil)
	s.Add(releasetest.Release{Tag: "v1.0", Commit: "aaaaaaa", Draft: true, Assets: map[string][]byte{archiveOf(targets[1]): []byte("old")}})
	_, err := step(s, targets[0])
	if err == nil || !strings.Contains(err.Error(), "made for commit aaaaaaa and holds "+archiveOf(targets[1])) || len(s.Releases()[0].Assets) != 1 {
		t.Errorf("%v, %v", err, names(s.Releases()))
	}
	s = server(t, nil)
	s.Add(releasetest.Release{Tag: "v1.0", Name: "v1.0", Commit: "aaaaaaa", Draft: true, Prerelease: true})
	for _, target := range targets {
		if _, err := step(s, target); err != nil {
			t.Fatal(err)
		}
		if r := s.Releases()[0]; r.Commit != "bbbbbbb" {
			t.Errorf("after %s it is of %s", target, r.Commit)
		}
	}
	checkStep(t, s, stepFiles(t, dir, targets))
	if s.Releases()[0].Prerelease {
		t.Error("it is the prerelease that the other run made")
	}
}

// TestStepDeltas: the deltas of each job's archive are attached with it, and
// whoever brings the last archive names all of them in index.json, the same
// bytes as a release of one job.
func TestStepDeltas(t *testing.T) {
	dir := stepDist(t, targets)
	for _, x := range targets {
		sub := filepath.Join(dir, x)
		set, err := Gather(sub, []string{archiveOf(x)}, MaxAssetSize)
		if err != nil {
			t.Fatal(err)
		}
		a := set.Archives[0]
		name := archiveEnding.ReplaceAllString(a.File.Name, "") + ".from-0.9.delta.tar.gz"
		writeDelta(t, sub, name, a.File.Name, a.File.SHA256)
		if set, err = Gather(sub, []string{archiveOf(x)}, MaxAssetSize); err != nil {
			t.Fatal(err)
		}
		a.Info.Deltas = set.Index().Archives[0].Deltas // as pack writes it
		data, err := json.Marshal(a.Info)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.Sidecar.Path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := stepFiles(t, dir, targets)
	s := server(t, nil)
	for _, x := range targets {
		a, err := stepArchive(dir, x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client(t, s).Step(context.Background(), a, extra, len(targets), Options{Tag: "v1.0"}); err != nil {
			t.Fatal(err)
		}
	}
	checkStep(t, s, want)
	index, err := ReadIndex(want[len(want)-2].Data)
	if err != nil || len(index.Archives[0].Deltas) != 1 {
		t.Errorf("index.json has %+v, %v", index, err)
	}
}

func TestStepRefuses(t *testing.T) {
	dir := stepDist(t, targets)
	a, err := stepArchive(dir, targets[0])
	if err != nil {
		t.Fatal(err)
	}
	s := server(t, nil)
	if _, err := client(t, s).Step(context.Background(), a, nil, 0, Options{Tag: "v1.0"}); err == nil {
		t.Error("expect 0 passes")
	}
	s.Add(releasetest.Release{Tag: "v1.0", Draft: true, Assets: map[string][]byte{"x-1-cp313-win32.zip": []byte("x"), "x-1-cp313-win32.json": []byte("x")}})
	_, err = client(t, s).Step(context.Background(), a, nil, 1, Options{Tag: "v1.0"})
	var e *fault.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "x-1-cp313-win32.zip") || !s.Releases()[0].Draft {
		t.Errorf("surplus: %v", err)
	}
}

// Twenty at once, in one process, with lists that lag and requests that fail.
func TestStepRace(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred jobs")
	}
	all := twenty()
	dir := stepDist(t, all)
	want := stepFiles(t, dir, all)
	for _, tt := range []struct {
		name      string
		configure func(*releasetest.Server)
	}{
		{"plain", nil},
		{"immutable", func(s *releasetest.Server) { s.Immutable = true }},
		{"lag", func(s *releasetest.Server) { s.Lag = 12 }},
		{"faults", func(s *releasetest.Server) { s.Fault = randomFaults(7) }},
		{"lag and faults", func(s *releasetest.Server) { s.Lag, s.Fault = 8, randomFaults(11) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.configure)
			var wg sync.WaitGroup
			for _, target := range all {
				wg.Go(func() {
					a, err := stepArchive(dir, target)
					if err == nil {
						_, err = client(t, s, func(c *Config) { c.Policy, c.Log = hurried(), nil }).Step(context.Background(), a, extra, len(all), Options{Tag: "v1.0"})
					}
					if err != nil {
						t.Errorf("%s: %v", target, err)
					}
				})
			}
			wg.Wait()
			checkStep(t, s, want)
		})
	}
}

// hurried is the default policy, a thousand times as fast.
func hurried() Policy {
	p := DefaultPolicy()
	p.Attempts = 12
	p.Sleep = func(ctx context.Context, d time.Duration) error { return sleep(ctx, d/1000) }
	return p
}

// randomFaults breaks about every tenth request, the same ones each time by number.
func randomFaults(seed uint64) func(int, *http.Request) *releasetest.Fault {
	kinds := []releasetest.Fault{{Status: 502}, {Status: 502, Done: true}, {Drop: true}, {Drop: true, Done: true}, {Status: 502, Starter: true}, {Status: 429, Header: map[string]string{"Retry-After": "1"}}, {Drop: true, Read: 3}}
	return func(n int, _ *http.Request) *releasetest.Fault {
		r := rand.New(rand.NewPCG(seed, uint64(n)))
		if r.IntN(10) > 0 {
			return nil
		}
		return &kinds[r.IntN(len(kinds))]
	}
}

package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

func TestPublish(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	for _, tt := range []struct {
		name      string
		configure func(*releasetest.Server)
	}{
		{"github.com", nil},
		{"enterprise", func(s *releasetest.Server) { s.Prefix = "/api/v3"; s.NoDigest = true }},
		{"private", func(s *releasetest.Server) { s.Private = true }},
		{"immutable", func(s *releasetest.Server) { s.Immutable = true }},
		{"lists lag", func(s *releasetest.Server) { s.Lag = 3 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, tt.configure)
			res, err := client(t, s).Publish(context.Background(), want, options(set))
			if err != nil {
				t.Fatal(err)
			}
			checkReleased(t, s, want)
			// The tag is made of this commit, if it isn't there.
			if r := s.Releases()[0]; r.Commit != "0123abc" || r.Name != "v1.0" {
				t.Errorf("commit %q, name %q", r.Commit, r.Name)
			}
			if !res.Published || len(res.Uploaded) != len(want) || !strings.HasSuffix(res.URL, "/acme/site/releases/tag/v1.0") {
				t.Errorf("result %+v", res)
			}
			checkOrder(t, s.Requests())
			// Again: nothing is written, not even the text.
			before := len(s.Requests())
			res, err = client(t, s).Publish(context.Background(), want, options(set))
			if err != nil || len(res.Uploaded) != 0 || len(res.Skipped) != len(want) || !res.Published {
				t.Errorf("again: %+v %v", res, err)
			}
			for _, r := range s.Requests()[before:] {
				if !strings.HasPrefix(r, "GET ") {
					t.Errorf("again: %s", r)
				}
			}
		})
	}
}

// The last request that writes is the one that publishes; SHA256SUMS is the last upload.
func checkOrder(t *testing.T, requests []string) {
	t.Helper()
	writes := slices.DeleteFunc(slices.Clone(requests), func(r string) bool { return strings.HasPrefix(r, "GET ") })
	if !strings.HasPrefix(writes[len(writes)-1], "PATCH ") || !strings.HasSuffix(writes[len(writes)-2], "name=SHA256SUMS") || !strings.HasSuffix(writes[len(writes)-3], "name=index.json") {
		t.Errorf("writes: %q", writes)
	}
}

// Tags that need quoting in an address, and no tag is taken for another.
func TestTags(t *testing.T) {
	set := gathered(t)
	set.Archives = set.Archives[:1]
	want := files(t, set)
	s := server(t, nil)
	all := []string{"v1.0", "release/1.0", "v1.0+deb.1", "1.0 rc", "ünï", "a#b?c%2Fd", "releases/latest", "v1"}
	for range 2 { // again: it is found, and nothing is written
		for _, tag := range all {
			o := options(set)
			o.Tag = tag
			res, err := client(t, s).Publish(context.Background(), want, o)
			if err != nil || !res.Published {
				t.Errorf("%s: %+v, %v", tag, res, err)
			}
		}
	}
	there := s.Releases()
	if len(there) != len(all) {
		t.Fatalf("%q", names(there))
	}
	for i, r := range there {
		if r.Tag != all[i] || r.Draft {
			t.Errorf("%s is %s, draft %v", all[i], r.Tag, r.Draft)
		}
		checkAssets(t, r, want)
	}
}

// The tag's draft is on the list's second page.
func TestManyReleases(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	s := server(t, nil)
	id := s.Add(releasetest.Release{Tag: "v1.0", Draft: true, Body: "Mine."})
	for n := range 130 {
		s.Add(releasetest.Release{Tag: fmt.Sprint("v0.", n), Draft: n%2 == 0})
	}
	res, err := client(t, s).Publish(context.Background(), want, options(set))
	if err != nil || res.ID != id || len(s.Releases()) != 131 || s.Releases()[0].Draft {
		t.Errorf("%+v, %v, %d releases", res, err, len(s.Releases()))
	}
	checkAssets(t, s.Releases()[0], want)
}

func TestPublishExisting(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	ctx := context.Background()
	stale := func(name string) map[string][]byte { return map[string][]byte{name: []byte("something else")} }
	archive := want[0].Name
	for _, tt := range []struct {
		name  string
		there releasetest.Release
		o     func(*Options)
		fails string // "": it works
		check func(*testing.T, releasetest.Release)
	}{
		{"written by hand", releasetest.Release{Name: "The first", Body: "Hello.\r\n", Prerelease: true, Assets: map[string][]byte{"manual.pdf": []byte("x")}}, nil, "",
			func(t *testing.T, r releasetest.Release) {
				if r.Name != "The first" || !strings.HasPrefix(r.Body, "Hello.\r\n") || !r.Prerelease || r.Assets["manual.pdf"] == nil || len(r.Assets) != len(want)+1 {
					t.Errorf("%+v", r)
				}
			}},
		{"a draft by hand", releasetest.Release{Draft: true, Body: "Soon."}, nil, "", func(t *testing.T, r releasetest.Release) {
			if r.Draft || !strings.HasPrefix(r.Body, "Soon.") {
				t.Errorf("%+v", r)
			}
		}},
		{"left a draft", releasetest.Release{Draft: true}, func(o *Options) { o.Draft = true }, "", func(t *testing.T, r releasetest.Release) {
			if !r.Draft || len(r.Assets) != len(want) {
				t.Errorf("%+v", r)
			}
		}},
		{"prerelease", releasetest.Release{Draft: true}, func(o *Options) { o.Prerelease, o.MakeLatest = true, "false" }, "", func(t *testing.T, r releasetest.Release) {
			if !r.Prerelease || r.Latest != "false" {
				t.Errorf("%+v", r)
			}
		}},
		{"a draft of another commit", releasetest.Release{Draft: true, Name: "v1.0", Commit: "aaaaaaa", Prerelease: true}, func(o *Options) { o.Title = "One" }, "", func(t *testing.T, r releasetest.Release) {
			if r.Commit != "0123abc" || r.Name != "One" || r.Prerelease || r.Draft {
				t.Errorf("%+v", r)
			}
		}},
		{"a draft of a branch by hand", releasetest.Release{Draft: true, Name: "The first", Commit: "main", Prerelease: true}, func(o *Options) { o.Draft = true }, "", func(t *testing.T, r releasetest.Release) {
			if r.Commit != "0123abc" || r.Name != "The first" || !r.Prerelease || !r.Draft {
				t.Errorf("%+v", r)
			}
		}},
		{"beside drafts of a person", releasetest.Release{Draft: true, Body: "Mine."}, nil, "", nil},
		{"latest", releasetest.Release{Draft: true}, func(o *Options) { o.MakeLatest = "true" }, "", func(t *testing.T, r releasetest.Release) {
			if r.Latest != "true" || r.Prerelease {
				t.Errorf("%+v", r)
			}
		}},
		{"differs", releasetest.Release{Draft: true, Assets: stale(archive)}, nil, archive, nil},
		{"differs, of one size", releasetest.Release{Draft: true, Assets: map[string][]byte{archive: []byte("archive of cp312-manylinux_2_28_x86_65")}}, nil, archive, nil},
		{"differs, published", releasetest.Release{Assets: stale(IndexName)}, nil, IndexName, nil},
		{"differs, replaced", releasetest.Release{Assets: stale(archive)}, func(o *Options) { o.Replace = true }, "", nil},
		{"documents of a draft are ours", releasetest.Release{Draft: true, Assets: stale(IndexName)}, nil, "", nil},
		{"surplus", releasetest.Release{Draft: true, Assets: stale("site-1.0-cp27mu-linux_x86_64.tar.gz")}, nil, "cp27mu", nil},
		{"surplus, removed", releasetest.Release{Draft: true, Assets: stale("site-1.0-cp27mu-linux_x86_64.tar.gz")}, func(o *Options) { o.Replace = true }, "", nil},
		{"an archive of another version stays", releasetest.Release{Draft: true, Assets: stale("site-0.9-cp27mu-linux_x86_64.tar.gz")}, nil, "", nil},
		{"a broken upload", releasetest.Release{Draft: true, Broken: []string{archive}}, nil, "", nil},
		{"another application's", releasetest.Release{Draft: true, Assets: map[string][]byte{IndexName: []byte(`{"format": 1, "name": "shop", "version": "1.0"}`)}}, func(o *Options) { o.Replace = true }, "the release v1.0 is of shop", nil},
		{"an earlier index of ours", releasetest.Release{Draft: true, Assets: map[string][]byte{IndexName: []byte(`{"format": 1, "name": "site", "version": "1.0"}`)}}, nil, "", nil},
		{"immutable, missing", releasetest.Release{Immutable: true}, func(o *Options) { o.Replace = true }, "immutable", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, nil)
			tt.there.Tag = "v1.0"
			s.Add(tt.there)
			o := options(set)
			if tt.o != nil {
				tt.o(&o)
			}
			_, err := client(t, s).Publish(ctx, want, o)
			after := s.Releases()[0]
			if tt.fails != "" {
				var hinted interface{ Hint() string }
				if err == nil || !strings.Contains(err.Error(), tt.fails) || !errors.As(err, &hinted) || hinted.Hint() == "" {
					t.Errorf("got %v", err)
				}
				if len(after.Assets) != len(tt.there.Assets) || after.Draft != tt.there.Draft {
					t.Errorf("something was written: %+v", after)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range want {
				if NewFile("", after.Assets[f.Name]).SHA256 != f.SHA256 {
					t.Errorf("%s differs", f.Name)
				}
			}
			if tt.check != nil {
				tt.check(t, after)
			}
		})
	}
}

// A second run has another signature of the same files: the release keeps the
// one it has, an immutable one too. Of other files it is refused, or replaced.
func TestAttestationStays(t *testing.T) {
	set := gathered(t)
	signed := func(by string, extra ...File) []File {
		s := set
		s.Extra = append([]File{NewFile("install.sh", []byte("#!/bin/sh\n")), NewFile(AttestationName, []byte(by))}, extra...)
		return files(t, s)
	}
	for _, immutable := range []bool{false, true} {
		s := server(t, func(s *releasetest.Server) { s.Immutable = immutable })
		first := signed("one")
		if _, err := client(t, s).Publish(context.Background(), first, options(set)); err != nil {
			t.Fatal(err)
		}
		res, err := client(t, s).Publish(context.Background(), signed("another"), options(set))
		if err != nil || len(res.Uploaded) > 0 || len(res.Skipped) != len(first) || !res.Published {
			t.Errorf("again: %+v %v", res, err)
		}
		checkReleased(t, s, first)
		more := signed("of more", NewFile("more.txt", []byte("x")))
		if _, err := client(t, s).Publish(context.Background(), more, options(set)); err == nil {
			t.Error("an attestation of other files is kept")
		}
		o := options(set)
		o.Replace = true
		if _, err := client(t, s).Publish(context.Background(), signed("another"), o); err == nil == immutable {
			t.Errorf("replaced: %v", err)
		}
		if immutable {
			continue
		}
		// Replaced by files that nobody attested, the release has none.
		set.Extra = []File{NewFile("install.sh", []byte("#!/bin/sh\nexit\n"))}
		bare := files(t, set)
		if _, err := client(t, s).Publish(context.Background(), bare, o); err != nil {
			t.Error(err)
		}
		checkReleased(t, s, bare)
		set.Extra = nil
	}
}

func TestRefusals(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	always := func(f releasetest.Fault) func(*releasetest.Server) {
		return func(s *releasetest.Server) {
			s.Fault = func(int, *http.Request) *releasetest.Fault { return &f }
		}
	}
	for _, tt := range []struct {
		name      string
		token     string
		configure func(*releasetest.Server)
		o         func(*Options)
		message   string
		hint      string
		code      int
	}{
		{"expired", "ghs_old", nil, nil, "Bad credentials", "expired", 3},
		{"no rights", releasetest.ReadToken, nil, nil, "Resource not accessible", "in line 7 of x.yml:\n    permissions:\n      contents: write", 3},
		{"not there", releasetest.Token, func(s *releasetest.Server) { s.Repo = "acme/other" }, nil, "404", "may not see it", 3},
		{"down", releasetest.Token, always(releasetest.Fault{Status: 503}), nil, "503", "resumes", 3},
		{"a limit for hours", releasetest.Token, always(releasetest.Fault{Status: 403, Header: map[string]string{"Retry-After": "20000"}}), nil, "403", "limit", 3},
		{"no connection", releasetest.Token, always(releasetest.Fault{Drop: true}), nil, "EOF", "resumes", 3},
		{"no tag", releasetest.Token, nil, func(o *Options) { o.Tag = "" }, "tag", "--tag", 2},
		{"make_latest", releasetest.Token, nil, func(o *Options) { o.MakeLatest = "yes" }, "yes", "legacy", 2},
		{"latest prerelease", releasetest.Token, nil, func(o *Options) { o.MakeLatest, o.Prerelease = "true", true }, "prerelease", "leave", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := releasetest.New("acme/site", tt.configure)
			defer s.Close()
			o := options(set)
			if tt.o != nil {
				tt.o(&o)
			}
			_, err := client(t, s, func(c *Config) { c.Token, c.Repo, c.Job = tt.token, "acme/site", "in line 7 of x.yml" }).Publish(context.Background(), want, o)
			var e *fault.Error
			if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.message) || !strings.Contains(e.Hint(), tt.hint) || e.ExitCode() != tt.code {
				t.Errorf("got %v; hint %v", err, e)
			}
			if strings.Contains(fmt.Sprint(err), tt.token) {
				t.Error("the token is in the message")
			}
			for _, r := range s.Releases() {
				if !r.Draft {
					t.Errorf("published: %+v", r)
				}
			}
		})
	}
}

func TestNewClientRefuses(t *testing.T) {
	for _, c := range []Config{{API: "", Repo: "a/b", Token: "x"}, {API: "https://api.github.com", Repo: "a", Token: "x"}, {API: "https://api.github.com", Repo: "a/b/c", Token: "x"}, {API: "https://api.github.com", Repo: "a/b"}} {
		if _, err := NewClient(c); err == nil {
			t.Errorf("%+v passes", c)
		}
	}
}

// The token goes to the API and its uploads, and nowhere else.
func TestTokenHosts(t *testing.T) {
	for api, want := range map[string]string{
		"https://api.github.com": "https://uploads.github.com", "https://ghe.example.org/api/v3": "https://ghe.example.org", "https://api.acme.ghe.com": "https://uploads.acme.ghe.com",
	} {
		c, err := NewClient(Config{API: api, Repo: "a/b", Token: "x"})
		if err != nil || !tokenHosts(c.api)[want] || tokenHosts(c.api)["https://github.com.evil.example"] || tokenHosts(c.api)["http://api.github.com"] {
			t.Errorf("%s: %v %v", api, tokenHosts(c.api), err)
		}
	}
	c, _ := NewClient(Config{API: "https://api.github.com", Repo: "a/b", Token: "x", Policy: (&clock{}).policy()})
	if _, err := c.send(context.Background(), Release{UploadURL: "https://evil.example/x{?name}"}, NewFile("a", []byte("x"))); err == nil || !strings.Contains(err.Error(), "evil.example") {
		t.Errorf("got %v", err)
	}
}

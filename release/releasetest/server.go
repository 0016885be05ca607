package releasetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Token is one that may write, ReadToken one that may only read, and any other
// is refused.
const (
	Token     = "ghs_test"
	ReadToken = "ghs_read"
)

// Server is the API and the web site of one repository. Its exported fields
// are set before the first request.
type Server struct {
	*httptest.Server
	Repo      string // "OWNER/REPO"
	Private   bool   // downloads want a token too
	Immutable bool   // what is published can't be changed
	NoDigest  bool   // as older GitHub Enterprise servers
	Lag       int    // lists on which a new release or asset isn't seen yet, and what became of an old asset
	Prefix    string // before the API's paths: "/api/v3" as GitHub Enterprise has it
	// Fault is asked before each request, numbered from 1; nil: no fault.
	Fault func(n int, r *http.Request) *Fault
	// Wrap puts something around the API, as Guard.
	Wrap func(http.Handler) http.Handler

	mu       sync.Mutex
	nextID   int64
	requests int
	log      []string
	releases []*release
	latestID int64 // 0: the newest
}

// Fault is how a request goes wrong.
type Fault struct {
	Status  int // answered; 0 with Drop
	Header  map[string]string
	Message string
	Done    bool          // the work is done all the same
	Drop    bool          // the connection breaks, without an answer
	Read    int64         // of an upload, that many bytes are read before it breaks
	Starter bool          // an upload leaves an asset in state "starter"
	Corrupt bool          // of an upload, the last byte is stored as another
	Delay   time.Duration // before anything else
	Late    time.Duration // the work is done, and its answer comes that much later
}

// Release is what a test sees of a release.
type Release struct {
	ID                              int64
	Tag, Name, Body, Commit, Latest string
	Draft, Prerelease, Immutable    bool
	Assets                          map[string][]byte // in state "uploaded"
	Broken                          []string          // names in another state
}

type release struct {
	id                              int64
	tag, name, body, commit, latest string
	draft, prerelease, immutable    bool
	hidden                          int
	created                         time.Time
	assets                          []*asset
	gone                            []*asset // that lists still show
}

type asset struct {
	id          int64
	name, state string
	contentType string
	data        []byte
	hidden      int    // lists on which it isn't seen yet, or is seen still
	before      string // its name until it was renamed
	renamed     int    // lists on which it has that name
}

// New starts a server for the repository on loopback. configure may be nil.
func New(repo string, configure func(*Server)) *Server {
	s := &Server{Repo: repo, nextID: 1000}
	if configure != nil {
		configure(s)
	}
	var h http.Handler = http.HandlerFunc(s.serve)
	if s.Wrap != nil {
		h = s.Wrap(h)
	}
	s.Server = httptest.NewServer(s.faulty(h))
	return s
}

// API is what GITHUB_API_URL is set to.
func (s *Server) API() string { return s.URL + s.Prefix }

// Releases shows the state, by id.
func (s *Server) Releases() []Release {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Release
	for _, r := range s.releases {
		x := Release{ID: r.id, Tag: r.tag, Name: r.name, Body: r.body, Commit: r.commit, Latest: r.latest,
			Draft: r.draft, Prerelease: r.prerelease, Immutable: r.immutable, Assets: map[string][]byte{}}
		for _, a := range r.assets {
			if a.state == "uploaded" {
				x.Assets[a.name] = a.data
			} else {
				x.Broken = append(x.Broken, a.name)
			}
		}
		all = append(all, x)
	}
	return all
}

// Add puts a release there, as a person or an earlier run would have made it.
func (s *Server) Add(r Release) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &release{id: s.id(), tag: r.Tag, name: r.Name, body: r.Body, commit: r.Commit, draft: r.Draft, prerelease: r.Prerelease, immutable: r.Immutable, created: time.Unix(1700000000, 0)}
	for name, data := range r.Assets {
		x.assets = append(x.assets, &asset{id: s.id(), name: name, state: "uploaded", contentType: "application/octet-stream", data: data})
	}
	for _, name := range r.Broken {
		x.assets = append(x.assets, &asset{id: s.id(), name: name, state: "starter", contentType: "application/octet-stream"})
	}
	s.releases = append(s.releases, x)
	if r.Latest == "true" {
		s.latestID = x.id
	}
	return x.id
}

// Put lays an asset into a release, as another writer does it; Edit changes its
// text, as a person does it.
func (s *Server) Put(id int64, name string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.find(strconv.FormatInt(id, 10)); x != nil {
		x.assets = append(x.assets, &asset{id: s.id(), name: name, state: "uploaded", contentType: "application/octet-stream", data: data})
	}
}

// Take removes the assets of a name from a release, as another writer does it.
func (s *Server) Take(id int64, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.find(strconv.FormatInt(id, 10)); x != nil {
		x.assets = slices.DeleteFunc(x.assets, func(a *asset) bool { return a.name == name })
	}
}

// Edit is described at Put.
func (s *Server) Edit(id int64, change func(body string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.find(strconv.FormatInt(id, 10)); x != nil {
		x.body = change(x.body)
	}
}

// Requests lists what was asked, "METHOD PATH", faults included.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

func (s *Server) id() int64 { s.nextID++; return s.nextID }

// faulty breaks requests, around everything else.
func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests++
		n := s.requests
		s.log = append(s.log, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		var f *Fault
		if s.Fault != nil {
			f = s.Fault(n, r)
		}
		if f == nil {
			next.ServeHTTP(w, r)
			return
		}
		time.Sleep(f.Delay)
		if f.Late > 0 {
			late(w, r, next, f.Late)
			return
		}
		s.fail(w, r, next, f)
	})
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request, next http.Handler, f *Fault) {
	switch {
	case f.Corrupt:
		corrupt(r)
	case f.Done:
		next.ServeHTTP(httptest.NewRecorder(), r)
	case f.Starter:
		s.starter(r)
	}
	if f.Read > 0 {
		io.CopyN(io.Discard, r.Body, f.Read)
	}
	if f.Drop {
		// net/http closes the connection without an answer.
		panic(http.ErrAbortHandler)
	}
	if f.Status == 0 {
		next.ServeHTTP(w, r)
		return
	}
	io.Copy(io.Discard, r.Body)
	for k, v := range f.Header {
		w.Header().Set(k, v)
	}
	answer(w, f.Status, map[string]any{"message": f.Message, "documentation_url": "https://docs.github.com/rest"})
}

func late(w http.ResponseWriter, r *http.Request, next http.Handler, d time.Duration) {
	done := httptest.NewRecorder()
	next.ServeHTTP(done, r)
	time.Sleep(d)
	for name, values := range done.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(done.Code)
	w.Write(done.Body.Bytes())
}

func corrupt(r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 0 {
		body[len(body)-1] ^= 1
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
}

func (s *Server) starter(r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := strings.Split(r.URL.Path, "/")
	for i, p := range parts {
		if p != "releases" || i+1 >= len(parts) || r.Method != http.MethodPost {
			continue
		}
		if x := s.find(parts[i+1]); x != nil {
			x.assets = append(x.assets, &asset{id: s.id(), name: r.URL.Query().Get("name"), state: "starter", contentType: "application/octet-stream"})
		}
	}
}

func (s *Server) find(id string) *release {
	for _, r := range s.releases {
		if strconv.FormatInt(r.id, 10) == id {
			return r
		}
	}
	return nil
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if v != nil {
		json.NewEncoder(w).Encode(v)
	}
}

func message(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]any{"message": text, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)})
}

func invalid(w http.ResponseWriter, resource, field, code string) {
	answer(w, http.StatusUnprocessableEntity, map[string]any{
		"message": "Validation Failed", "documentation_url": "https://docs.github.com/rest",
		"errors": []any{map[string]any{"resource": resource, "field": field, "code": code}},
	})
}

func (a *asset) digest() string {
	sum := sha256.Sum256(a.data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

var user = map[string]any{
	"login": "github-actions[bot]", "id": 41898282, "node_id": "MDM6Qm90NDE4OTgyODI=", "gravatar_id": "", "type": "Bot", "site_admin": false,
	"avatar_url": "https://avatars.githubusercontent.com/in/15368?v=4", "url": "https://api.github.com/users/x", "html_url": "https://github.com/apps/github-actions",
	"followers_url": "https://api.github.com/users/x/followers", "following_url": "https://api.github.com/users/x/following{/other_user}", "gists_url": "https://api.github.com/users/x/gists{/gist_id}",
	"starred_url": "https://api.github.com/users/x/starred{/owner}{/repo}", "subscriptions_url": "https://api.github.com/users/x/subscriptions", "organizations_url": "https://api.github.com/users/x/orgs",
	"repos_url": "https://api.github.com/users/x/repos", "events_url": "https://api.github.com/users/x/events{/privacy}", "received_events_url": "https://api.github.com/users/x/received_events",
}

func (s *Server) assetJSON(r *release, a *asset) map[string]any {
	api := s.API() + "/repos/" + s.Repo + "/releases"
	m := map[string]any{
		"url": fmt.Sprintf("%s/assets/%d", api, a.id), "id": a.id, "node_id": "RA_" + strconv.FormatInt(a.id, 10), "name": a.name, "label": nil,
		"uploader": user, "content_type": a.contentType, "state": a.state, "size": len(a.data), "digest": a.digest(), "download_count": 0,
		"created_at": "2026-11-23T00:00:00Z", "updated_at": "2026-11-23T00:00:00Z", "browser_download_url": s.download(r, a.name),
	}
	if s.NoDigest || a.state != "uploaded" {
		m["digest"] = nil
	}
	return m
}

func (s *Server) download(r *release, name string) string {
	return s.URL + "/" + s.Repo + "/releases/download/" + url.PathEscape(s.webTag(r)) + "/" + name
}

// webTag is the tag in a release's web addresses; a draft has none yet.
func (s *Server) webTag(r *release) string {
	if r.draft {
		return fmt.Sprintf("untagged-%016x", r.id)
	}
	return r.tag
}

func (s *Server) releaseJSON(r *release) map[string]any {
	api := s.API() + "/repos/" + s.Repo + "/releases"
	upload := strings.Replace(api, s.Prefix+"/repos/", strings.Replace(s.Prefix, "/api/v3", "/api/uploads", 1)+"/repos/", 1)
	assets := []any{}
	for _, a := range r.assets {
		assets = append(assets, s.assetJSON(r, a))
	}
	m := map[string]any{
		"url": fmt.Sprintf("%s/%d", api, r.id), "assets_url": fmt.Sprintf("%s/%d/assets", api, r.id), "upload_url": fmt.Sprintf("%s/%d/assets{?name,label}", upload, r.id),
		"html_url": s.URL + "/" + s.Repo + "/releases/tag/" + url.PathEscape(s.webTag(r)), "id": r.id, "node_id": "RE_" + strconv.FormatInt(r.id, 10),
		"tag_name": r.tag, "target_commitish": r.commit, "name": r.name, "body": r.body, "draft": r.draft, "prerelease": r.prerelease, "immutable": r.immutable,
		"author": user, "assets": assets, "tarball_url": nil, "zipball_url": nil, "created_at": r.created.UTC().Format(time.RFC3339), "published_at": nil, "updated_at": nil,
	}
	if !r.draft {
		m["published_at"] = r.created.UTC().Format(time.RFC3339)
	}
	return m
}

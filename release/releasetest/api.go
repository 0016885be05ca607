package releasetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// serve is the API below Prefix and /repos, uploads below /api/uploads with
// such a prefix, and the web site's downloads.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	upload := strings.Replace(s.Prefix, "/api/v3", "/api/uploads", 1)
	if rest, ok := strings.CutPrefix(path, "/"+s.Repo+"/releases/"); ok {
		s.web(w, r, rest)
		return
	}
	rest, ok := strings.CutPrefix(path, s.Prefix+"/repos/"+s.Repo+"/releases")
	if !ok {
		rest, ok = strings.CutPrefix(path, upload+"/repos/"+s.Repo+"/releases")
	}
	write, known := s.rights(r)
	switch {
	case !known:
		message(w, http.StatusUnauthorized, "Bad credentials")
	case !ok:
		message(w, http.StatusNotFound, "Not Found")
	case r.Method != http.MethodGet && !write:
		message(w, http.StatusForbidden, "Resource not accessible by integration")
	default:
		// An upload's body is read before the lock is taken: it may be slow.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			message(w, http.StatusBadRequest, "Problems reading the body")
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.route(w, r, strings.Split(strings.Trim(rest, "/"), "/"), body, write)
	}
}

func (s *Server) rights(r *http.Request) (write, known bool) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch token {
	case Token:
		return true, true
	case ReadToken:
		return false, true
	case "":
		return false, !s.Private
	}
	return false, false
}

func (s *Server) route(w http.ResponseWriter, r *http.Request, p []string, body []byte, write bool) {
	switch {
	case p[0] == "" && r.Method == http.MethodGet:
		s.list(w, r, write)
	case p[0] == "" && r.Method == http.MethodPost:
		s.create(w, body)
	case p[0] == "tags" && len(p) > 1:
		tag := strings.Join(p[1:], "/")
		s.one(w, func(x *release) bool { return x.tag == tag && !x.draft })
	case p[0] == "latest":
		latest := s.latest()
		s.one(w, func(x *release) bool { return x == latest })
	case p[0] == "assets" && len(p) == 2:
		s.assetByID(w, r, p[1], body)
	default:
		x := s.find(p[0])
		if x == nil || (x.draft && !write) {
			message(w, http.StatusNotFound, "Not Found")
			return
		}
		s.release(w, r, x, p, body)
	}
}

func (s *Server) release(w http.ResponseWriter, r *http.Request, x *release, p []string, body []byte) {
	assets := len(p) == 2 && p[1] == "assets"
	switch {
	case assets && r.Method == http.MethodGet:
		var list []any
		for _, a := range x.listed() {
			list = append(list, s.assetJSON(x, a))
		}
		s.page(w, r, list)
	case assets && r.Method == http.MethodPost:
		s.upload(w, r, x, body)
	case len(p) == 1 && r.Method == http.MethodGet:
		answer(w, http.StatusOK, s.releaseJSON(x))
	case len(p) == 1 && r.Method == http.MethodPatch:
		s.patch(w, x, body)
	case len(p) == 1 && r.Method == http.MethodDelete:
		s.releases = slices.DeleteFunc(s.releases, func(y *release) bool { return y == x })
		w.WriteHeader(http.StatusNoContent)
	default:
		message(w, http.StatusNotFound, "Not Found")
	}
}

// visible leaves out what is too new for a list that lags.
func visible[T any](all []T, hidden func(T) *int) []T {
	var out []T
	for _, x := range all {
		if h := hidden(x); *h > 0 {
			*h--
			continue
		}
		out = append(out, x)
	}
	return out
}

// listed is what a list of assets shows, which lags: what is new is missing
// from it, and what was removed or renamed is there as it was.
func (r *release) listed() []*asset {
	var out []*asset
	for _, a := range visible(r.assets, func(a *asset) *int { return &a.hidden }) {
		if a.renamed > 0 {
			a.renamed--
			old := *a
			old.name = a.before
			a = &old
		}
		out = append(out, a)
	}
	var gone []*asset
	for _, a := range r.gone {
		if a.hidden > 0 {
			a.hidden--
			gone = append(gone, a)
			out = append(out, a)
		}
	}
	r.gone = gone
	return out
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, write bool) {
	var list []any
	all := visible(s.releases, func(x *release) *int { return &x.hidden })
	slices.Reverse(all) // the newest first
	for _, x := range all {
		if !x.draft || write {
			list = append(list, s.releaseJSON(x))
		}
	}
	s.page(w, r, list)
}

// page gives per_page entries (at most 100, 30 unless told) and a Link to the next.
func (s *Server) page(w http.ResponseWriter, r *http.Request, list []any) {
	q := r.URL.Query()
	per, err := strconv.Atoi(q.Get("per_page"))
	if err != nil || per > 100 || per < 1 {
		per = 30
	}
	n, err := strconv.Atoi(q.Get("page"))
	if err != nil || n < 1 {
		n = 1
	}
	from, to := min((n-1)*per, len(list)), min(n*per, len(list))
	if to < len(list) {
		q.Set("page", strconv.Itoa(n+1))
		w.Header().Set("Link", fmt.Sprintf(`<%s%s?%s>; rel="next"`, s.URL, r.URL.Path, q.Encode()))
	}
	answer(w, http.StatusOK, append([]any{}, list[from:to]...))
}

func (s *Server) one(w http.ResponseWriter, match func(*release) bool) {
	for _, x := range slices.Backward(s.releases) {
		if match(x) && x.hidden == 0 {
			answer(w, http.StatusOK, s.releaseJSON(x))
			return
		}
	}
	message(w, http.StatusNotFound, "Not Found")
}

type fields struct {
	TagName         *string `json:"tag_name"`
	TargetCommitish *string `json:"target_commitish"`
	Name            *string `json:"name"`
	Body            *string `json:"body"`
	Draft           *bool   `json:"draft"`
	Prerelease      *bool   `json:"prerelease"`
	MakeLatest      *string `json:"make_latest"`
}

func (s *Server) create(w http.ResponseWriter, body []byte) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil || f.TagName == nil {
		invalid(w, "Release", "tag_name", "missing_field")
		return
	}
	x := &release{id: s.id(), commit: "main", created: time.Now(), hidden: s.Lag}
	if !s.apply(w, x, f) {
		return
	}
	s.releases = append(s.releases, x)
	answer(w, http.StatusCreated, s.releaseJSON(x))
}

func (s *Server) patch(w http.ResponseWriter, x *release, body []byte) {
	var f fields
	if err := json.Unmarshal(body, &f); err != nil {
		message(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if x.immutable && (f.Draft != nil && *f.Draft || f.TagName != nil && *f.TagName != x.tag) {
		message(w, http.StatusUnprocessableEntity, "Cannot change an immutable release")
		return
	}
	if s.apply(w, x, f) {
		answer(w, http.StatusOK, s.releaseJSON(x))
	}
}

func (s *Server) apply(w http.ResponseWriter, x *release, f fields) bool {
	tag, draft := x.tag, x.draft
	set(&tag, f.TagName)
	set(&draft, f.Draft)
	taken := func(y *release) bool { return y != x && y.tag == tag && !y.draft }
	if !draft && slices.ContainsFunc(s.releases, taken) {
		invalid(w, "Release", "tag_name", "already_exists")
		return false
	}
	if f.MakeLatest != nil && *f.MakeLatest == "true" && (draft || x.prerelease || f.Prerelease != nil && *f.Prerelease) {
		invalid(w, "Release", "make_latest", "invalid")
		return false
	}
	if x.immutable && draft && !x.draft {
		message(w, http.StatusUnprocessableEntity, "Cannot change an immutable release")
		return false
	}
	if draft && s.latestID == x.id {
		s.latestID = 0
	}
	if !draft && (x.draft || x.tag == "") {
		x.immutable = s.Immutable
		s.published(x, f.MakeLatest)
	}
	x.tag, x.draft = tag, draft
	set(&x.commit, f.TargetCommitish)
	set(&x.name, f.Name)
	set(&x.body, f.Body)
	set(&x.prerelease, f.Prerelease)
	set(&x.latest, f.MakeLatest)
	return true
}

// published notes which release is the latest: one that is published is, unless
// it says otherwise.
func (s *Server) published(x *release, latest *string) {
	if latest == nil || *latest == "true" {
		s.latestID = x.id
	}
}

// latest is the release that was made it; where that is no longer one, the newest.
func (s *Server) latest() *release {
	var newest *release
	for _, x := range s.releases {
		switch {
		case x.draft || x.prerelease:
		case x.id == s.latestID:
			return x
		case newest == nil || !x.created.Before(newest.created):
			newest = x
		}
	}
	return newest
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

var rewritten = regexp.MustCompile(`[^A-Za-z0-9._+-]+`)

func (s *Server) upload(w http.ResponseWriter, r *http.Request, x *release, body []byte) {
	name := keptName(r.URL.Query().Get("name"))
	switch {
	case x.immutable:
		message(w, http.StatusUnprocessableEntity, "Cannot upload assets to an immutable release.")
	case r.ContentLength <= 0 || int64(len(body)) != r.ContentLength:
		invalid(w, "ReleaseAsset", "size", "invalid")
	case slices.ContainsFunc(x.assets, func(a *asset) bool { return a.name == name }):
		invalid(w, "ReleaseAsset", "name", "already_exists")
	case len(x.assets) >= 1000:
		invalid(w, "ReleaseAsset", "release", "too_many")
	default:
		a := &asset{id: s.id(), name: name, state: "uploaded", contentType: r.Header.Get("Content-Type"), data: body, hidden: s.Lag}
		x.assets = append(x.assets, a)
		answer(w, http.StatusCreated, s.assetJSON(x, a))
	}
}

func (s *Server) assetByID(w http.ResponseWriter, r *http.Request, id string, body []byte) {
	for _, x := range s.releases {
		for _, a := range x.assets {
			if strconv.FormatInt(a.id, 10) == id {
				s.asset(w, r, x, a, body)
				return
			}
		}
	}
	message(w, http.StatusNotFound, "Not Found")
}

func (s *Server) rename(w http.ResponseWriter, x *release, a *asset, body []byte) {
	var f struct {
		Name *string `json:"name"`
	}
	if err := json.Unmarshal(body, &f); err != nil || f.Name == nil {
		message(w, http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	name := keptName(*f.Name)
	switch {
	case x.immutable:
		message(w, http.StatusUnprocessableEntity, "Cannot edit assets of an immutable release.")
	case slices.ContainsFunc(x.assets, func(b *asset) bool { return b != a && b.name == name }):
		invalid(w, "ReleaseAsset", "name", "already_exists")
	default:
		if name != a.name {
			a.before, a.renamed = a.name, s.Lag
		}
		a.name = name
		answer(w, http.StatusOK, s.assetJSON(x, a))
	}
}

// keptName is what GitHub makes of an asset's name.
func keptName(name string) string { return strings.Trim(rewritten.ReplaceAllString(name, "."), ".") }

func (s *Server) asset(w http.ResponseWriter, r *http.Request, x *release, a *asset, body []byte) {
	switch {
	case r.Method == http.MethodDelete && x.immutable:
		message(w, http.StatusUnprocessableEntity, "Cannot delete assets of an immutable release.")
	case r.Method == http.MethodDelete:
		x.assets = slices.DeleteFunc(x.assets, func(b *asset) bool { return b == a })
		a.hidden = s.Lag
		x.gone = append(x.gone, a)
		w.WriteHeader(http.StatusNoContent)
	case r.Method == http.MethodPatch:
		s.rename(w, x, a, body)
	case r.Header.Get("Accept") == "application/octet-stream" && a.state == "uploaded":
		// As GitHub does: away to a storage with a signed URL, which refuses a token.
		w.Header().Set("Location", strings.Replace(s.URL, "127.0.0.1", "localhost", 1)+"/"+s.Repo+"/releases/storage/"+strconv.FormatInt(a.id, 10))
		w.WriteHeader(http.StatusFound)
	default:
		answer(w, http.StatusOK, s.assetJSON(x, a))
	}
}

// web is /OWNER/REPO/releases/: downloads by tag and of the latest, and the
// storage that the API redirects to.
func (s *Server) web(w http.ResponseWriter, r *http.Request, rest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := strings.Split(rest, "/")
	if p[0] == "storage" && len(p) == 2 {
		s.storage(w, r, p[1])
		return
	}
	if _, known := s.rights(r); !known {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	newest := s.latest()
	for _, x := range slices.Backward(s.releases) {
		latest := len(p) == 3 && p[0] == "latest" && p[1] == "download" && x == newest
		tagged := len(p) > 2 && p[0] == "download" && strings.Join(p[1:len(p)-1], "/") == x.tag && !x.draft
		if latest || tagged {
			for _, a := range x.assets {
				if a.name == p[len(p)-1] && a.state == "uploaded" {
					http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.data))
					return
				}
			}
			break
		}
	}
	http.NotFound(w, r)
}

func (s *Server) storage(w http.ResponseWriter, r *http.Request, id string) {
	if r.Header.Get("Authorization") != "" {
		http.Error(w, "Only one auth mechanism allowed", http.StatusBadRequest)
		return
	}
	for _, x := range s.releases {
		for _, a := range x.assets {
			if strconv.FormatInt(a.id, 10) == id {
				w.Write(a.data)
				return
			}
		}
	}
	http.NotFound(w, r)
}

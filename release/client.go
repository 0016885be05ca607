package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/redirect"
	"github.com/google/go-github/v57/github"
	"golang.org/x/oauth2"
)

// Config says where releases are, and who asks.
type Config struct {
	API       string // GITHUB_API_URL: "https://api.github.com", "https://HOST/api/v3"
	Repo      string // "OWNER/REPO"
	Token     string
	Generator string // "binary-buildout 1.2.3", the User-Agent
	Job       string // where the workflow grants rights: "in line 7 of .github/workflows/x.yml"; empty: unknown
	Transport http.RoundTripper
	Policy    Policy
	Log       func(format string, a ...any)
}

// Client speaks with the release API of one repository.
type Client struct {
	api    *url.URL
	repo   string
	agent  string
	job    string
	http   *http.Client
	policy Policy
	log    func(string, ...any)

	mu   sync.Mutex
	next time.Time // before which no content is created
}

// Release is what of GitHub's release this program needs.
type Release struct {
	ID              int64  `json:"id"`
	TagName         string `json:"tag_name"`
	TargetCommitish string `json:"target_commitish"`
	Name            string `json:"name"`
	Body            string `json:"body"`
	Draft           bool   `json:"draft"`
	Prerelease      bool   `json:"prerelease"`
	Immutable       bool   `json:"immutable"`
	HTMLURL         string `json:"html_url"`
	UploadURL       string `json:"upload_url"`

	// mark is what this run wrote into the text when it withdrew the release,
	// should a person have taken it away, or the text be full.
	mark string
}

// Asset is what of GitHub's asset this program needs.
type Asset struct {
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	State  string `json:"state"` // "uploaded"; "starter" and "open" are broken uploads
	Size   int64  `json:"size"`
	Digest string `json:"digest"` // "sha256:HEX"; empty on older servers
	URL    string `json:"url"`
}

// NewClient checks the configuration; it sends nothing.
func NewClient(c Config) (*Client, error) {
	api, err := url.Parse(strings.TrimSuffix(c.API, "/") + "/")
	if err != nil || api.Host == "" {
		return nil, fail(exitUsage, "GITHUB_API_URL is set by the Actions runner; outside of one it is https://api.github.com", "reading the API's URL %q: it has no host", c.API)
	}
	if owner, name, ok := strings.Cut(c.Repo, "/"); !ok || owner == "" || name == "" || strings.Contains(name, "/") {
		return nil, fail(exitUsage, "name the repository as OWNER/REPO", "reading the repository %q", c.Repo)
	}
	if c.Token == "" {
		return nil, fail(exitUsage, "in a workflow, give the step `env: GITHUB_TOKEN: ${{ github.token }}` or the input token", "releasing needs a token")
	}
	if c.Transport == nil {
		c.Transport = http.DefaultTransport
	}
	if c.Log == nil {
		c.Log = func(string, ...any) {}
	}
	auth := &oauth2.Transport{Source: oauth2.StaticTokenSource(&oauth2.Token{AccessToken: c.Token}), Base: c.Transport}
	return &Client{
		api: api, repo: c.Repo, agent: c.Generator, job: c.Job, policy: c.Policy.withDefaults(), log: c.Log,
		http: &http.Client{Transport: &pinned{hosts: tokenHosts(api), auth: auth, plain: c.Transport}, CheckRedirect: staySecure},
	}, nil
}

// staySecure follows no redirect from https to http, and says what to do about one.
func staySecure(r *http.Request, via []*http.Request) error {
	err := redirect.Secure(r, via)
	if errors.Is(err, redirect.ErrDowngraded) {
		return fail(exitOutside, "something answers in the server's place: a proxy, or a network's login page", "fetching %s: %w", via[0].URL.Redacted(), err)
	}
	return err
}

// pinned sends the token to GitHub's own hosts and to no other: assets of
// private repositories are redirected to a storage that must not see it.
type pinned struct {
	hosts       map[string]bool
	auth, plain http.RoundTripper
}

func (p *pinned) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.hosts[r.URL.Scheme+"://"+r.URL.Host] {
		return p.auth.RoundTrip(r)
	}
	return p.plain.RoundTrip(r)
}

// tokenHosts are the API's origin and that of its uploads: the same host on
// GitHub Enterprise Server, uploads.X for api.X elsewhere.
func tokenHosts(api *url.URL) map[string]bool {
	hosts := map[string]bool{api.Scheme + "://" + api.Host: true}
	if domain, ok := strings.CutPrefix(api.Host, "api."); ok {
		hosts[api.Scheme+"://uploads."+domain] = true
	}
	return hosts
}

// github makes a client for one request: go-github's own memory of limits
// would refuse later ones by the wall clock.
func (c *Client) github() *github.Client {
	g := github.NewClient(c.http)
	g.BaseURL, g.UploadURL, g.UserAgent = c.api, c.api, c.agent
	return g
}

// call sends one request once. v may be nil.
func (c *Client) call(ctx context.Context, method, path string, body, v any) (*github.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.policy.Timeout)
	defer cancel()
	g := c.github()
	r, err := g.NewRequest(method, path, body)
	if err != nil {
		return nil, err
	}
	resp, err := g.Do(ctx, r, v)
	return resp, fromContext(err)
}

// A request's own time limit is like any broken connection.
func fromContext(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return &url.Error{Op: "waiting", URL: "GitHub", Err: err}
	}
	return err
}

func (c *Client) path(format string, a ...any) string {
	return "repos/" + c.repo + fmt.Sprintf(format, a...)
}

// again is call with retries, for requests that may be sent twice.
func (c *Client) again(ctx context.Context, what, method, path string, body, v any) (resp *github.Response, err error) {
	err = c.policy.retry(ctx, c.log, what, func(ctx context.Context) (err error) {
		resp, err = c.call(ctx, method, path, body, v)
		return err
	})
	return resp, err
}

// pace keeps requests that create content apart.
func (c *Client) pace(ctx context.Context) error {
	c.mu.Lock()
	now := c.policy.Now()
	wait := c.next.Sub(now)
	c.next = now.Add(max(wait, 0) + c.policy.Pace)
	c.mu.Unlock()
	if wait <= 0 {
		return ctx.Err()
	}
	return c.policy.Sleep(ctx, wait)
}

// releases lists all releases that have the tag, drafts too, lowest id first.
func (c *Client) releases(ctx context.Context, tag string) ([]Release, error) {
	var all []Release
	for page := 1; page > 0; {
		var some []Release
		resp, err := c.again(ctx, "listing releases", http.MethodGet, c.path("/releases?per_page=100&page=%d", page), nil, &some)
		if err != nil {
			return nil, c.explain("listing releases", err)
		}
		for _, r := range some {
			if r.TagName == tag {
				all = append(all, r)
			}
		}
		page = resp.NextPage
	}
	return byID(all), nil
}

// published asks for the tag's published release; ok is false if there is none.
func (c *Client) published(ctx context.Context, tag string) (r Release, ok bool, err error) {
	_, err = c.again(ctx, "looking for the release", http.MethodGet, c.path("/releases/tags/%s", url.PathEscape(tag)), nil, &r)
	if status(err) == http.StatusNotFound {
		return Release{}, false, nil
	}
	return r, err == nil, c.explain("looking for the release", err)
}

func (c *Client) get(ctx context.Context, id int64) (r Release, err error) {
	_, err = c.again(ctx, "reading the release", http.MethodGet, c.path("/releases/%d", id), nil, &r)
	return r, c.explain("reading the release", err)
}

// revise edits a release. The change is made to what it is just then, not to
// what it was when the run began: a person may have edited the text meanwhile.
// Without a change nothing is sent.
func (c *Client) revise(ctx context.Context, id int64, change func(Release) map[string]any) (r Release, err error) {
	err = c.policy.retry(ctx, c.log, "editing the release", func(ctx context.Context) error {
		if err := c.pace(ctx); err != nil {
			return err
		}
		now, err := c.get(ctx, id)
		if err != nil {
			return err
		}
		fields := change(now)
		if len(fields) == 0 {
			r = now
			return nil
		}
		_, err = c.call(ctx, http.MethodPatch, c.path("/releases/%d", id), fields, &r)
		return err
	})
	return r, c.explain("editing the release", err)
}

func (c *Client) deleteRelease(ctx context.Context, id int64) error {
	_, err := c.again(ctx, "removing a draft", http.MethodDelete, c.path("/releases/%d", id), nil, nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return c.explain("removing a draft", err)
}

func (c *Client) assets(ctx context.Context, id int64) ([]Asset, error) {
	var all []Asset
	for page := 1; page > 0; {
		var some []Asset
		resp, err := c.again(ctx, "listing assets", http.MethodGet, c.path("/releases/%d/assets?per_page=100&page=%d", id, page), nil, &some)
		if err != nil {
			return nil, c.explain("listing assets", err)
		}
		all = append(all, some...)
		page = resp.NextPage
	}
	return all, nil
}

func (c *Client) deleteAsset(ctx context.Context, a Asset) error {
	_, err := c.again(ctx, "removing "+a.Name, http.MethodDelete, c.path("/releases/assets/%d", a.ID), nil, nil)
	if status(err) == http.StatusNotFound {
		return nil
	}
	return c.explain("removing "+a.Name, err)
}

// send uploads a file once. It goes to the release's upload_url, if that is a
// place the token may go to.
func (c *Client) send(ctx context.Context, r Release, f File) (a Asset, err error) {
	raw, _, _ := strings.Cut(r.UploadURL, "{")
	u, err := url.Parse(raw)
	if err != nil || !tokenHosts(c.api)[u.Scheme+"://"+u.Host] {
		return a, fail(exitOutside, "", "uploading %s: the release's upload_url %q is not of %s", f.Name, raw, c.api.Host)
	}
	body, err := f.Open()
	if err != nil {
		return a, fmt.Errorf("uploading %s: %w", f.Name, err)
	}
	defer body.Close()
	if err := c.pace(ctx); err != nil {
		return a, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.policy.Timeout+time.Duration(f.Size>>16)*time.Second)
	defer cancel()
	g := c.github()
	q := url.Values{"name": {f.Name}}
	req, err := g.NewUploadRequest(u.String()+"?"+q.Encode(), io.LimitReader(body, f.Size), f.Size, contentType(f.Name))
	if err != nil {
		return a, fmt.Errorf("uploading %s: %w", f.Name, err)
	}
	_, err = g.Do(ctx, req, &a)
	return a, fromContext(err)
}

// download reads a small asset whole.
func (c *Client) download(ctx context.Context, a Asset, limit int64) (data []byte, err error) {
	what := "reading " + a.Name
	err = c.policy.retry(ctx, c.log, what, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, c.policy.Timeout)
		defer cancel()
		return c.fetch(ctx, a, func(body io.Reader) (err error) {
			data, err = io.ReadAll(io.LimitReader(body, limit))
			return err
		})
	})
	return data, c.explain(what, err)
}

func (c *Client) fetch(ctx context.Context, a Asset, read func(io.Reader) error) error {
	g := c.github()
	req, err := g.NewRequest(http.MethodGet, c.path("/releases/assets/%d", a.ID), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/octet-stream")
	resp, err := g.BareDo(ctx, req)
	if err != nil {
		return fromContext(err)
	}
	defer resp.Body.Close()
	return fromContext(read(resp.Body))
}

func contentType(name string) string {
	for _, t := range []struct{ ending, mime string }{
		{".tar.gz", "application/gzip"}, {".tar.zst", "application/zstd"}, {".zip", "application/zip"},
		{".json", "application/json"}, {SumsName, "text/plain"}, {".sh", "text/plain"}, {".ps1", "text/plain"},
	} {
		if strings.HasSuffix(name, t.ending) {
			return t.mime
		}
	}
	return "application/octet-stream"
}

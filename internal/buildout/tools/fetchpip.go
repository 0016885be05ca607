package tools

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/pyversion"
	"github.com/binary-buildout/binary-buildout/internal/redirect"
)

// DefaultIndex is pip's own default.
const DefaultIndex = "https://pypi.org/simple/"

// MaxPage and maxWheel bound what an index may send, in bytes.
const (
	MaxPage  = 64 << 20
	maxWheel = 64 << 20
)

// indexFile is a file that an index offers (PEP 503 and PEP 691).
type indexFile struct {
	Filename       string            `json:"filename"`
	URL            string            `json:"url"`
	Hashes         map[string]string `json:"hashes"`
	RequiresPython string            `json:"requires-python"`
	Yanked         any               `json:"yanked"`
}

// fetchPip downloads the newest wheel of pip that the interpreter can run to
// dir. The index is that of PIP_INDEX_URL, user and password included.
func fetchPip(ctx context.Context, in Python, env []string, dir string) (string, error) {
	client, err := IndexClient(env)
	if err != nil {
		return "", err
	}
	index := environ.Get(env, "PIP_INDEX_URL")
	if index == "" {
		index = DefaultIndex
	}
	page, err := url.Parse(strings.TrimSuffix(index, "/") + "/pip/")
	if err != nil {
		return "", fmt.Errorf("reading PIP_INDEX_URL: %w", err)
	}
	data, kind, err := Get(ctx, client, page, MaxPage)
	if err != nil {
		return "", err
	}
	files, err := ReadIndex(data, kind)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", page.Redacted(), err)
	}
	best, ok := newestPip(files, in.Version)
	if !ok {
		return "", fmt.Errorf("%s has no wheel of pip for Python %s", page.Redacted(), in.Version)
	}
	return download(ctx, client, page, best, dir)
}

// IndexClient trusts PIP_CERT's authorities, as pip does.
func IndexClient(env []string) (*http.Client, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if file := environ.Get(env, "PIP_CERT"); file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading PIP_CERT: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("reading PIP_CERT: %s holds no certificate", file)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return &http.Client{Transport: transport, Timeout: 5 * time.Minute, CheckRedirect: redirect.Secure}, nil
}

// Get reads at most limit bytes, and gives their content type.
func Get(ctx context.Context, client *http.Client, u *url.URL, limit int64) ([]byte, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Accept", "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1, */*;q=0.01")
	res, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("getting %s: %s", u.Redacted(), res.Status)
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("getting %s: it is larger than %d bytes", u.Redacted(), limit)
	}
	return data, res.Header.Get("Content-Type"), err
}

var (
	anchor    = regexp.MustCompile(`(?is)<a\s([^>]*)>(.*?)</a>`)
	attribute = regexp.MustCompile(`(?is)([a-z-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')`)
)

// ReadIndex reads a project's page in JSON or HTML.
func ReadIndex(data []byte, kind string) ([]indexFile, error) {
	if strings.HasPrefix(kind, "application/vnd.pypi.simple.v1+json") {
		var page struct{ Files []indexFile }
		err := json.Unmarshal(data, &page)
		return page.Files, err
	}
	var files []indexFile
	for _, m := range anchor.FindAllStringSubmatch(string(data), -1) {
		f := indexFile{Hashes: map[string]string{}}
		for _, a := range attribute.FindAllStringSubmatch(m[1], -1) {
			value := html.UnescapeString(a[2] + a[3])
			switch strings.ToLower(a[1]) {
			case "href":
				f.URL, _, _ = strings.Cut(value, "#")
				if _, sum, ok := strings.Cut(value, "#sha256="); ok {
					f.Hashes["sha256"] = sum
				}
			case "data-requires-python":
				f.RequiresPython = value
			case "data-yanked":
				f.Yanked = true
			}
		}
		if u, err := url.Parse(f.URL); err == nil {
			f.Filename = path.Base(u.Path)
			files = append(files, f)
		}
	}
	return files, nil
}

var pipWheel = regexp.MustCompile(`^pip-([0-9]+(?:\.[0-9]+)*)-py[0-9.py]*-none-any\.whl$`)

// newestPip picks the newest final release that runs on the version of Python.
func newestPip(files []indexFile, python string) (indexFile, bool) {
	var best indexFile
	var version pyversion.Version
	found := false
	for _, f := range files {
		m := pipWheel.FindStringSubmatch(f.Filename)
		yanked := f.Yanked != nil && f.Yanked != false
		if m == nil || yanked || !pydist.Satisfies(python, f.RequiresPython) {
			continue
		}
		if strings.HasPrefix(python, "3.") && !strings.Contains(f.Filename, "py3") {
			continue
		}
		if v, ok := pyversion.Parse(m[1]); ok && (!found || pyversion.Compare(v, version) > 0) {
			best, version, found = f, v, true
		}
	}
	return best, found
}

// download saves the wheel to dir, after checking its digest.
func download(ctx context.Context, client *http.Client, page *url.URL, f indexFile, dir string) (string, error) {
	u, err := page.Parse(f.URL)
	if err != nil {
		return "", err
	}
	if u.User == nil && u.Host == page.Host {
		u.User = page.User
	}
	data, _, err := Get(ctx, client, u, maxWheel)
	if err != nil {
		return "", err
	}
	if want := f.Hashes["sha256"]; want != "" && want != digest.Of(data) {
		return "", fmt.Errorf("getting %s: its SHA-256 isn't the one that the index gives", u.Redacted())
	}
	file := filepath.Join(dir, filepath.Base(f.Filename))
	return file, os.WriteFile(file, data, 0o600)
}

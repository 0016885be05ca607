package fetch

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// folder is a mirror on disk.
type folder struct{ dir string }

func (f folder) name() string { return f.dir }

func (f folder) index(context.Context) ([]byte, error) {
	data, err := readSmall(filepath.Join(f.dir, IndexName))
	if err != nil {
		return nil, fault.Usage(fmt.Errorf("reading the mirror %s: %w", f.dir, err), "a mirror is a copy of all assets of a release, index.json among them")
	}
	return data, nil
}

func (f folder) document(_ context.Context, name string) ([]byte, error) {
	return readSmall(filepath.Join(f.dir, name))
}

func (f folder) repository() string { return "" }

// local is where an archive lies; "" where it has only volumes.
func (f folder) local(a Asset) string {
	path := filepath.Join(f.dir, a.Name)
	if len(a.Volumes) > 0 {
		if _, err := os.Lstat(path); err != nil {
			return ""
		}
	}
	return path
}

func (f folder) get(ctx context.Context, _ Request, a Asset, _ *Index, to string) error {
	return f.gather(ctx, a, to)
}

// maxSmall bounds a document of a release or mirror, bytes.
const maxSmall = 16 << 20

// readSmall is os.ReadFile of a document.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSmall+1))
	if err == nil && len(data) > maxSmall {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxSmall>>20)
	}
	return data, err
}

// mirror is the same behind a URL.
type mirror struct {
	remote Remote
	base   string
}

func (m *mirror) name() string { return secrets.Shown(m.base) }

func (m *mirror) index(ctx context.Context) ([]byte, error) {
	return m.remote.document(ctx, m.base+"/"+IndexName, "")
}

func (m *mirror) document(ctx context.Context, name string) ([]byte, error) {
	return m.remote.document(ctx, m.base+"/"+name, "")
}

func (m *mirror) repository() string { return "" }

func (m *mirror) local(Asset) string { return "" }

func (m *mirror) get(ctx context.Context, o Request, a Asset, _ *Index, to string) error {
	return m.remote.archive(ctx, o, a, "", func(name string) (string, error) { return m.base + "/" + url.PathEscape(name), nil }, to)
}

// publicRelease is a release by the addresses that browsers use: no API, no
// limit of 60 requests an hour.
type publicRelease struct {
	remote    Remote
	repo, tag string
}

func (p *publicRelease) name() string { return releaseName(p.repo, p.tag) }

func releaseName(repo, tag string) string {
	if tag == "" {
		return "the latest release of " + repo
	}
	return repo + "@" + tag
}

func (p *publicRelease) address(tag, name string) string {
	base := p.remote.Server + "/" + p.repo + "/releases/"
	if tag == "" {
		return base + "latest/download/" + url.PathEscape(name)
	}
	return base + "download/" + url.PathEscape(tag) + "/" + url.PathEscape(name)
}

func (p *publicRelease) index(ctx context.Context) ([]byte, error) {
	return p.remote.document(ctx, p.address(p.tag, IndexName), "")
}

func (p *publicRelease) document(ctx context.Context, name string) ([]byte, error) {
	return p.remote.document(ctx, p.address(p.tag, name), "")
}

func (p *publicRelease) repository() string { return p.repo }

func (p *publicRelease) local(Asset) string { return "" }

// get asks for the tag that the index names, so that a release published
// meanwhile doesn't mix in.
func (p *publicRelease) get(ctx context.Context, o Request, a Asset, x *Index, to string) error {
	tag := p.tag
	if tag == "" {
		tag = x.Tag
	}
	return p.remote.archive(ctx, o, a, "", func(name string) (string, error) { return p.address(tag, name), nil }, to)
}

// apiRelease is a release of a repository that only a token opens.
type apiRelease struct {
	remote    Remote
	repo, tag string
	assets    map[string]string // name to address
}

func (p *apiRelease) name() string { return releaseName(p.repo, p.tag) }

// document fetches a small asset; index has to have been called before.
func (p *apiRelease) document(ctx context.Context, name string) ([]byte, error) {
	if p.assets[name] == "" {
		return nil, fmt.Errorf("reading %s of %s: %w", name, p.name(), fs.ErrNotExist)
	}
	return p.remote.document(ctx, p.assets[name], "application/octet-stream")
}

func (p *apiRelease) repository() string { return p.repo }

func (p *apiRelease) local(Asset) string { return "" }

func (p *apiRelease) index(ctx context.Context) ([]byte, error) {
	address := p.remote.API + "/repos/" + p.repo + "/releases/"
	if p.tag == "" {
		address += "latest"
	} else {
		address += "tags/" + url.PathEscape(p.tag)
	}
	data, err := p.remote.document(ctx, address, "application/vnd.github+json")
	if err != nil {
		return nil, err
	}
	type asset struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	rel, err := decode[struct {
		Assets []asset `json:"assets"`
	}](data, address)
	if err != nil {
		return nil, err
	}
	p.assets = map[string]string{}
	for _, a := range rel.Assets {
		if strings.HasPrefix(a.URL, p.remote.API+"/") {
			p.assets[a.Name] = a.URL
		}
	}
	if p.assets[IndexName] == "" {
		return nil, fault.Usage(fmt.Errorf("reading %s: it has no %s", p.name(), IndexName), "the release wasn't made by binary-buildout, or isn't complete")
	}
	return p.remote.document(ctx, p.assets[IndexName], "application/octet-stream")
}

func (p *apiRelease) get(ctx context.Context, o Request, a Asset, _ *Index, to string) error {
	return p.remote.archive(ctx, o, a, "application/octet-stream", func(name string) (string, error) {
		if p.assets[name] == "" {
			return "", fault.Failed(fmt.Errorf("fetching %s: %s doesn't have it, though its index names it", name, p.name()), "")
		}
		return p.assets[name], nil
	}, to)
}

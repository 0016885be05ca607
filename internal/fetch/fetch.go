package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// repository matches OWNER/REPO and OWNER/REPO@TAG, in GitHub's characters.
var repository = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?:@(.+))?$`)

// Get brings the archive that the source names, and that fits this system.
// A path that exists is a path, whatever else it looks like.
func Get(ctx context.Context, o Request) (*Archive, error) {
	if IsAddress(o.Source) {
		return fetchURL(ctx, o)
	}
	if looksLikeAddress(o.Source) {
		return nil, notAnAddress(o.Source)
	}
	fi, err := o.stat(o.Source)
	switch {
	case err == nil && fi.Mode().IsRegular():
		return fetchFile(ctx, o)
	case err == nil && fi.IsDir():
		return fetchFrom(ctx, o, folder{o.Source})
	case err == nil:
		return nil, fault.Usage(fmt.Errorf("installing %s: it is neither a file nor a folder", secrets.Shown(o.Source)), "")
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return nil, fault.Usage(fmt.Errorf("looking at %s: %w", secrets.Shown(o.Source), reason(err)), "")
	}
	// An archive's name is no repository's: asking GitHub for it would hide that the file isn't there.
	if m := repository.FindStringSubmatch(o.Source); m != nil && !ArchiveSuffix.MatchString(o.Source) {
		r, err := o.remote()
		if err != nil {
			return nil, err
		}
		if r.Token != "" {
			return fetchFrom(ctx, o, &apiRelease{remote: r, repo: m[1] + "/" + m[2], tag: m[3]})
		}
		return fetchFrom(ctx, o, &publicRelease{remote: r, repo: m[1] + "/" + m[2], tag: m[3]})
	}
	return nil, fault.Usage(fmt.Errorf("installing %s: there is no such file", secrets.Shown(o.Source)), "give an archive, OWNER/REPO[@TAG], or the URL or folder of a mirror")
}

// fetchURL is for a mirror, or one archive.
func fetchURL(ctx context.Context, o Request) (*Archive, error) {
	u, err := url.Parse(o.Source)
	if err != nil || u.Host == "" {
		return nil, notAnAddress(o.Source)
	}
	r, err := o.remote()
	if err != nil {
		return nil, err
	}
	var f *Archive
	if !ArchiveSuffix.MatchString(u.Path) {
		f, err = fetchFrom(ctx, o, &mirror{r, strings.TrimRight(o.Source, "/")})
	} else {
		f, err = fetchOne(ctx, o, r, u)
	}
	if err == nil && u.Scheme == "http" && o.SHA256 == "" {
		f.Warnings = append(f.Warnings, "the archive and its digest came over http, which anybody on the way can change")
	}
	return f, err
}

// fetchOne fetches an archive by its address, after its sidecar.
func fetchOne(ctx context.Context, o Request, r Remote, u *url.URL) (*Archive, error) {
	a := Asset{Name: path.Base(u.Path), SHA256: o.SHA256}
	if a.SHA256 == "" {
		side := *u
		side.Path = ArchiveSuffix.ReplaceAllString(u.Path, "") + ".json"
		data, err := r.document(ctx, side.String(), "")
		if err != nil {
			return nil, &fault.Error{Err: fmt.Errorf("finding the archive's digest: %w", err), Code: fault.CodeOf(err, 3), Text: "put the archive's .json beside it, or give --sha256"}
		}
		if a.SHA256, err = sidecarDigest(data, secrets.Shown(side.String())); err != nil {
			return nil, err
		}
	}
	at := attested{}
	if o.asks() {
		beside := func(ctx context.Context, name string) ([]byte, error) {
			return r.document(ctx, u.JoinPath("..", name).String(), "")
		}
		var err error
		if at, err = attest(ctx, o, evidence{name: secrets.Shown(u.String()), document: beside, archive: a.Name}, a); err != nil {
			return nil, err
		}
	}
	f, err := fetchAsset(ctx, o, a, func(to string) error { return r.download(ctx, o, wanted{address: u.String(), name: a.Name}, to) })
	if err == nil {
		f.take(at)
	}
	return f, err
}

// shelf is a place that has an index and assets.
type shelf interface {
	name() string
	index(ctx context.Context) ([]byte, error)
	// get brings an asset to a file; or gives the path where it lies already.
	get(ctx context.Context, o Request, a Asset, x *Index, to string) error
	local(a Asset) string
	// document gives a small asset; one that isn't there is fs.ErrNotExist, or
	// the answer 404.
	document(ctx context.Context, name string) ([]byte, error)
	// repository is OWNER/REPO, "" for a mirror.
	repository() string
}

// fetchFrom takes what fits from a shelf.
func fetchFrom(ctx context.Context, o Request, s shelf) (*Archive, error) {
	o.tell(Event{Step: "index", Text: "looking up what " + s.name() + " has"})
	s, x, err := indexOfThis(ctx, o, s)
	if err != nil {
		return nil, err
	}
	if err := x.asTagged(tagOf(s), s.name()); err != nil {
		return nil, err
	}
	if err := o.forward(x, s); err != nil {
		return nil, err
	}
	c, err := Choose(ctx, o, x, s.name())
	if err != nil {
		return nil, err
	}
	a := c.Asset
	if d, ok := o.direct(a); ok {
		a = d
	}
	if o.SHA256 != "" && o.SHA256 != a.SHA256 {
		return nil, fault.Failed(fmt.Errorf("checking %s: --sha256 says %s, and %s says %s", a.Name, o.SHA256, s.name(), a.SHA256),
			"it isn't the archive that you mean: ask who made it")
	}
	if same, _ := o.Look(c.Asset); same && !o.RequireAttestation {
		return &Archive{Unchanged: true}, nil
	}
	if f, err := o.overOthers(ctx, s, x, c.Asset); f != nil || err != nil {
		if f != nil {
			f.Python = c.python
		}
		return f, err
	}
	at, err := attest(ctx, o, evidenceOf(s, x, c.Asset), a)
	if err != nil {
		return nil, err
	}
	var f *Archive
	local := s.local(a)
	if _, err := os.Stat(local); local != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Usage(fmt.Errorf("looking for %s: the mirror %s doesn't have it, though its index names it", a.Name, s.name()),
			incomplete)
	}
	if local != "" {
		f, err = openLocal(ctx, o, local, a.SHA256)
	} else {
		f, err = fetchAsset(ctx, o, a, func(to string) error { return s.get(ctx, o, a, x, to) })
	}
	if err != nil {
		return nil, err
	}
	f.Python, f.index, f.target = c.python, x, a.Target
	f.take(at)
	return f, nil
}

// fetchAsset downloads an archive, unless its directory needs nothing or can't
// take it.
func fetchAsset(ctx context.Context, o Request, a Asset, get func(to string) error) (*Archive, error) {
	same, err := o.Look(a)
	if err != nil {
		return nil, err
	}
	if same {
		return &Archive{Unchanged: true}, nil
	}
	got, err := bring(ctx, o, []wantedFile{{a, get}})
	if err != nil {
		return nil, err
	}
	return got[0], nil
}

// roomFor refuses a download that the disk has no room for, before it begins.
func roomFor(part string, size int64) error {
	if fi, err := os.Stat(part); err == nil {
		size -= fi.Size()
	}
	free, known := scratch.FreeSpace(filepath.Dir(part))
	if !known || free >= size {
		return nil
	}
	return fault.Surroundings(fmt.Errorf("downloading to %s: %d MB are free, and %d MB are needed", filepath.Dir(part), free>>20, size>>20+1), "make room on that disk")
}

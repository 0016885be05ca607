package install

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

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// repository matches OWNER/REPO and OWNER/REPO@TAG, in GitHub's characters.
var repository = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))/([A-Za-z0-9._-]{1,100})(?:@(.+))?$`)

// fetch brings the archive that the source names, and that fits this system.
// A path that exists is a path, whatever else it looks like.
func fetch(ctx context.Context, o Options, dir string) (*fetched, error) {
	if addressForm.MatchString(o.Source) {
		return fetchURL(ctx, o, dir)
	}
	if looksLikeAddress(o.Source) {
		return nil, notAnAddress(o.Source)
	}
	fi, err := o.stat(o.Source)
	switch {
	case err == nil && fi.Mode().IsRegular():
		return fetchFile(ctx, o, dir)
	case err == nil && fi.IsDir():
		return fetchFrom(ctx, o, dir, folder{o.Source})
	case err == nil:
		return nil, usage(fmt.Errorf("installing %s: it is neither a file nor a folder", withoutUser(o.Source)), "")
	case !errors.Is(err, fs.ErrNotExist) && !strings.Contains(err.Error(), "not a directory"):
		return nil, usage(fmt.Errorf("looking at %s: %w", withoutUser(o.Source), reason(err)), "")
	}
	if m := repository.FindStringSubmatch(o.Source); m != nil {
		r, err := o.remote()
		if err != nil {
			return nil, err
		}
		if r.Token != "" {
			return fetchFrom(ctx, o, dir, &apiRelease{remote: r, repo: m[1] + "/" + m[2], tag: m[3]})
		}
		return fetchFrom(ctx, o, dir, &publicRelease{remote: r, repo: m[1] + "/" + m[2], tag: m[3]})
	}
	return nil, usage(fmt.Errorf("installing %s: there is no such file", withoutUser(o.Source)), "give an archive, OWNER/REPO[@TAG], or the URL or folder of a mirror")
}

// fetchURL is for a mirror, or one archive.
func fetchURL(ctx context.Context, o Options, dir string) (*fetched, error) {
	u, err := url.Parse(o.Source)
	if err != nil || u.Host == "" {
		return nil, notAnAddress(o.Source)
	}
	r, err := o.remote()
	if err != nil {
		return nil, err
	}
	var f *fetched
	if !archiveSuffix.MatchString(u.Path) {
		f, err = fetchFrom(ctx, o, dir, &mirror{r, strings.TrimRight(o.Source, "/")})
	} else {
		f, err = fetchOne(ctx, o, dir, r, u)
	}
	if err == nil && u.Scheme == "http" && o.SHA256 == "" {
		f.warnings = append(f.warnings, "the archive and its digest came over http, which anybody on the way can change")
	}
	return f, err
}

// fetchOne fetches an archive by its address, after its sidecar.
func fetchOne(ctx context.Context, o Options, dir string, r Remote, u *url.URL) (*fetched, error) {
	a := Asset{Name: path.Base(u.Path), SHA256: o.SHA256}
	if a.SHA256 == "" {
		side := *u
		side.Path = archiveSuffix.ReplaceAllString(u.Path, "") + ".json"
		data, err := r.document(ctx, side.String(), "")
		if err != nil {
			return nil, &Error{Err: fmt.Errorf("finding the archive's digest: %w", err), Code: codeOf(err, 3), Text: "put the archive's .json beside it, or give --sha256"}
		}
		if a.SHA256, err = sidecarDigest(data, withoutUser(side.String())); err != nil {
			return nil, err
		}
	}
	at := attested{}
	if o.asksForAttestation() {
		beside := func(ctx context.Context, name string) ([]byte, error) {
			return r.document(ctx, u.JoinPath("..", name).String(), "")
		}
		var err error
		if at, err = attest(ctx, o, evidence{withoutUser(u.String()), "", beside}, a); err != nil {
			return nil, err
		}
	}
	f, err := fetchAsset(ctx, o, dir, a, func(to string) error { return r.download(ctx, o, wanted{address: u.String(), name: a.Name}, to) })
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
	get(ctx context.Context, o Options, a Asset, x *Index, to string) error
	local(a Asset) string
	// document gives a small asset; one that isn't there is fs.ErrNotExist, or
	// the answer 404.
	document(ctx context.Context, name string) ([]byte, error)
	// repository is OWNER/REPO, "" for a mirror.
	repository() string
}

// forward refuses to follow the latest release back to an older version, which
// it is for a moment while the latest one's files are replaced, or when that was
// withdrawn: an unattended update would go back. Who names a tag may.
func forward(o Options, x *Index, s shelf) error {
	if _, _, latest := latestOf(s); !latest {
		return nil
	}
	return backward(o, x, s)
}

// backward is an error where the index is one of an older version than what is there.
func backward(o Options, x *Index, s shelf) error {
	if !numbers.MatchString(o.installed) || !numbers.MatchString(x.Version) || matrix.CompareVersions(x.Version, o.installed) >= 0 {
		return nil
	}
	return surroundings(fmt.Errorf("updating: %s has version %s, and %s is installed", s.name(), x.Version, o.installed),
		"if the newer one's files are just being replaced, run it again later; to go back, name the tag: "+s.repository()+"@TAG")
}

// numbers are versions whose order is beyond doubt.
var numbers = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// fetchFrom takes what fits from a shelf.
func fetchFrom(ctx context.Context, o Options, dir string, s shelf) (*fetched, error) {
	o.tell(Event{Step: "index", Text: "looking what " + s.name() + " has"})
	s, x, err := indexOfThis(ctx, o, s)
	if err != nil {
		return nil, err
	}
	if err := x.asTagged(tagOf(s), s.name()); err != nil {
		return nil, err
	}
	if err := forward(o, x, s); err != nil {
		return nil, err
	}
	c, err := choose(ctx, o, x, s.name())
	if err != nil {
		return nil, err
	}
	a := c.asset
	if d, ok := a.deltaFrom(o.base); ok && (o.SHA256 == "" || o.SHA256 == d.SHA256) {
		a = d
	}
	if o.SHA256 != "" && o.SHA256 != a.SHA256 {
		return nil, failed(fmt.Errorf("checking %s: --sha256 says %s, and %s says %s", a.Name, o.SHA256, s.name(), a.SHA256),
			"it isn't the archive that you mean: ask who made it")
	}
	if res := already(dir, c.asset); res != nil && !o.RequireAttestation {
		return &fetched{unchanged: res}, nil
	}
	at, err := attest(ctx, o, evidence{s.name(), s.repository(), s.document}, a)
	if err != nil {
		return nil, err
	}
	var f *fetched
	local := s.local(a)
	if _, err := os.Stat(local); local != "" && errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("looking for %s: the mirror %s doesn't have it, though its index names it", a.Name, s.name()),
			"copy it there too: a mirror is a copy of all assets of a release")
	}
	if local != "" {
		f, err = openLocal(ctx, o, dir, local, a.SHA256)
	} else {
		f, err = fetchAsset(ctx, o, dir, a, func(to string) error { return s.get(ctx, o, a, x, to) })
	}
	if err != nil {
		return nil, err
	}
	f.python = c.python
	f.take(at)
	return f, nil
}

// already gives a result if the directory has the asset.
func already(dir string, a Asset) *Result {
	if a.SHA256 == "" {
		return nil
	}
	state, err := look(dir, nil, nil, a.SHA256)
	if err != nil || state != sameHere {
		return nil
	}
	m, err := readManifest(dir)
	if err != nil {
		return nil
	}
	return &Result{Dir: dir, Archive: a.Name, SHA256: a.SHA256, Name: m.Name, Version: m.Version, Target: m.Target}
}

// fetchAsset downloads beside the directory, unless that needs nothing or can't
// take it.
func fetchAsset(ctx context.Context, o Options, dir string, a Asset, get func(to string) error) (*fetched, error) {
	if res := already(dir, a); res != nil {
		return &fetched{unchanged: res}, nil
	}
	state, err := look(dir, nil, nil, a.SHA256)
	if err != nil {
		return nil, err
	}
	if state == otherHere && o.base == "" {
		return nil, otherVersion(o, dir, a.Name)
	}
	at, err := downloadDir(dir)
	if err != nil {
		return nil, err
	}
	held, err := scratch.Hold(at)
	if err != nil {
		return nil, surroundings(fmt.Errorf("locking %s: %w", at, err), "another install into the same directory is running; wait for it to end")
	}
	// The digest in its name says that an earlier run's part is of the same content.
	part := filepath.Join(at, a.SHA256+".part")
	_ = held.Clear(filepath.Base(part))
	err = roomFor(part, a.Size)
	if err == nil {
		err = get(part)
	}
	if err != nil {
		if fi, statErr := os.Stat(part); statErr == nil && fi.Size() > 0 {
			held.Release() // the next run goes on with it
		} else {
			held.Remove()
		}
		return nil, err
	}
	to := filepath.Join(at, a.Name)
	if err := os.Rename(part, to); err != nil {
		held.Remove()
		return nil, surroundings(fmt.Errorf("downloading: %w", err), "")
	}
	f := &fetched{name: a.Name, want: a.SHA256, remove: held.Remove}
	if f.file, err = os.Open(to); err == nil {
		_, err = f.sum(ctx)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
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
	return surroundings(fmt.Errorf("downloading to %s: %d MB are free, and %d MB are needed", filepath.Dir(part), free>>20, size>>20+1), "make room on that disk")
}

// downloadInside is the directory of downloads where the parent can't be written,
// and nothing is installed yet.
const downloadInside = ".binary-buildout.download"

// downloadDir makes the directory that downloads lie in until they are
// complete: beside the target, where the next run finds what an interrupted one
// left, and never among the temporary files, whose disk may be small. Where that
// can't be written, it is in the target itself.
func downloadDir(dir string) (string, error) {
	beside := filepath.Join(filepath.Dir(dir), "."+filepath.Base(dir)+downloadInside)
	err := scratch.Make(beside, 0o022)
	if err == nil {
		return beside, nil
	}
	if fi, statErr := os.Stat(dir); statErr == nil && fi.IsDir() {
		inside := filepath.Join(dir, downloadInside)
		if _, err := readManifest(dir); err == nil {
			inside = filepath.Join(dir, archive.Dir, "download")
		}
		if scratch.Make(inside, 0o022) == nil {
			return inside, nil
		}
	}
	hint := "install as a user who may write " + filepath.Dir(dir) + ", or have an empty directory made that you own"
	if errors.Is(err, scratch.ErrForeign) {
		err, hint = fmt.Errorf("%s is there: %w", beside, err), "remove it"
	}
	return "", surroundings(fmt.Errorf("making a directory to download to: %w", err), hint)
}

package fetch

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// A job of a published release may be run again. It has to make the same files,
// so it builds on what it built on: the versions that its deltas lead from, not
// on its own release, and not on one that was published since.

// shelfOf is a release by its tag; "" is the latest.
func (r Remote) shelfOf(repo, tag string) shelf {
	if r.Token != "" {
		return &apiRelease{remote: r, repo: repo, tag: tag}
	}
	return &publicRelease{remote: r, repo: repo, tag: tag}
}

// lastShelf is the release that has the base of what is packed, and the versions
// before that which further deltas led from, nil where that isn't known. Without a
// release, none says why.
func lastShelf(ctx context.Context, r Remote, w Wanted, all []listedRelease) (s shelf, earlier []string, none string) {
	tag, ok := w.tagOf(all, w.Version)
	if !ok {
		return r.shelfOf(w.Repo, ""), nil, ""
	}
	own := r.shelfOf(w.Repo, tag)
	x, err := indexOf(ctx, own)
	if err != nil {
		return nil, nil, err.Error()
	}
	bases := x.baseVersions(w)
	if len(bases) == 0 {
		return nil, nil, fmt.Sprintf("%s is %s %s itself, which was built from nothing", own.name(), w.Name, w.Version)
	}
	if tag, ok = w.tagOf(all, bases[0]); !ok {
		return nil, nil, fmt.Sprintf("%s is %s %s itself, and it was built on %s, whose release is not among the last %d", own.name(), w.Name, w.Version, bases[0], len(all))
	}
	return r.shelfOf(w.Repo, tag), bases[1:], ""
}

func indexOf(ctx context.Context, s shelf) (*Index, error) {
	data, err := s.index(ctx)
	if err != nil {
		return nil, err
	}
	return readIndex(data, s.name())
}

// baseVersions are what the deltas of a target lead from, the highest first.
func (x *Index) baseVersions(w Wanted) []string {
	var versions []string
	for _, a := range x.Assets {
		if a.Target != w.Target || a.Label != w.Label {
			continue
		}
		for _, d := range a.Deltas {
			versions = append(versions, d.BaseVersion)
		}
	}
	return highestFirst(versions)
}

// listedRelease is what of a release the list is asked for.
type listedRelease struct {
	Tag    string        `json:"tag_name"`
	Draft  bool          `json:"draft"`
	Pre    bool          `json:"prerelease"`
	Assets []listedAsset `json:"assets"`
}

type listedAsset struct {
	Name string `json:"name"`
}

// listedAtOnce is how many releases one request is answered with; more would
// be megabytes, since their assets come along.
const listedAtOnce = 30

// listed are the newest releases. Without a token the API answers 60 requests
// an hour; with no answer, the latest is taken unless it is of the same version.
func (r Remote) listed(ctx context.Context, repo string) []listedRelease {
	all, err := r.list(ctx, repo, 1)
	if err != nil {
		return nil
	}
	return all
}

// list is one page of the list of releases, the newest first.
func (r Remote) list(ctx context.Context, repo string, page int) ([]listedRelease, error) {
	address := fmt.Sprintf("%s/repos/%s/releases?per_page=%d&page=%d", r.API, repo, listedAtOnce, page)
	data, err := r.document(ctx, address, "application/vnd.github+json")
	if err != nil {
		return nil, err
	}
	all, err := decode[[]listedRelease](data, address)
	if err != nil {
		return nil, err
	}
	return *all, nil
}

// newest finds the newest published release that has an archive of the
// application for the target.
func (w Wanted) newest(all []listedRelease) (string, bool) {
	wanted := w.archives()
	for _, r := range all {
		for _, a := range r.Assets {
			if !r.Draft && !r.Pre && wanted.MatchString(a.Name) {
				return r.Tag, true
			}
		}
	}
	return "", false
}

// archives are the names of the target's archives; the group is the version.
func (w Wanted) archives() *regexp.Regexp {
	return regexp.MustCompile("^" + regexp.QuoteMeta(w.Name) + "-([0-9][A-Za-z0-9._+-]*)-" + regexp.QuoteMeta(strings.TrimSuffix(w.Target+"-"+w.Label, "-")) + `\.(tar\.gz|tar\.zst|zip)$`)
}

var archiveFormat = regexp.MustCompile(`^\.(tar\.gz|tar\.zst|zip)$`)

// tagOf finds the published release that has the target's archive of a version.
func (w Wanted) tagOf(all []listedRelease, version string) (string, bool) {
	stem := strings.TrimSuffix(w.Name+"-"+version+"-"+w.Target+"-"+w.Label, "-")
	for _, r := range all {
		for _, a := range r.Assets {
			if rest, ok := strings.CutPrefix(a.Name, stem); ok && !r.Draft && archiveFormat.MatchString(rest) {
				return r.Tag, true
			}
		}
	}
	return "", false
}

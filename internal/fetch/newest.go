package fetch

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// A repository may release several applications, each with tags of its own: the
// latest release is one of them, and an update wants this one's.

// morePages is how far back the list of releases is read, by thirty.
const morePages = 10

// indexOfThis gives the index of what the source names and, for the latest
// release of a repository, of the newest one of the application that is updated.
// Where the latest is the application's, no list is asked for.
func indexOfThis(ctx context.Context, o Request, s shelf) (shelf, *Index, error) {
	x, err := indexOf(ctx, s)
	if o.Application == "" || err == nil && x.Name == o.Application {
		return s, x, err
	}
	if repo, r, ok := latestOf(s); ok && (err == nil || missing(err) || fault.CodeOf(err, 0) == 2) {
		return newestOfThis(ctx, o, r, repo, x, err)
	}
	if err == nil {
		err = OtherApplication(o.Into, o.Application, x.Name+" "+x.Version)
	}
	return s, x, err
}

// latestOf says whether a shelf is a repository's latest release.
func latestOf(s shelf) (repo string, r Remote, ok bool) {
	switch s := s.(type) {
	case *publicRelease:
		return s.repo, s.remote, s.tag == ""
	case *apiRelease:
		return s.repo, s.remote, s.tag == ""
	}
	return "", Remote{}, false
}

// tagOf is the tag that a release was asked for by, "" for the latest and for a mirror.
func tagOf(s shelf) string {
	switch s := s.(type) {
	case *publicRelease:
		return s.tag
	case *apiRelease:
		return s.tag
	}
	return ""
}

// newestOfThis looks through the list of releases. The index of the latest, or
// why there is none, says what is wrong where nothing is found.
func newestOfThis(ctx context.Context, o Request, r Remote, repo string, latest *Index, latestErr error) (shelf, *Index, error) {
	seen := 0
	var older error
	for page := 1; page <= morePages; page++ {
		all, err := r.list(ctx, repo, page)
		if err != nil {
			if latestErr != nil {
				return nil, nil, latestErr
			}
			return nil, nil, &fault.Error{Err: fmt.Errorf("updating %s: the latest release of %s belongs to %s, and its other releases can't be listed: %w", o.Into, repo, latest.Name, err),
				Code: fault.CodeOf(err, 3), Text: "set GH_TOKEN, or name the tag: " + repo + "@TAG"}
		}
		for _, tag := range tagsOf(all, o.Application) {
			s := r.shelfOf(repo, tag)
			x, err := indexOf(ctx, s)
			var outside *fault.Error
			switch {
			case errors.As(err, &outside) && outside.Code == 3 || ctx.Err() != nil:
				return nil, nil, err
			case err != nil || x.Name != o.Application: // one whose name goes on, or that was made by hand
				continue
			}
			if older = o.forward(x, s); older == nil {
				return s, x, nil
			}
		}
		seen += len(all)
		if len(all) < listedAtOnce {
			break
		}
	}
	switch {
	case older != nil:
		return nil, nil, older
	case latestErr != nil:
		return nil, nil, latestErr
	}
	return nil, nil, fault.Usage(fmt.Errorf("updating %s: the latest release of %s belongs to %s, and none of the last %d belongs to %s", o.Into, repo, latest.Name, seen, o.Application),
		"name the tag: "+repo+"@TAG")
}

// tagsOf are the published releases, in the list's order, that have an archive
// whose name begins as those of the application do.
func tagsOf(all []listedRelease, name string) []string {
	wanted := regexp.MustCompile("^" + regexp.QuoteMeta(name) + `-.+\.(tar\.gz|tar\.zst|zip)$`)
	var tags []string
	for _, r := range all {
		if !r.Draft && !r.Pre && slices.ContainsFunc(r.Assets, func(a listedAsset) bool { return wanted.MatchString(a.Name) }) {
			tags = append(tags, r.Tag)
		}
	}
	return tags
}

// OtherApplication is an index, archive or delta of another application.
func OtherApplication(dir, name, what string) error {
	return fault.Usage(fmt.Errorf("updating %s: %s is installed there, and this is %s", dir, name, what), "install it into another directory")
}

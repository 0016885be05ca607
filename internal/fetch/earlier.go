package fetch

import (
	"context"
	"fmt"
	"slices"

	"github.com/binary-buildout/binary-buildout/internal/pyversion"
)

// before are the versions that further deltas lead from: of the published
// releases that have an archive of the target the highest ones below last, as
// many as are asked for. Those that PEP 440 has no order for are none, since a
// repeated run has to find the same one to build on.
func (w Wanted) before(all []listedRelease, last string) []string {
	var versions []string
	wanted := w.archives()
	for _, r := range all {
		for _, a := range r.Assets {
			found := wanted.FindStringSubmatch(a.Name)
			if found == nil || r.Draft || r.Pre || slices.Contains(versions, found[1]) {
				continue
			}
			if older, known := Older(found[1], last); older && known {
				versions = append(versions, found[1])
			}
		}
	}
	return highestFirst(versions)[:min(len(versions), max(0, w.Deltas-1))]
}

// highestFirst sorts versions; those that PEP 440 has no order for come last, as
// they were.
func highestFirst(versions []string) []string {
	slices.SortStableFunc(versions, func(a, b string) int {
		x, okX := pyversion.Parse(a)
		y, okY := pyversion.Parse(b)
		switch {
		case okX && okY:
			return pyversion.Compare(y, x)
		case okX:
			return -1
		case okY:
			return 1
		}
		return 0
	})
	return versions
}

// bringEarlier downloads the archives of further versions. One that can't be had
// is a warning: there is no delta from it then.
func (l *LastArchive) bringEarlier(ctx context.Context, o Request, w Wanted, r Remote, all []listedRelease, versions []string) error {
	for _, version := range versions {
		found, err := w.ofVersion(ctx, o, r, all, version)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			l.Warnings = append(l.Warnings, fmt.Sprintf("there is no delta from %s: %v", version, err))
		default:
			l.Earlier = append(l.Earlier, found.Path)
			l.Warnings = append(l.Warnings, found.Warnings...)
		}
	}
	return nil
}

// ofVersion downloads the target's archive of a version's release.
func (w Wanted) ofVersion(ctx context.Context, o Request, r Remote, all []listedRelease, version string) (*LastArchive, error) {
	tag, ok := w.tagOf(all, version)
	if !ok {
		return nil, fmt.Errorf("its release is not among the last %d of %s", len(all), w.Repo)
	}
	s := r.shelfOf(w.Repo, tag)
	x, err := indexOf(ctx, s)
	if err != nil {
		return nil, err
	}
	for _, a := range x.Assets {
		if x.Name == w.Name && x.Version == version && a.Target == w.Target && a.Label == w.Label {
			return bringLast(ctx, o, w, s, x, a)
		}
	}
	return nil, fmt.Errorf("the index of %s names no archive of it", s.name())
}

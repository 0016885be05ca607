package fetch

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// Each release has deltas from some versions before it, and so has each of these.
// Together they may lead from the version that is there to the newest, in fewer
// bytes than its archive has, or than a delta that leads there at once.

// mostIndexes is how many indexes of further releases an update reads at most.
const mostIndexes = 8

// A step is a delta of a way, and the release that has it.
type step struct {
	shelf   shelf
	index   *Index
	archive Asset // that the delta leads to
	delta   Asset
}

// A node is a version from which a way to the newest one is known.
type node struct {
	base, version string // the digest of its manifest, and what it is called
	way           []step
	cost          int64 // bytes
}

// way is the cheapest way of deltas from the version that is there to an archive of
// an index; none where there is no way, or the archive itself is no larger.
//
// Another release's index is asked for only where a way over that release could be
// cheaper by more than the index has bytes. One that can't be read leads nowhere.
func (o Request) way(ctx context.Context, s shelf, x *Index, a Asset) []step {
	if o.Base == "" || o.Whole || o.SHA256 != "" { // one file is meant by a digest
		return nil
	}
	best := node{cost: a.Size}
	if a.Size <= 0 {
		best.cost = math.MaxInt64
	}
	seen := map[string]bool{}
	var open []node
	grow := func(from node, s shelf, x *Index, a Asset) {
		for _, d := range a.deltaAssets() {
			n := node{base: d.base, version: d.version, cost: from.cost + d.asset.Size, way: append([]step{{s, x, a, d.asset}}, from.way...)}
			switch {
			case n.base == o.Base && n.cost < best.cost:
				best = n
			case n.base != o.Base && !seen[n.base]:
				open = append(open, n)
			}
		}
	}
	grow(node{}, s, x, a)
	others := releases{now: s, index: x}
	for read := 0; len(open) > 0 && read < mostIndexes && ctx.Err() == nil; {
		slices.SortStableFunc(open, func(a, b node) int { return cmp.Compare(a.cost, b.cost) })
		next := open[0]
		open = open[1:]
		if next.cost+x.size >= best.cost {
			break
		}
		if seen[next.base] || next.version == "" || o.Forward(next.version, "", "") != nil {
			continue
		}
		seen[next.base] = true
		read++
		if s, x, err := others.of(ctx, next.version, a); err == nil {
			if b, ok := x.sameTarget(a); ok {
				grow(next, s, x, b)
			}
		}
	}
	return best.way
}

// direct is the delta that leads to an archive at once, if it is there, and is no
// larger than the archive. Where one file is meant, it is that one.
func (o Request) direct(a Asset) (Asset, bool) {
	d, ok := a.deltaFrom(o.Base)
	if !ok || o.Whole || o.SHA256 != "" && d.SHA256 != o.SHA256 || o.SHA256 == "" && a.Size > 0 && d.Size > a.Size {
		return Asset{}, false
	}
	return d, true
}

// deltaAsset is a delta as an asset, and what it leads from.
type deltaAsset struct {
	asset         Asset
	base, version string
}

func (a Asset) deltaAssets() []deltaAsset {
	var all []deltaAsset
	for _, d := range a.Deltas {
		as, _ := a.deltaFrom(d.Base)
		all = append(all, deltaAsset{as, d.Base, d.BaseVersion})
	}
	return all
}

// sameTarget is the archive of an index for the target of another one's.
func (x *Index) sameTarget(a Asset) (Asset, bool) {
	i := slices.IndexFunc(x.Assets, func(b Asset) bool { return b.Target == a.Target && b.Label == a.Label })
	if i < 0 {
		return Asset{}, false
	}
	return x.Assets[i], true
}

// releases finds releases of further versions by one of an application.
type releases struct {
	now    shelf
	index  *Index
	listed []listedRelease // nil until they are asked for
}

// of is the release of a version. In a mirror that is a directory with its name.
// In a repository its tag is this release's with another version in it; else the
// list of releases says which.
func (r *releases) of(ctx context.Context, version string, a Asset) (shelf, *Index, error) {
	switch s := r.now.(type) {
	case folder:
		return r.checked(ctx, folder{filepath.Join(s.dir, version)}, version)
	case *mirror:
		return r.checked(ctx, &mirror{s.remote, s.base + "/" + url.PathEscape(version)}, version)
	}
	repo, remote := remoteOf(r.now)
	if tag := r.index.Tag; strings.Contains(tag, r.index.Version) {
		s, x, err := r.checked(ctx, remote.shelfOf(repo, strings.Replace(tag, r.index.Version, version, 1)), version)
		if err == nil {
			return s, x, nil
		}
	}
	if r.listed == nil {
		r.listed = append([]listedRelease{}, remote.listed(ctx, repo)...)
	}
	tag, ok := Wanted{Name: r.index.Name, Target: a.Target, Label: a.Label}.tagOf(r.listed, version)
	if !ok {
		return nil, nil, fmt.Errorf("no release of %s is known", version)
	}
	return r.checked(ctx, remote.shelfOf(repo, tag), version)
}

// checked reads the index of a release, which has to be of that version.
func (r *releases) checked(ctx context.Context, s shelf, version string) (shelf, *Index, error) {
	x, err := indexOf(ctx, s)
	if err == nil {
		err = x.asTagged(tagOf(s), s.name())
	}
	if err == nil && (x.Name != r.index.Name || x.Version != version) {
		err = fmt.Errorf("%s is %s %s", s.name(), x.Name, x.Version)
	}
	return s, x, err
}

// remoteOf is the repository of a release.
func remoteOf(s shelf) (repo string, r Remote) {
	switch s := s.(type) {
	case *publicRelease:
		return s.repo, s.remote
	case *apiRelease:
		return s.repo, s.remote
	}
	return "", Remote{}
}

// overOthers brings the deltas of a way over other versions, where that is the
// cheapest; nothing where it isn't, or one of them can't be had: the way that needs
// no other release is still there then.
func (o Request) overOthers(ctx context.Context, s shelf, x *Index, a Asset) (*Archive, error) {
	way := o.way(ctx, s, x, a)
	if len(way) < 2 {
		return nil, ctx.Err()
	}
	f, err := fetchWay(ctx, o, way)
	if err == nil || ctx.Err() != nil {
		return f, err
	}
	o.tell(Event{Step: "index", Text: fmt.Sprintf("not taking %d deltas over other versions: %v", len(way), err)})
	return nil, nil
}

// fetchWay brings the deltas of a way. Each is checked against the attestation of its
// own release: what is verified is so in each step.
func fetchWay(ctx context.Context, o Request, way []step) (*Archive, error) {
	var all attested
	var files []wantedFile
	for i, p := range way {
		at, err := attest(ctx, o, evidenceOf(p.shelf, p.index, p.archive), p.delta)
		if err != nil {
			return nil, err
		}
		all = all.and(at, i == 0)
		files = append(files, wantedFile{p.delta, func(to string) error {
			if local := p.shelf.local(p.delta); local != "" {
				return copyLocal(ctx, o, local, to)
			}
			return p.shelf.get(ctx, o, p.delta, p.index, to)
		}})
	}
	got, err := bring(ctx, o, files)
	if err != nil {
		return nil, err
	}
	for i, f := range got {
		f.index, f.target = way[i].index, way[i].archive.Target
	}
	last := got[len(got)-1]
	last.Before = got[:len(got)-1]
	last.take(all)
	return last, nil
}

// and is what came of two attestations together.
func (a attested) and(b attested, first bool) attested {
	if first || a.state == attestationVerified {
		a.state, a.signer = b.state, b.signer
	}
	for _, w := range b.warnings {
		if !slices.Contains(a.warnings, w) {
			a.warnings = append(a.warnings, w)
		}
	}
	return a
}

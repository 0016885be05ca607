package fetch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Wanted says which archive of a release Last takes.
type Wanted struct {
	Repo          string // OWNER/REPO
	Name          string // the application's
	Version       string // what is packed; a release of it isn't a base of it
	Target, Label string
	Dir           string // where the archive goes
	Deltas        int    // how many releases' archives Last takes, the last one among them; at least 1
}

// LastArchive is what the last release has of a target. Without a Path there
// is none, and None says why.
type LastArchive struct {
	Path, Version string
	Earlier       []string // paths of the archives of releases before it, the newest first
	None          string
	Warnings      []string
}

// Last downloads the last release's archive of a target: what the next build
// may reuse. That there is none is no error. Its digest is that of index.json,
// and an attestation that is there has to be the repository's own.
func Last(ctx context.Context, o Request, w Wanted) (*LastArchive, error) {
	if w.Repo == "" {
		return nil, fault.Usage(errors.New("looking for the last release: no repository is named"), "name it with --repo OWNER/REPO")
	}
	if !ownerRepo.MatchString(w.Repo) {
		return nil, fault.Usage(fmt.Errorf("looking for the last release: %q isn't OWNER/REPO", w.Repo), "name the repository with --repo OWNER/REPO")
	}
	r, err := o.remote()
	if err != nil {
		return nil, err
	}
	all := r.listed(ctx, w.Repo)
	s, earlier, none := lastShelf(ctx, r, w, all)
	if s == nil {
		return &LastArchive{None: none}, nil
	}
	x, err := indexOf(ctx, s)
	// Of several applications of a repository another one may be the latest, or
	// one that was made by hand.
	if tag, ok := w.newest(all); ok && (missing(err) || fault.CodeOf(err, 0) == 2 || err == nil && x.Name != w.Name) {
		s = r.shelfOf(w.Repo, tag)
		x, err = indexOf(ctx, s)
	}
	if missing(err) {
		return &LastArchive{None: w.Repo + " has no release yet that binary-buildout made"}, nil
	}
	if err != nil {
		return nil, err
	}
	if x.Name != w.Name {
		return &LastArchive{None: fmt.Sprintf("%s belongs to %s, and %s is built", s.name(), x.Name, w.Name)}, nil
	}
	if x.Version == w.Version {
		return &LastArchive{None: fmt.Sprintf("%s is %s %s itself", s.name(), x.Name, x.Version)}, nil
	}
	var have []string
	for _, a := range x.Assets {
		if a.Target == w.Target && a.Label == w.Label {
			last, err := bringLast(ctx, o, w, s, x, a)
			if err != nil {
				return nil, err
			}
			if earlier == nil {
				earlier = w.before(all, x.Version)
			}
			return last, last.bringEarlier(ctx, o, w, r, all, earlier)
		}
		have = append(have, strings.TrimSuffix(a.Target+"-"+a.Label, "-"))
	}
	return &LastArchive{None: fmt.Sprintf("%s has none for %s, only %s", s.name(), strings.TrimSuffix(w.Target+"-"+w.Label, "-"), strings.Join(have, ", "))}, nil
}

func bringLast(ctx context.Context, o Request, w Wanted, s shelf, x *Index, a Asset) (*LastArchive, error) {
	at, err := attest(ctx, o, evidenceOf(s, x, a), a)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("downloading the last archive: %w", err), "")
	}
	part := filepath.Join(w.Dir, a.SHA256+".part")
	if err := s.get(ctx, o, a, x, part); err != nil {
		return nil, err
	}
	if _, err := checkDigest(ctx, part, a.SHA256); err != nil {
		os.Remove(part)
		return nil, err
	}
	to := filepath.Join(w.Dir, a.Name)
	if err := os.Rename(part, to); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("downloading the last archive: %w", err), "")
	}
	if err := os.Chmod(to, 0o644); err != nil { // a build in an image may be another user's
		return nil, fault.Surroundings(fmt.Errorf("downloading the last archive: %w", err), "")
	}
	return &LastArchive{Path: to, Version: x.Version, Warnings: at.warnings}, nil
}

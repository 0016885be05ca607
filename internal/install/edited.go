package install

import (
	"context"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// fetch brings the delta or the archive. A delta that says files by some that
// were edited here can't be applied: where an index has the archive, and that can
// be had, it is brought instead.
func (t *application) fetch(ctx context.Context, o UpdateOptions, r *request) (*fetch.Archive, *archive.Chain, error) {
	a, err := fetch.Get(ctx, r.Request)
	if err != nil || a.Unchanged || !a.Indexed() || r.SHA256 != "" {
		return a, nil, err
	}
	if len(a.Before) > 0 {
		return t.fetchChain(ctx, o, r, a)
	}
	edited, err := t.edited(ctx, a)
	if err == nil && edited == "" {
		return a, nil, nil
	}
	a.Close()
	if err != nil {
		return nil, nil, err
	}
	o.tell(fetch.Event{Step: "index", Text: "taking the whole archive: " + edited + " was edited, and the delta may need it as it was"})
	whole := r.Request
	whole.Whole = true
	if a, err := fetch.Get(ctx, whole); err == nil || ctx.Err() != nil {
		return a, nil, err
	}
	a, err = fetch.Get(ctx, r.Request) // it may do without that file
	return a, nil, err
}

// edited is a file that a delta needs and that isn't as it was installed, or "".
func (t *application) edited(ctx context.Context, a *fetch.Archive) (string, error) {
	if _, err := a.Sum(ctx); err != nil {
		return "", err
	}
	in, err := archive.ReadDelta(a.File)
	if err != nil || in.Delta.Base != t.digest || in.Delta.Format < 2 {
		return "", nil // it isn't a delta, or none for here, which is said later; or has all that is new
	}
	return in.Lacks(t.dir, t.manifest)
}

package install

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// fetchChain makes one change of the deltas that were brought. They are checked
// whole before anything of the tree is changed or stopped; where they don't lead to
// the new version from what is here, the archive does.
func (t *application) fetchChain(ctx context.Context, o UpdateOptions, r *request, a *fetch.Archive) (*fetch.Archive, *archive.Chain, error) {
	o.tell(fetch.Event{Step: "check", Text: fmt.Sprintf("checking what %d deltas make together", len(a.Before)+1)})
	chain, err := t.openChain(ctx, append(a.Before, a))
	if err == nil {
		return a, chain, nil
	}
	a.Close()
	if ctx.Err() != nil {
		return nil, nil, err
	}
	o.tell(fetch.Event{Step: "index", Text: "taking the whole archive: " + err.Error()})
	whole := r.Request
	whole.Whole = true
	a, err = fetch.Get(ctx, whole)
	return a, nil, err
}

// openChain checks each delta against its index, too.
func (t *application) openChain(ctx context.Context, deltas []*fetch.Archive) (*archive.Chain, error) {
	var files []*os.File
	for _, a := range deltas {
		files = append(files, a.File)
	}
	chain, err := archive.OpenChain(ctx, files, t.dir)
	if err != nil {
		return nil, err
	}
	for i, a := range deltas {
		d := chain.Steps[i].Delta
		if err := a.Holds(d.Name, d.Version, chain.Last.Target); err != nil {
			return nil, errors.Join(err, chain.Close())
		}
	}
	return chain, nil
}

// layChain brings the last version of a chain into the tree, where nothing sees it yet.
func (t *application) layChain(ctx context.Context, o UpdateOptions, r *request, a *fetch.Archive, chain *archive.Chain, res *Updated) (*interpreter.Needs, *Updated, error) {
	last := chain.Steps[len(chain.Steps)-1].Delta
	res.Version, res.Archive, res.SHA256 = last.Version, last.Archive, last.SHA256
	if err := r.version(a, last.Name, last.Version, chain.Last.Target, res); err != nil {
		return nil, nil, err
	}
	over := []string{t.manifest.Version}
	for _, step := range chain.Steps {
		over = append(over, step.Delta.Version)
	}
	o.tell(fetch.Event{Step: "unpack", Text: fmt.Sprintf("unpacking %d deltas, %s", len(chain.Steps), strings.Join(over, " to "))})
	if _, err := chain.Lay(ctx, o.Source); err != nil {
		return nil, nil, &fault.Error{Err: fmt.Errorf("unpacking %s: %w", a.Name, err), Code: fault.CodeOf(err, 3), Text: fault.HintOf(err, "")}
	}
	res.Changed = true
	n := interpreter.Required(&chain.Last)
	return &n, res, nil
}

package install

import (
	"context"
	"errors"
	"fmt"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
)

// Rollback brings back the version that was there before the last update, as
// it was; forward again goes an update.
func Rollback(ctx context.Context, o UpdateOptions) (*Updated, error) {
	t, err := openTree(ctx, o.Options)
	if err != nil {
		return nil, err
	}
	defer t.close()
	if t.resumed != nil && !t.resumed.Keeps {
		return t.rolledBack(t.resumed.FromVersion), t.shell(ctx, o, "start", o.Start)
	}
	plan, err := archive.Document[change](t.dir, previousPlan)
	if err != nil || plan.To != t.digest {
		return nil, fault.Usage(fmt.Errorf("rolling back %s: there is no version to go back to", t.dir),
			"an update keeps the version before it; install another one's archive beside this directory")
	}
	python := t.state.Interpreter
	if o.Python != "" {
		python = o.Python
	}
	if err := t.shell(ctx, o, "stop", o.Stop); err != nil {
		return nil, err
	}
	from := t.manifest.Version
	err = t.back(ctx, o, python)
	if start := t.shell(context.WithoutCancel(ctx), o, "start", o.Start); err != nil || start != nil {
		return nil, errors.Join(err, start)
	}
	return t.rolledBack(from), nil
}

// rolledBack says what is there after a rollback.
func (t *application) rolledBack(from string) *Updated {
	res := &Updated{From: from, Config: t.state.Config, Result: Result{
		Changed: true, Dir: t.dir, Name: t.manifest.Name, Version: t.manifest.Version, Target: t.manifest.Target, Python: t.state.Interpreter,
	}}
	if r, err := readRecord(t.dir); err == nil {
		res.Archive, res.SHA256 = r.Archive, r.SHA256
	}
	return res
}

// back has bootstrap.py bring the old version back, and reads what is there then.
func (t *application) back(ctx context.Context, o UpdateOptions, python string) error {
	o.tell(fetch.Event{Step: "bootstrap", Text: "going back with " + python})
	err := patiently(ctx, o.Options, func() error { return runBootstrap(ctx, o.Options, t.dir, python, "--rollback") })
	if err != nil {
		return err
	}
	return t.read(ctx, o.Options)
}

package buildout

import (
	"context"
	"errors"
	"os"
	"time"
)

// errHeld says that another process holds the lock.
var errHeld = errors.New("another run holds it")

// hold takes the stage for this process, until the file that it returns is
// closed. While another run has the stage it waits, and says so once.
func (s stage) hold(ctx context.Context, waiting func()) (*os.File, error) {
	doing := "locking the stage " + s.root
	file, err := os.OpenFile(s.lock, os.O_CREATE|os.O_RDWR|openNoFollow, 0o600)
	if err != nil {
		return nil, surroundings(doing, "", err)
	}
	for tries := 0; ; tries++ {
		err := lockFile(file)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, errHeld) {
			file.Close()
			return nil, surroundings(doing, "give another --stage DIR, on a file system that has locks", err)
		}
		if tries == 0 {
			waiting()
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, surroundings(doing, "wait for the other run to end, or give this one another --stage DIR", errors.Join(errHeld, ctx.Err()))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close leaves the stage to the next run, which empties it.
func (t *Tree) Close() error {
	if t.held == nil {
		return nil
	}
	err := t.held.Close()
	t.held = nil
	return err
}

// inStage runs f, which makes a tree, while no other process uses the stage.
// The tree keeps it until it is closed.
func (o Options) inStage(ctx context.Context, s stage, f func() (*Tree, error)) (*Tree, error) {
	file, err := s.hold(ctx, func() {
		if o.Progress != nil {
			o.Progress(Event{Kind: "waiting", Name: "for another run that uses " + s.root})
		}
	})
	if err != nil {
		return nil, err
	}
	tree, err := f()
	if err != nil {
		file.Close()
		return nil, err
	}
	tree.held = file
	return tree, nil
}

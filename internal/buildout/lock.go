package buildout

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// hold takes the stage for this process, until the file that it returns is
// closed. While another run has the stage it waits, and says so once.
func (s stage) hold(ctx context.Context, waiting func()) (*os.File, error) {
	doing := "locking the stage " + s.root
	for tries := 0; ; tries++ {
		file, err := scratch.Lock(s.lock)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, scratch.ErrHeld) {
			return nil, surroundings(doing, "give another --stage DIR, on a file system that has locks", err)
		}
		if tries == 0 {
			waiting()
		}
		select {
		case <-ctx.Done():
			return nil, surroundings(doing, "wait for the other run to end, or give this one another --stage DIR", errors.Join(scratch.ErrHeld, ctx.Err()))
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
			o.Progress(Event{Kind: WaitingEvent, Name: "for another run that uses " + s.root})
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

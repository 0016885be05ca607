package buildout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// holder is the run that has a stage, as it writes it into the lock's file.
type holder struct {
	PID   int       `json:"pid"`
	User  string    `json:"user"`
	Dir   string    `json:"dir"` // the checkout
	Since time.Time `json:"since"`
}

// String is for a person who waits for it; of one that didn't write down who it
// is, it is "another run".
func (h holder) String() string {
	if h.PID == 0 {
		return "another run"
	}
	who := fmt.Sprintf("process %d", h.PID)
	if h.User != "" {
		who += " of " + h.User
	}
	return fmt.Sprintf("another run (%s, which builds %s since %s)", who, h.Dir, h.Since.Local().Format("2006-01-02 15:04:05"))
}

// self is this process as a holder.
func (o Options) self() holder {
	h := holder{PID: os.Getpid(), Dir: o.Dir, Since: time.Now().Truncate(time.Second)}
	if u, err := user.Current(); err == nil {
		h.User = u.Username
	}
	return h
}

// sign writes who holds a lock into its file, behind its first byte: that one
// is what Windows locks, and lets nobody else read.
func (h holder) sign(file *os.File) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return errors.Join(file.Truncate(0), writeAt(file, append([]byte("\n"), data...)))
}

func writeAt(file *os.File, data []byte) error {
	_, err := file.WriteAt(data, 0)
	return err
}

// holderOf reads what sign wrote; whoever wrote nothing yet has no PID.
func holderOf(lock string) holder {
	var h holder
	file, err := os.Open(lock)
	if err != nil {
		return h
	}
	defer file.Close()
	data, _ := io.ReadAll(io.NewSectionReader(file, 1, 1<<16))
	if json.Unmarshal(data, &h) != nil {
		return holder{}
	}
	return h
}

// hold takes the stage for this process, until the file that it returns is
// closed. While another run has the stage it waits, and says so once.
func (s stage) hold(ctx context.Context, self holder, waiting func(holder)) (*os.File, error) {
	doing := "locking the stage " + s.root
	for tries := 0; ; tries++ {
		file, err := scratch.Lock(s.lock)
		if err == nil {
			if err := self.sign(file); err != nil {
				file.Close()
				return nil, surroundings(doing, "make room there, or give another --stage DIR", err)
			}
			return file, nil
		}
		if !errors.Is(err, scratch.ErrHeld) {
			return nil, surroundings(doing, "give another --stage DIR, on a file system that has locks", err)
		}
		if tries == 0 {
			waiting(holderOf(s.lock))
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
	tell := func(e Event) {
		if o.Progress != nil {
			o.Progress(e)
		}
	}
	var began time.Time
	file, err := s.hold(ctx, o.self(), func(h holder) {
		began = time.Now()
		tell(Event{Kind: WaitingEvent, Name: "for " + h.String() + " to leave the stage " + s.root})
	})
	if err != nil {
		return nil, err
	}
	if !began.IsZero() {
		waited := time.Since(began)
		tell(Event{Kind: WaitedEvent, Name: waited.Round(time.Second/10).String() + " for the stage", Elapsed: waited})
	}
	tree, err := f()
	if err != nil {
		file.Close()
		return nil, err
	}
	tree.held = file
	return tree, nil
}

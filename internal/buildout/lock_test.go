package buildout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A second run waits for as long as the first one's tree is open, and says so.
func TestStageIsHeldUntilClose(t *testing.T) {
	base := filepath.Join(t.TempDir(), "stage")
	s := stageAt(base, base)
	o := Options{Dir: "/srv/shop"}
	first, err := o.inStage(context.Background(), s, func() (*Tree, error) { return &Tree{}, nil })
	if err != nil {
		t.Fatal(err)
	}

	ctx, cancel := context.WithCancel(context.Background())
	o.Progress = func(Event) { cancel() }
	_, err = o.inStage(ctx, s, func() (*Tree, error) { t.Error("two at a time"); return nil, errors.New("two") })
	var e *Error
	if !errors.As(err, &e) || e.ExitCode() != 3 || !strings.Contains(e.Hint(), "--stage") || !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was stopped while it waited: %v", err)
	}

	var said []Event
	o.Progress = func(e Event) {
		said = append(said, e)
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}
	second, err := o.inStage(context.Background(), s, func() (*Tree, error) { return &Tree{}, nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(said) != 2 || said[0].Kind != WaitingEvent || said[1].Kind != WaitedEvent || said[1].Elapsed <= 0 {
		t.Fatalf("it says %+v", said)
	}
	who := fmt.Sprintf("process %d of ", os.Getpid())
	if text := said[0].Name; !strings.Contains(text, base) || !strings.Contains(text, who) || !strings.Contains(text, "builds /srv/shop since 20") {
		t.Errorf("it says %s", text)
	}
	if err := errors.Join(second.Close(), second.Close()); err != nil {
		t.Error(err)
	}
}

// A run that fails leaves the stage to the next one.
func TestStageIsLeftAfterFailure(t *testing.T) {
	base := filepath.Join(t.TempDir(), "stage")
	s := stageAt(base, base)
	failure := errors.New("no compiler")
	for range 2 {
		o := Options{Progress: func(e Event) { t.Errorf("%+v", e) }}
		if _, err := o.inStage(context.Background(), s, func() (*Tree, error) { return nil, failure }); !errors.Is(err, failure) {
			t.Error(err)
		}
	}
}

package cli

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
)

// TestEveryEventIsShown holds the progress against the kinds of events: on a
// terminal each one is seen, and on a log what a person has to read stays.
func TestEveryEventIsShown(t *testing.T) {
	stays := map[buildout.EventKind]bool{buildout.PartEvent: true, buildout.WarningEvent: true, buildout.WaitingEvent: true, buildout.WaitedEvent: true, buildout.ReuseEvent: true}
	for _, kind := range buildout.EventKinds() {
		if strings.HasPrefix(kind.String(), "event ") {
			t.Errorf("kind %d has no word", kind)
		}
		for _, live := range []bool{true, false} {
			var out bytes.Buffer
			now := time.Unix(1e9, 0)
			p := &packing{ui: &ui{w: &out, live: live, now: func() time.Time { return now }}}
			if !live {
				p.ui.last = now // a line of progress was written just now
			}
			p.progress(buildout.Event{Kind: kind, Name: "something"})
			if want := live || stays[kind]; strings.Contains(out.String(), "something") != want {
				t.Errorf("live %v: %s is shown as %q, want it shown: %v", live, kind, out.String(), want)
			}
		}
	}
}

// A missing compiler is said with the word that a person looks for.
func TestWarningIsShown(t *testing.T) {
	var out bytes.Buffer
	p := &packing{ui: &ui{w: &out, now: time.Now}}
	p.progress(buildout.Event{Kind: buildout.WarningEvent, Name: "a C compiler is missing; run: apt-get install -y gcc"})
	if want := "  warning: a C compiler is missing; run: apt-get install -y gcc\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// The minutes that a build waited for another one aren't its own.
func TestWaitingIsNoBuilding(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(1e9, 0)
	p := &packing{ui: &ui{w: &out, now: func() time.Time { return now }}}
	err := p.ui.step("Building shop 1.0", func() error {
		now = now.Add(5 * time.Minute)
		p.progress(buildout.Event{Kind: buildout.WaitedEvent, Name: "5m0s for the stage", Elapsed: 5 * time.Minute})
		now = now.Add(10 * time.Second)
		return nil
	})
	if want := "Building shop 1.0\n  waited 5m0s for the stage\n  done in 10.0 s\n"; err != nil || out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

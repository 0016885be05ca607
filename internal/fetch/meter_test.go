package fetch

import (
	"testing"
	"time"
)

// TestMeter: a download tells how fast it is, and how long it takes yet, of
// what this run fetches.
func TestMeter(t *testing.T) {
	var events []Event
	m := newMeter(Request{Progress: func(e Event) { events = append(events, e) }}, "a", 4000)
	m.start(1000)
	m.began = time.Now().Add(-2 * time.Second)
	m.add(1000)
	m.add(10) // too soon to tell
	if len(events) != 2 || events[0].Done != 1000 || events[0].Total != 4000 {
		t.Fatalf("%+v", events)
	}
	e := events[1]
	if e.Done != 2000 || e.Rate < 400 || e.Rate > 500 || e.Left < 4*time.Second || e.Left > 5*time.Second {
		t.Errorf("%+v", e)
	}
	m.add(1990)
	if last := events[len(events)-1]; last.Done != 4000 || last.Left != 0 {
		t.Errorf("%+v", last)
	}
}

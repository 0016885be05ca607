package buildout

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

var (
	lineDevelop = regexp.MustCompile(`^Develop: u?['"](.*)['"]$`)
	lineAhead   = regexp.MustCompile(`^(?:Fetched|Built) (\S+) (\S+) ahead\.$`) // py/ahead.py
	lineGot     = regexp.MustCompile(`^Got (\S+) (\S+?)\.$`)
	linePart    = regexp.MustCompile(`^(Installing|Updating|Uninstalling) (.+)\.$`)
	lineGetting = regexp.MustCompile(`^Getting distribution for u?['"]?(.*?)['"]?\.$`)
)

// watcher reads buildout's output as it comes: it keeps the lines, and
// reports what they say has happened.
type watcher struct {
	mu      sync.Mutex
	start   time.Time
	report  func(Event)
	rest    string
	lines   []string
	current string            // the part being made
	parted  func(part string) // called when the next part begins, and the part before it is made; may be nil
	parts   []string
	eggs    int // got so far
	ahead   int // of them, and of those that buildout will ask for, fetched ahead
	out     []io.Writer
}

func (w *watcher) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.out {
		if _, err := o.Write(p); err != nil {
			return 0, err
		}
	}
	w.rest += string(p)
	for {
		line, rest, ok := strings.Cut(w.rest, "\n")
		if !ok {
			return len(p), nil
		}
		w.rest = rest
		w.line(strings.TrimRight(line, "\r"))
	}
}

// note writes a line of our own among buildout's.
func (w *watcher) note(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, o := range w.out {
		_, _ = io.WriteString(o, line+"\n") // what can't be written, the build's next line will say
	}
}

func (w *watcher) line(line string) {
	w.lines = append(w.lines, line)
	e := Event{}
	switch {
	case lineDevelop.MatchString(line):
		e = Event{Kind: DevelopEvent, Name: lineDevelop.FindStringSubmatch(line)[1]}
	case lineAhead.MatchString(line):
		m := lineAhead.FindStringSubmatch(line)
		w.ahead++
		e = Event{Kind: EggEvent, Name: m[1], Version: m[2]}
	case lineGot.MatchString(line):
		m := lineGot.FindStringSubmatch(line)
		w.eggs++
		e = Event{Kind: EggEvent, Name: m[1], Version: m[2]}
	case linePart.MatchString(line):
		m := linePart.FindStringSubmatch(line)
		if m[1] == "Uninstalling" {
			return
		}
		if w.parted != nil {
			w.parted(w.current)
		}
		w.current = m[2]
		w.parts = append(w.parts, m[2])
		e = Event{Kind: PartEvent, Name: m[2], Update: m[1] == "Updating"}
	default:
		return
	}
	if w.report != nil {
		e.Elapsed, e.Eggs, e.Parts = time.Since(w.start), max(w.eggs, w.ahead), max(0, len(w.parts)-1)
		w.report(e)
	}
}

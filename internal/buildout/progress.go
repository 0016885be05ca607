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
	lineGot     = regexp.MustCompile(`^Got (\S+) (\S+?)\.$`)
	linePart    = regexp.MustCompile(`^(Installing|Updating|Uninstalling) (.+)\.$`)
	lineGetting = regexp.MustCompile(`^Getting distribution for u?['"]?(.*?)['"]?\.$`)
	lineDoing   = regexp.MustCompile(`^\s+(Installing|Updating|Getting distribution for|Processing develop directory|Getting section|Initializing (?:section|part)) ?(.*?)\.$`)
)

// watcher reads buildout's output as it comes: it keeps the lines, and
// reports what they say has happened.
type watcher struct {
	mu      sync.Mutex
	start   time.Time
	report  func(Event)
	rest    string
	lines   []string
	current string // the part being made
	parts   []string
	eggs    int
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
	case lineGot.MatchString(line):
		m := lineGot.FindStringSubmatch(line)
		w.eggs++
		e = Event{Kind: EggEvent, Name: m[1], Version: m[2]}
	case linePart.MatchString(line):
		m := linePart.FindStringSubmatch(line)
		if m[1] == "Uninstalling" {
			return
		}
		w.current = m[2]
		w.parts = append(w.parts, m[2])
		e = Event{Kind: PartEvent, Name: m[2], Update: m[1] == "Updating"}
	default:
		return
	}
	if w.report != nil {
		e.Elapsed, e.Eggs, e.Parts = time.Since(w.start), w.eggs, max(0, len(w.parts)-1)
		w.report(e)
	}
}

// failure gives what buildout was doing when it failed ("part hello", "egg
// msgpack==1.0"), and the lines that say why.
func (w *watcher) failure() (what, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	from := len(w.lines)
	for i := len(w.lines) - 1; i >= 0 && what == ""; i-- {
		m := lineDoing.FindStringSubmatch(w.lines[i])
		switch {
		case m == nil:
		case strings.HasPrefix(m[1], "Getting dist"):
			what = "egg " + strings.Trim(m[2], `u'"`)
		case strings.HasPrefix(m[1], "Processing"):
			what = "develop package " + strings.Trim(m[2], `u'"`)
		case m[2] != "":
			what = "part " + m[2]
		}
	}
	if what == "" && w.current != "" {
		what = "part " + w.current
	}
	return what, relevant(w.lines[:from])
}

// relevant picks, out of everything, the lines that a person would look for:
// those that name an error, else the last ones.
func relevant(lines []string) string {
	var hits []string
	for _, l := range lines {
		low := strings.ToLower(l)
		if strings.HasPrefix(low, "an internal error occurred") || strings.HasPrefix(strings.TrimSpace(low), "note:") || strings.HasPrefix(strings.TrimSpace(low), "raise ") {
			continue
		}
		if strings.Contains(low, "error") && !strings.Contains(low, "during handling") || strings.Contains(l, "fatal:") ||
			strings.Contains(low, "no such file") {
			hits = append(hits, strings.TrimSpace(l))
		}
	}
	if len(hits) == 0 {
		hits = lines
	}
	return lastLines(strings.Join(hits, "\n"), 6)
}

package secrets

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"sync"
)

// Hidden are the values of the build's credentials, for all that is written of
// a build for people: its log travels further than the machine, as what CI
// shows of a failure.
type Hidden struct {
	mu     sync.Mutex
	values []string
	in     *strings.Replacer // nil without values
}

const hiddenMark = "***"

// Add adds the values of credentials that are long enough to be told from words.
func (h *Hidden) Add(secrets []Secret) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range secrets {
		for _, v := range s.values {
			if len(v) >= minSecret && !slices.Contains(h.values, v) {
				h.values = append(h.values, v)
			}
		}
	}
	slices.SortFunc(h.values, func(a, b string) int { return len(b) - len(a) }) // of two that begin alike the longer one counts
	var pairs []string
	for _, v := range h.values {
		pairs = append(pairs, v, hiddenMark)
	}
	h.in = strings.NewReplacer(pairs...)
}

// Text is a text without the credentials.
func (h *Hidden) Text(s string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.in != nil {
		s = h.in.Replace(s)
	}
	return Mask(s)
}

// Err is an error whose text has none; what it is of stays.
func (h *Hidden) Err(err error) error {
	if err == nil || h.Text(err.Error()) == err.Error() {
		return err
	}
	return &hiddenError{h.Text(err.Error()), err}
}

type hiddenError struct {
	text string
	err  error
}

func (e *hiddenError) Error() string { return e.text }
func (e *hiddenError) Unwrap() error { return e.err }

// HidingWriter writes whole lines without the credentials: one that comes in
// two pieces is one.
type HidingWriter struct {
	w    io.Writer
	h    *Hidden
	rest []byte
}

// Writer gives a writer that hides the credentials; Flush ends it.
func (h *Hidden) Writer(w io.Writer) *HidingWriter { return &HidingWriter{w: w, h: h} }

// longestLine is what is kept of a line that doesn't end, in bytes.
const longestLine = 1 << 20

func (w *HidingWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if len(w.rest)-end > longestLine {
		end = len(w.rest)
	}
	if err := w.write(end); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush writes a last line without an end.
func (w *HidingWriter) Flush() { _ = w.write(len(w.rest)) }

func (w *HidingWriter) write(end int) error {
	if end == 0 {
		return nil
	}
	_, err := io.WriteString(w.w, w.h.Text(string(w.rest[:end])))
	w.rest = append(w.rest[:0], w.rest[end:]...)
	return err
}

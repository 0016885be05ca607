package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// wanted is what is downloaded.
type wanted struct {
	address, accept string
	name            string // as a person knows it
	size            int64  // 0 if nothing says
	from            int64  // where in the file it goes: of a volume, behind those before it
}

// download fetches an asset into a file, goes on where an earlier attempt or
// an earlier run stopped, and tells its progress. What is there of an earlier
// run is found by the digest, so it belongs to the same content.
func (r Remote) download(ctx context.Context, o Request, w wanted, path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fault.Surroundings(fmt.Errorf("making a file to download to: %w", err), "")
	}
	defer f.Close()
	if err := r.whole(ctx, f, w, newMeter(o, w.name, w.size)); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", path, err), "")
	}
	return nil
}

// whole fetches an asset into its place in the file, in as many attempts as it takes.
func (r Remote) whole(ctx context.Context, f *os.File, w wanted, m *meter) error {
	return r.attempts(ctx, func() error {
		have, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return fault.Surroundings(fmt.Errorf("writing %s: %w", f.Name(), err), "")
		}
		have -= w.from
		if w.size > 0 && have == w.size {
			return nil
		}
		if w.size > 0 && have > w.size {
			have = 0
		}
		return r.part(ctx, f, w, have, m)
	})
}

// part is one attempt.
func (r Remote) part(ctx context.Context, f *os.File, w wanted, have int64, m *meter) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(r.Stall, func() { cancel(fmt.Errorf("nothing came for %s", r.Stall)) })
	defer stall.Stop()
	resp, err := r.request(ctx, w.address, w.accept, have)
	var s *statusError
	if errors.As(err, &s) && s.code == http.StatusRequestedRangeNotSatisfiable {
		if err := f.Truncate(w.from); err != nil {
			return fault.Surroundings(err, "")
		}
		have = 0
		resp, err = r.request(ctx, w.address, w.accept, 0)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if have, err = w.answered(resp, have); err != nil {
		if fault.CodeOf(err, 0) == 0 {
			_ = f.Truncate(w.from) // a server that can't: from the start
		}
		return err
	}
	if err := f.Truncate(w.from + have); err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", f.Name(), err), "")
	}
	if _, err := f.Seek(w.from+have, io.SeekStart); err != nil {
		return fault.Surroundings(fmt.Errorf("writing %s: %w", f.Name(), err), "")
	}
	if w.size == 0 && resp.ContentLength > 0 {
		m.total = w.from + have + resp.ContentLength
	}
	m.start(w.from + have)
	n, err := io.Copy(&diskWriter{f}, &stallReader{resp.Body, stall, r.Stall, m})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("fetching %s: %w", secrets.Shown(w.address), cause)
		}
		return fmt.Errorf("fetching %s: %w", secrets.Shown(w.address), err)
	}
	if w.size > 0 && have+n != w.size {
		_ = f.Truncate(w.from) // it ended as it should, and is something else: the next run mustn't go on from it
		return fmt.Errorf("fetching %s: it ends after %d of %d bytes", secrets.Shown(w.address), have+n, w.size)
	}
	return nil
}

// answered gives the place in the file that an answer goes to, and refuses one
// that is of another length than the archive: what a network's login page
// sends must not be taken for a part of it.
func (w wanted) answered(resp *http.Response, have int64) (int64, error) {
	total := resp.ContentLength
	if resp.StatusCode == http.StatusPartialContent {
		var from, to int64
		total = -1
		if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &total); from != have || err != nil && total >= 0 {
			return 0, fmt.Errorf("fetching %s: asked from byte %d on, the server sends %q", secrets.Shown(w.address), have, resp.Header.Get("Content-Range"))
		}
	} else {
		have = 0
	}
	kind := resp.Header.Get("Content-Type")
	switch {
	case w.size > 0 && total >= 0 && total != w.size:
		return 0, fault.Surroundings(fmt.Errorf("fetching %s: the answer has %d bytes (%s), and the archive has %d", secrets.Shown(w.address), total, kind, w.size), inBetween)
	case w.size > 0 && total < 0 && strings.HasPrefix(kind, "text/html"):
		return 0, fault.Surroundings(fmt.Errorf("fetching %s: the answer is a web page", secrets.Shown(w.address)), inBetween)
	}
	return have, nil
}

// diskWriter tells an error of the disk from one of the network.
type diskWriter struct{ f *os.File }

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = fault.Surroundings(fmt.Errorf("writing the download: %w", err), "make room on that disk")
	}
	return n, err
}

// stallReader restarts the stall timer, and counts.
type stallReader struct {
	r     io.Reader
	timer *time.Timer
	limit time.Duration
	meter *meter
}

func (s *stallReader) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if n > 0 {
		s.timer.Reset(s.limit)
		s.meter.add(int64(n))
	}
	return n, err
}

// meter tells progress at most five times a second.
type meter struct {
	o           Request
	name        string
	done, total int64
	began, last time.Time
	base        int64
}

func newMeter(o Request, name string, total int64) *meter {
	return &meter{o: o, name: name, total: total}
}

func (m *meter) start(have int64) {
	m.done, m.base, m.began = have, have, time.Now()
	m.o.tell(Event{Step: "download", Text: "downloading " + m.name, Done: have, Total: m.total})
}

func (m *meter) add(n int64) {
	m.done += n
	now := time.Now()
	if now.Sub(m.last) < 200*time.Millisecond && m.done != m.total {
		return
	}
	m.last = now
	e := Event{Step: "download", Done: m.done, Total: m.total}
	if d := now.Sub(m.began).Seconds(); d > 0 {
		e.Rate = float64(m.done-m.base) / d
	}
	if e.Rate > 0 && m.total > m.done {
		e.Left = time.Duration(float64(m.total-m.done) / e.Rate * float64(time.Second))
	}
	m.o.tell(e)
}

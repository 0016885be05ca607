package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// download fetches an asset into a file, goes on where an earlier attempt or
// an earlier run stopped, and tells its progress. What is there of an earlier
// run is found by the digest, so it belongs to the same content.
func (r Remote) download(ctx context.Context, o Options, address, accept, path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return surroundings(fmt.Errorf("making a file to download to: %w", err), "")
	}
	defer f.Close()
	meter := newMeter(o, filepath.Base(path), size)
	err = r.attempts(ctx, func() error {
		have, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return surroundings(fmt.Errorf("writing %s: %w", path, err), "")
		}
		if size > 0 && have == size {
			return nil
		}
		if size > 0 && have > size {
			have = 0
		}
		return r.part(ctx, f, address, accept, have, size, meter)
	})
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return surroundings(fmt.Errorf("writing %s: %w", path, err), "")
	}
	return nil
}

// part is one attempt.
func (r Remote) part(ctx context.Context, f *os.File, address, accept string, have, size int64, m *meter) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(r.Stall, func() { cancel(fmt.Errorf("nothing came for %s", r.Stall)) })
	defer stall.Stop()
	resp, err := r.request(ctx, address, accept, have)
	var s *statusError
	if errors.As(err, &s) && s.code == http.StatusRequestedRangeNotSatisfiable {
		if err := f.Truncate(0); err != nil {
			return surroundings(err, "")
		}
		resp, err = r.request(ctx, address, accept, 0)
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusPartialContent {
		have = 0
	}
	if err := f.Truncate(have); err != nil {
		return surroundings(fmt.Errorf("writing %s: %w", f.Name(), err), "")
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return surroundings(fmt.Errorf("writing %s: %w", f.Name(), err), "")
	}
	if size == 0 && resp.ContentLength > 0 {
		m.total = have + resp.ContentLength
	}
	m.start(have)
	n, err := io.Copy(&diskWriter{f}, &stallReader{resp.Body, stall, r.Stall, m})
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return fmt.Errorf("fetching %s: %w", withoutUser(address), cause)
		}
		return fmt.Errorf("fetching %s: %w", withoutUser(address), err)
	}
	if size > 0 && have+n != size {
		return fmt.Errorf("fetching %s: it ends after %d of %d bytes", withoutUser(address), have+n, size)
	}
	return nil
}

// diskWriter tells an error of the disk from one of the network.
type diskWriter struct{ f *os.File }

func (w *diskWriter) Write(p []byte) (int, error) {
	n, err := w.f.Write(p)
	if err != nil {
		err = surroundings(fmt.Errorf("writing the download: %w", err), "make room on that disk")
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
	o           Options
	name        string
	done, total int64
	began, last time.Time
	base        int64
}

func newMeter(o Options, name string, total int64) *meter {
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

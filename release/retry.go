package release

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/google/go-github/v57/github"
)

// Policy says how often and how patiently a request is tried again. The zero
// value is DefaultPolicy's, with the real clock.
type Policy struct {
	Attempts  int           // tries of one request, the first included
	Base      time.Duration // before the second try; doubled each time
	Max       time.Duration // the longest of these
	Secondary time.Duration // after a secondary limit that names no time; doubled each time
	MaxWait   time.Duration // a server that asks for a longer wait is not waited for
	Pace      time.Duration // between two requests that create content
	Lag       time.Duration // after which a list is asked again for what must be in it
	Timeout   time.Duration // of a request; an upload gets a second more for each 64 KiB

	Sleep  func(context.Context, time.Duration) error
	Now    func() time.Time
	Jitter func() float64 // 0 to 1
}

// DefaultPolicy keeps GitHub's limits (docs.github.com, Rate limits for the REST
// API, 2026-11): 80 requests a minute that create content, and at least a minute
// after a secondary limit; a primary limit is over within the hour.
func DefaultPolicy() Policy {
	return Policy{
		Attempts: 7, Base: 2 * time.Second, Max: time.Minute, Secondary: time.Minute, MaxWait: 65 * time.Minute,
		Pace: time.Second, Lag: 3 * time.Second, Timeout: time.Minute,
		Sleep: sleep, Now: time.Now, Jitter: rand.Float64,
	}
}

func (p Policy) withDefaults() Policy {
	d := DefaultPolicy()
	for _, x := range []struct{ field, fallback *time.Duration }{
		{&p.Base, &d.Base}, {&p.Max, &d.Max}, {&p.Secondary, &d.Secondary}, {&p.MaxWait, &d.MaxWait}, {&p.Pace, &d.Pace}, {&p.Lag, &d.Lag}, {&p.Timeout, &d.Timeout},
	} {
		if *x.field == 0 {
			*x.field = *x.fallback
		}
	}
	if p.Attempts == 0 {
		p.Attempts = d.Attempts
	}
	if p.Sleep == nil {
		p.Sleep = d.Sleep
	}
	if p.Now == nil {
		p.Now = d.Now
	}
	if p.Jitter == nil {
		p.Jitter = d.Jitter
	}
	return p
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// verdict is what an answer means for the next try.
type verdict struct {
	retry   bool
	wait    time.Duration // what the server asked for; 0: nothing
	limited bool          // by a secondary limit
}

// judge reads an error of go-github. A request that never got an answer, and
// one that the server failed at, can be tried again; all else is an answer.
func judge(err error, now time.Time) verdict {
	if resp := response(err); resp != nil {
		now = serverTime(resp, now)
	}
	var transport interface{ Timeout() bool } // *url.Error and net errors have it
	var explained *fault.Error                // was tried often enough, where it was explained
	resp := response(err)
	switch {
	case err == nil || errors.As(err, &explained) || errors.Is(err, context.Canceled):
		return verdict{}
	case resp == nil:
		return verdict{retry: errors.As(err, &transport) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)}
	case resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusTooManyRequests:
		return judgeLimit(err, resp, now)
	case resp.StatusCode == http.StatusRequestTimeout || resp.StatusCode >= 500:
		return verdict{retry: true, wait: retryAfter(resp, now)}
	}
	return verdict{}
}

func judgeLimit(err error, resp *http.Response, now time.Time) verdict {
	wait := retryAfter(resp, now)
	secondary := resp.StatusCode == http.StatusTooManyRequests || strings.Contains(strings.ToLower(err.Error()), "secondary rate limit") || strings.Contains(strings.ToLower(err.Error()), "abuse")
	switch {
	case wait > 0:
		return verdict{retry: true, wait: wait}
	case resp.Header.Get("X-Ratelimit-Remaining") == "0":
		reset, _ := strconv.ParseInt(resp.Header.Get("X-Ratelimit-Reset"), 10, 64)
		return verdict{retry: true, wait: max(time.Unix(reset, 0).Sub(now), 0) + time.Second}
	case secondary:
		return verdict{retry: true, limited: true}
	}
	return verdict{} // a token without rights
}

// serverTime is when the server answered, by its own clock: what it says of
// times is meant by that, and a runner's own may be wrong by hours.
func serverTime(resp *http.Response, now time.Time) time.Time {
	if t, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		return t
	}
	return now
}

// retryAfter reads Retry-After, in seconds or as a date.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	s := resp.Header.Get("Retry-After")
	if n, err := strconv.Atoi(s); err == nil && n >= 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return 0
}

// response is the answer that an error of go-github was made from.
func response(err error) *http.Response {
	var plain *github.ErrorResponse
	var rate *github.RateLimitError
	var abuse *github.AbuseRateLimitError
	switch {
	case errors.As(err, &plain):
		return plain.Response
	case errors.As(err, &rate):
		return rate.Response
	case errors.As(err, &abuse):
		return abuse.Response
	}
	return nil
}

// delay is how long to wait before try number n, the second being 1.
func (p Policy) delay(n int, v verdict) time.Duration {
	base := p.Base
	limit := p.Max
	if v.limited {
		base, limit = p.Secondary, p.MaxWait
	}
	d := min(base<<(n-1), limit)
	if v.wait > 0 {
		return v.wait + time.Duration(p.Jitter()*float64(p.Base))
	}
	// Twenty jobs that failed together shall not come back together.
	return d + time.Duration(p.Jitter()*float64(d)/2)
}

// retry calls f until it succeeds, fails for good, or the tries are used up.
// The last error is returned as it is.
func (p Policy) retry(ctx context.Context, log func(string, ...any), what string, f func(context.Context) error) error {
	for n := 1; ; n++ {
		err := f(ctx)
		v := judge(err, p.Now())
		if err == nil || !v.retry || n == p.Attempts || ctx.Err() != nil {
			return err
		}
		d := p.delay(n, v)
		if d > p.MaxWait {
			return err
		}
		log("%s: %v; trying again in %s", what, err, d.Round(time.Second))
		if serr := p.Sleep(ctx, d); serr != nil {
			return err
		}
	}
}

package release

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/release/releasetest"
)

// Each fault hits one request; the run succeeds all the same, and waits as told.
func TestFaults(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	upload := func(f releasetest.Fault) func(int, *http.Request) *releasetest.Fault {
		n := 0
		return func(_ int, r *http.Request) *releasetest.Fault {
			if !isUpload(r) {
				return nil
			}
			if n++; n != 2 {
				return nil
			}
			return &f
		}
	}
	// GitHub's clock, by which its times are meant, and not the runner's.
	there := time.Unix(1_900_000_000, 0).UTC()
	at := func(d time.Duration) map[string]string {
		return map[string]string{"Date": there.Format(http.TimeFormat), "X-Ratelimit-Remaining": "0", "X-Ratelimit-Reset": fmt.Sprint(there.Add(d).Unix())}
	}
	for _, tt := range []struct {
		name  string
		fault releasetest.Fault
		wait  time.Duration // at least
	}{
		{"500", releasetest.Fault{Status: 500}, 2 * time.Second},
		{"502", releasetest.Fault{Status: 502, Message: "Bad Gateway"}, 2 * time.Second},
		{"502 with a starter", releasetest.Fault{Status: 502, Starter: true}, 2 * time.Second},
		{"502, though stored", releasetest.Fault{Status: 502, Done: true}, 0},
		{"broken, though stored", releasetest.Fault{Drop: true, Done: true}, 0},
		{"broken with a starter", releasetest.Fault{Drop: true, Starter: true}, 2 * time.Second},
		{"broken in the middle", releasetest.Fault{Drop: true, Read: 7}, 2 * time.Second},
		{"403 with Retry-After", releasetest.Fault{Status: 403, Header: map[string]string{"Retry-After": "77"}, Message: "You have exceeded a secondary rate limit."}, 77 * time.Second},
		{"403, secondary", releasetest.Fault{Status: 403, Message: "You have exceeded a secondary rate limit. Please wait a few minutes."}, time.Minute},
		{"403, primary", releasetest.Fault{Status: 403, Header: at(15 * time.Minute), Message: "API rate limit exceeded"}, 15*time.Minute - 30*time.Second},
		{"429 with Retry-After", releasetest.Fault{Status: 429, Header: map[string]string{"Retry-After": "33"}}, 33 * time.Second},
		{"429", releasetest.Fault{Status: 429}, time.Minute},
		{"429, until a date", releasetest.Fault{Status: 429, Header: map[string]string{"Date": there.Format(http.TimeFormat), "Retry-After": there.Add(42 * time.Second).Format(http.TimeFormat)}}, 42 * time.Second},
		{"503 with Retry-After", releasetest.Fault{Status: 503, Header: map[string]string{"Retry-After": "5"}}, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := server(t, func(s *releasetest.Server) { s.Fault = upload(tt.fault) })
			k := &clock{now: time.Unix(1_800_000_000, 0)}
			_, err := client(t, s, func(c *Config) { c.Policy = k.policy() }).Publish(context.Background(), want, options(set))
			if err != nil {
				t.Fatal(err)
			}
			checkReleased(t, s, want)
			if longest := slices.Max(append(k.slept, 0)); longest < tt.wait || longest > tt.wait+4*time.Minute {
				t.Errorf("slept %v, want %v", k.slept, tt.wait)
			}
		})
	}
}

// An answer that comes after the time limit was given up: what it said is done
// all the same, and is found and not done twice. A slow one within the limit is
// waited for.
func TestSlowAnswers(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	quick := server(t, nil)
	if _, err := client(t, quick).Publish(context.Background(), want, options(set)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"GET", "POST /releases", "POST /assets", "PATCH"} {
		for _, late := range []bool{false, true} {
			t.Run(fmt.Sprint(kind, late), func(t *testing.T) {
				t.Parallel()
				var slow atomic.Bool
				s := server(t, func(s *releasetest.Server) {
					s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
						method, path, _ := strings.Cut(kind, " ")
						if r.Method != method || !strings.HasSuffix(r.URL.Path, path) || !slow.CompareAndSwap(false, true) {
							return nil
						}
						if late {
							return &releasetest.Fault{Late: 900 * time.Millisecond}
						}
						return &releasetest.Fault{Delay: 50 * time.Millisecond}
					}
				})
				k := &clock{now: time.Unix(1_800_000_000, 0)}
				policy := k.policy()
				policy.Timeout = 10 * time.Second
				if late {
					policy.Timeout = 300 * time.Millisecond
				}
				_, err := client(t, s, func(c *Config) { c.Policy = policy }).Publish(context.Background(), want, options(set))
				if err != nil || !slow.Load() {
					t.Fatalf("%v, slow %v", err, slow.Load())
				}
				checkReleased(t, s, want)
				if more := len(s.Requests()) - len(quick.Requests()); late && more == 0 {
					t.Error("the answer was waited for beyond the time limit")
				}
			})
		}
	}
}

// Any request may fail once, in any way.
func TestFaultAtEachRequest(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	s := server(t, nil)
	if _, err := client(t, s).Publish(context.Background(), want, options(set)); err != nil {
		t.Fatal(err)
	}
	total := len(s.Requests())
	for n := 1; n <= total; n++ {
		for name, f := range map[string]releasetest.Fault{"500": {Status: 500}, "done, 502": {Status: 502, Done: true}, "done, dropped": {Drop: true, Done: true}, "dropped": {Drop: true},
			"429":        {Status: 429, Header: map[string]string{"Retry-After": "7"}},
			"403, limit": {Status: 403, Message: "You have exceeded a secondary rate limit."},
		} {
			s := server(t, func(s *releasetest.Server) {
				s.Fault = func(i int, _ *http.Request) *releasetest.Fault {
					if i == n {
						return &f
					}
					return nil
				}
			})
			if _, err := client(t, s).Publish(context.Background(), want, options(set)); err != nil {
				t.Fatalf("request %d, %s: %v", n, name, err)
			}
			checkReleased(t, s, want)
			s.Close()
		}
	}
}

// A job that is killed at any request leaves no published release that lacks
// an asset, and the next run completes it.
func TestKillAtEachRequest(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	clean := server(t, nil)
	if _, err := client(t, clean).Publish(context.Background(), want, options(set)); err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= len(clean.Requests()); n++ {
		for _, f := range []releasetest.Fault{{Drop: true}, {Drop: true, Done: true}, {Drop: true, Starter: true}} {
			ctx, kill := context.WithCancel(context.Background())
			s := server(t, func(s *releasetest.Server) {
				s.Fault = func(i int, _ *http.Request) *releasetest.Fault {
					if i == n {
						kill()
						return &f
					}
					return nil
				}
			})
			_, err := client(t, s).Publish(ctx, want, options(set))
			// The last one comes after all is done: it looks for drafts that are left.
			if err == nil && n < len(clean.Requests()) {
				t.Fatalf("request %d: not killed", n)
			}
			for _, r := range s.Releases() {
				if !r.Draft {
					checkAssets(t, r, want)
				}
			}
			if _, err := client(t, s).Publish(context.Background(), want, options(set)); err != nil {
				t.Fatalf("after a kill at request %d (%+v): %v", n, f, err)
			}
			checkReleased(t, s, want)
			s.Close()
		}
	}
}

// What is stored otherwise than it was sent is seen by its digest.
func TestCorruptUpload(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	for _, always := range []bool{false, true} {
		n := 0
		s := server(t, func(s *releasetest.Server) {
			s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
				if isUpload(r) && strings.HasSuffix(r.URL.RawQuery, "cp313-win_amd64.zip") {
					if n++; n == 1 || always {
						return &releasetest.Fault{Corrupt: true}
					}
				}
				return nil
			}
		})
		_, err := client(t, s).Publish(context.Background(), want, options(set))
		switch {
		case always && (err == nil || !s.Releases()[0].Draft):
			t.Errorf("published a broken file: %v", err)
		case !always && err != nil:
			t.Error(err)
		case !always:
			checkReleased(t, s, want)
		}
	}
}

// An upload that never comes out right is never published.
func TestDamagedUpload(t *testing.T) {
	set := gathered(t)
	want := files(t, set)
	s := server(t, func(s *releasetest.Server) {
		s.Fault = func(_ int, r *http.Request) *releasetest.Fault {
			if isUpload(r) && strings.HasSuffix(r.URL.RawQuery, "cp313-win_amd64.zip") {
				return &releasetest.Fault{Status: 502, Starter: true}
			}
			return nil
		}
	})
	_, err := client(t, s).Publish(context.Background(), want, options(set))
	if err == nil || !strings.Contains(err.Error(), "cp313-win_amd64.zip") {
		t.Errorf("got %v", err)
	}
	if r := s.Releases()[0]; !r.Draft {
		t.Error("published")
	}
}

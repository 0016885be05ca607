package testtool

import (
	"fmt"
	"strings"
	"testing"
)

// recorder notes what a test would have said when it ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper()                      {}
func (r *recorder) Logf(string, ...any)          {}
func (r *recorder) Skipf(text string, a ...any)  { r.skipped = fmt.Sprintf(text, a...) }
func (r *recorder) Fatalf(text string, a ...any) { r.failed = fmt.Sprintf(text, a...) }

// A test that lacks its tool is skipped by the tool's name, and fails in CI.
func TestLacking(t *testing.T) {
	for _, tt := range []struct {
		ci, ours string
		fails    bool
	}{{"", "", false}, {"false", "", false}, {"true", "", true}, {"", "1", true}} {
		t.Setenv("CI", tt.ci)
		t.Setenv("BINARY_BUILDOUT_CI", tt.ours)
		for name, need := range map[string]func(*recorder){
			"no-such-program or no-such-either": func(r *recorder) { Program(r, "no-such-program", "no-such-either") },
			"python1.5":                         func(r *recorder) { Python(r, "1.5") },
			"a Python on musl":                  func(r *recorder) { Musl(r, t.TempDir()) },
		} {
			r := &recorder{}
			need(r)
			said, other := r.skipped, r.failed
			if tt.fails {
				said, other = other, said
			}
			if !strings.HasPrefix(said, name) || !strings.HasSuffix(said, "missing") || other != "" {
				t.Errorf("CI=%q, BINARY_BUILDOUT_CI=%q: skipped %q, failed %q, want %s", tt.ci, tt.ours, r.skipped, r.failed, name)
			}
		}
		r := &recorder{}
		if Has(r, "no-such-program") || (r.failed != "") != tt.fails {
			t.Errorf("CI=%q, BINARY_BUILDOUT_CI=%q: Has fails with %q", tt.ci, tt.ours, r.failed)
		}
	}
}

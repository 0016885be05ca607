package place

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestSecrets: a credential is found wherever it stands, in a path and over the
// border of two chunks too, and takes nothing from what is found of paths.
func TestSecrets(t *testing.T) {
	s := New([]Place{{Path: "/srv/app", Root: true}, {Path: "correct horse", Secret: true}, {Path: "/srv/app/tok3n", Secret: true}, {Path: "$ecret", Secret: true}})
	for text, want := range map[string]string{
		"nothing":                    "[] 0",
		"xcorrect horsex":            "[1] 0",
		"a$ecretcorrect horse":       "[1 3] 0",
		"/srv/app/tok3n":             "[2] 1",
		"x/srv/app/tok3n2 /srv/app ": "[2] 2",
		"$ecret $ecret":              "[3] 0",
	} {
		for _, before := range []int{0, chunkSize - 3} {
			text := strings.Repeat(" ", before) + text
			res, err := s.Stream(strings.NewReader(text), &bytes.Buffer{}, s.Buffer())
			check(t, err)
			found := map[int]bool{}
			for _, i := range res.Secrets {
				found[i] = true
			}
			var sorted []int
			for i := range s.Places {
				if found[i] {
					sorted = append(sorted, i)
				}
			}
			whole := 0
			for _, h := range res.Hits {
				if h.Bound == Whole {
					whole++
				}
			}
			if got := fmt.Sprint(sorted, whole); got != want || len(found) != len(res.Secrets) {
				t.Errorf("%q after %d bytes: %s, want %s", strings.TrimSpace(text), before, got, want)
			}
		}
	}
}

package fetch

import (
	"strings"
	"testing"
)

// TestLastRepo: whoever names no repository is told so.
func TestLastRepo(t *testing.T) {
	for repo, want := range map[string]string{"": "no repository is named", "acme": `"acme" isn't OWNER/REPO`} {
		if _, err := Last(t.Context(), Request{}, Wanted{Repo: repo}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", repo, err, want)
		}
	}
}

package prove

import (
	"strings"
	"testing"
)

// TestWhatHelps: anybox.recipe.odoo 1.9.2 and mr.developer 3.0.0 said the first two.
func TestWhatHelps(t *testing.T) {
	for said, git := range map[string]bool{
		"CalledProcessError: Command '['git', 'remote', 'set-url', 'origin', 'file:///srv/odoo']' returned non-zero exit status 128": true,
		"fatal: not a git repository (or any of the parent directories): .git":                                                       true,
		"error: part odoo: [Errno 13] Permission denied: 'etc/git'":                                                                  false,
	} {
		if got := strings.Contains(whatHelps(said), "extract-downloads-to"); got != git {
			t.Errorf("%s: %s", said, whatHelps(said))
		}
	}
}

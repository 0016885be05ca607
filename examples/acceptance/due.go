//go:build linux

package acceptance

import (
	"os"
	"slices"
	"testing"
	"time"
)

// rebuildAll is a variable that has every example built again, whatever the day.
const rebuildAll = "BINARY_BUILDOUT_REBUILD_ALL"

// seldom are the examples whose second build would be too much for each run of
// CI: one of them is due a day, by turns. All others are built twice in each.
func seldom() []string {
	return []string{"backends buildout.cfg", "backends buildout-52.cfg", "hello buildout-52.cfg", "newest newest.cfg"}
}

// Due tells whether an example of seldom has its turn.
func Due(t *testing.T, example string) bool {
	t.Helper()
	turn := slices.Index(seldom(), example)
	if turn < 0 {
		t.Fatalf("%s isn't one of %q", example, seldom())
	}
	day := int(time.Now().Unix() / (24 * 60 * 60))
	today := seldom()[day%len(seldom())]
	t.Logf("today's rebuild is of %s (day %d modulo %d; %s=1 has each)", today, day, len(seldom()), rebuildAll)
	return today == example || os.Getenv(rebuildAll) != ""
}

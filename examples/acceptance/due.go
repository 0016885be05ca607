//go:build linux

package acceptance

import (
	"os"
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/testtool"
)

// rebuildAll is a variable that has every example built again by rebuild.
const rebuildAll = "BINARY_BUILDOUT_REBUILD_ALL"

// seldom are the examples that take turns, one a day, at being built again by
// rebuild: in each run of CI that would be too much. Those that have passed whole,
// once, by rebuildAll, are here or are Rebuilt; the others join then.
func seldom() []string {
	return []string{
		"hello buildout-52.cfg", "zope buildout.cfg", "zope212 buildout.cfg", "zope213 buildout.cfg", "plone6 buildout.cfg",
		"server buildout.cfg", "backends buildout.cfg", "backends buildout-52.cfg", "cmmi buildout-213.cfg", "newest newest.cfg",
	}
}

// Due tells whether an example is to be built again by rebuild today.
func Due(t *testing.T, example string) bool {
	t.Helper()
	if os.Getenv(rebuildAll) != "" {
		return true
	}
	turn := testtool.Turn(len(seldom()))
	today := seldom()[turn]
	if today == example {
		t.Logf("today's rebuild: %s (turn %d of %d; %s=1 has each)", today, turn, len(seldom()), rebuildAll)
	}
	return today == example
}

// Turn skips a test that takes minutes, unless a variable asks for it, or CI is on its
// day: the tests of turns, by their names, take turns there. "none" is a day without one.
func Turn(t *testing.T, variable string, turns ...string) {
	t.Helper()
	if testing.Short() {
		t.Skip("packs a whole buildout")
	}
	today := turns[testtool.Turn(len(turns))]
	switch {
	case os.Getenv(variable) != "":
	case os.Getenv("CI") == "true" && t.Name() == today:
		t.Logf("today's of %q", slices.Compact(slices.Clone(turns)))
	default:
		t.Skipf("takes minutes: %s=1 runs it; in CI today's turn of %d days is: %s", variable, len(turns), today)
	}
}

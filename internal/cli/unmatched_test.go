package cli

import (
	"slices"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/pack"
)

// TestUnmatched: an include or exclude that changes nothing says so, and why.
func TestUnmatched(t *testing.T) {
	tree := &buildout.Tree{LeftOut: []buildout.LeftOut{{Path: ".venv", Reason: buildout.LeftVirtualenv}, {Path: "dist", Reason: buildout.LeftOwn},
		{Path: "var", Reason: buildout.LeftData}}}
	list := &pack.List{Omitted: []pack.Omission{{Path: "downloads", Reason: "excluded"}}, Unmatched: pack.Rules{
		Exclude: []string{"*.orig"}, Include: []string{".venv", "./var/seed.txt", "dist", "downloads/keep", "docs"}}}
	want := []string{
		"exclude = *.orig matches nothing in the tree",
		"include = .venv matches nothing in the tree: .venv of the checkout isn't copied to the stage (a virtualenv)",
		"include = ./var/seed.txt matches nothing in the tree: var of the checkout isn't copied to the stage (var holds an application's data)",
		"include = dist matches nothing in the tree",
		"include = downloads/keep matches nothing in the tree: downloads is left out with all below it (excluded)",
		"include = docs matches nothing in the tree",
	}
	if got := unmatched(tree, list); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

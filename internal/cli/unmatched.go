package cli

import (
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/pack"
)

// unmatched says of each exclude and include that matches nothing in the tree
// so, and of an include what keeps it from it where that is known.
func unmatched(t *buildout.Tree, l *pack.List) []string {
	var all []string
	for _, g := range l.Unmatched.Exclude {
		all = append(all, fmt.Sprintf("exclude = %s matches nothing in the tree", g))
	}
	for _, g := range l.Unmatched.Include {
		all = append(all, fmt.Sprintf("include = %s matches nothing in the tree%s", g, kept(t, l, g)))
	}
	return all
}

// kept says why nothing of an include's glob is in the tree; "" if nobody left it out.
// What pack wrote itself isn't a reason: it isn't there before the first run.
func kept(t *buildout.Tree, list *pack.List, glob string) string {
	rules := pack.Rules{Include: []string{glob}}
	of := func(path string) bool {
		return rules.Includes(path) || strings.HasPrefix(strings.TrimPrefix(glob, "./"), path+"/")
	}
	for _, l := range t.LeftOut {
		if !l.Own() && of(l.Path) {
			return fmt.Sprintf(": %s of the checkout isn't copied to the stage (%s)", l.Path, l.Reason)
		}
	}
	for _, o := range list.Omitted {
		if of(o.Path) {
			return fmt.Sprintf(": %s is left out with all below it (%s)", o.Path, o.Reason)
		}
	}
	return ""
}

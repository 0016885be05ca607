package cli

import (
	"fmt"
	"strings"

	"github.com/binary-buildout/binary-buildout/pack"
)

// unmatched says of each exclude and include that matches nothing in the tree
// so, and of an include what keeps it from it where that is known.
func (p *packing) unmatched() []string {
	var all []string
	for _, g := range p.archive.Unmatched.Exclude {
		all = append(all, fmt.Sprintf("exclude = %s matches nothing in the tree", g))
	}
	for _, g := range p.archive.Unmatched.Include {
		all = append(all, fmt.Sprintf("include = %s matches nothing in the tree%s", g, p.kept(g)))
	}
	return all
}

// kept says why nothing of an include's glob is in the tree; "" if nobody left it out.
// What pack wrote itself is no reason: it isn't there before the first run.
func (p *packing) kept(glob string) string {
	rules := pack.Rules{Include: []string{glob}}
	of := func(path string) bool {
		return rules.Includes(path) || strings.HasPrefix(strings.TrimPrefix(glob, "./"), path+"/")
	}
	for _, l := range p.tree.LeftOut {
		if !l.Own() && of(l.Path) {
			return fmt.Sprintf(": %s of the checkout isn't copied to the stage (%s)", l.Path, l.Reason)
		}
	}
	for _, o := range p.archive.Omitted {
		if of(o.Path) {
			return fmt.Sprintf(": %s is left out with all below it (%s)", o.Path, o.Reason)
		}
	}
	return ""
}

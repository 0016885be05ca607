package verify

import (
	"path"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// waive moves what the user can do without to its own list.
func (c *checker) waive() {
	used := map[string]bool{}
	take := func(list []Item) []Item {
		kept := []Item{}
		for _, i := range list {
			if w, ok := c.waivedBy(i); ok {
				used[w] = true
				i.Witnesses = append(i.Witnesses, "waived by "+w)
				for n := range i.Problems {
					i.Problems[n].Hint = ""
				}
				c.report.Waived = append(c.report.Waived, i)
				continue
			}
			kept = append(kept, i)
		}
		return kept
	}
	c.report.Missing, c.report.Foreign = take(c.report.Missing), take(c.report.Foreign)
	for _, w := range c.in.Waive {
		if !used[w] {
			c.report.Warnings = append(c.report.Warnings, Item{Module: w, Kind: "extension", Problems: []Problem{{Kind: "missing",
				Message: "waive = " + w + " waives nothing", Hint: "take it out"}}})
		}
	}
}

func (c *checker) waivedBy(i Item) (string, bool) {
	for _, w := range c.in.Waive {
		eggName, module, both := strings.Cut(w, ":")
		if both {
			if ok, _ := path.Match(module, i.Module); pydist.PlainName(eggName) == pydist.PlainName(i.Egg) && (ok || module == i.Module || module == i.Path) {
				return w, true
			}
			continue
		}
		for _, name := range []string{i.Module, i.Path} {
			if ok, _ := path.Match(w, name); name != "" && (ok || w == name) {
				return w, true
			}
		}
		if i.Egg != "" && pydist.PlainName(w) == pydist.PlainName(i.Egg) || i.Kind == "part" && w == i.Part {
			return w, true
		}
	}
	return "", false
}

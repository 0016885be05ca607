// Package recipes lists the quirks of recipes and extensions: what a recipe does
// by itself, what is done about it, and where. A quirk has no other place.
package recipes

import (
	"regexp"
	"strings"
)

// Quirk is what a recipe or an extension of buildout does by itself, and what
// is done about it.
type Quirk struct {
	Recipe   string // as a part names it
	Does     string
	Done     string
	Versions string // that do so
	Where    string // the file that does something about it, from the repository's top
}

// Table has all quirks that something in this program depends on. docs/design.md
// has the same rows.
func Table() []Quirk {
	return []Quirk{
		{"zc.recipe.egg", "takes the part's name for the egg, where neither eggs nor egg is given", "so does verify", "all", "internal/recipes/recipes.go"},
		{custom, "builds its egg itself, and takes no wheel", "no wheel is looked for before the build", "all", "internal/recipes/recipes.go"},
		{custom, "builds nothing while an egg of that name lies in eggs, and an update gives none", "`--reuse` takes the egg from there, and gives what the part built", "all", "internal/buildout/py/reuse.py"},
		{"zc.recipe.cmmi", "leaves its environment to the parts after it on install, not on update", "so does an update with `--reuse`", "all", "internal/buildout/py/reuse.py"},
		{"mr.developer", "runs version control on each run", "the checkouts stay as they are", "all", "target/src/recipes.py"},
		{"plone.recipe.zeoserver", "writes paths in the order of a set, which the tree's path decides", "they get the order of the working set, in the build and on the target", "3.0 and newer", "target/src/recipes.py"},
		{"djangorecipe", "writes scripts by a template of its own", "such scripts get what buildout's own get", "all", "target/src/scripts.py"},
	}
}

// custom is the recipe that builds one egg with options of its own.
const custom = "zc.recipe.egg:custom"

// BuildsEgg tells whether a recipe builds its part's egg itself.
func BuildsEgg(recipe string) bool { return recipe == custom }

// requirement is a distribution's name at the start of a line or word.
var requirement = regexp.MustCompile(`(?m)(?:^|\s)([A-Za-z0-9][A-Za-z0-9._-]*)`)

// Eggs are the distributions that a part asks for, by its recipe and its options.
func Eggs(part, recipe string, options map[string]string) []string {
	var names []string
	for _, option := range []string{"eggs", "egg"} {
		for line := range strings.Lines(options[option]) {
			if m := requirement.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			}
		}
	}
	if len(names) == 0 && strings.HasPrefix(recipe, "zc.recipe.egg") {
		names = []string{part}
	}
	return names
}

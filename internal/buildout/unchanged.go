package buildout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/partfiles"
)

// leave reads what lies in bin, parts and develop-eggs.
func (t *Tree) leave(earlier partfiles.Files) (partfiles.Left, error) {
	var dirs []string
	for _, key := range []string{"bin-directory", "parts-directory", "develop-eggs-directory"} {
		if dir := t.dir(key); dir != "" && within(dir, t.Root) {
			dirs = append(dirs, dir)
		}
	}
	left, err := partfiles.ReadLeft(t.Root, dirs, earlier)
	if err != nil {
		return left, surroundings("reading what the parts left", "", err)
	}
	return left, nil
}

// unchanged fails where a part changed something though it says that it only
// updates. What the build left may have been settled before the run that counts,
// but nothing may be lost; that run leaves all as it was.
func (g *gate) unchanged(built, settled, after partfiles.Left) error {
	changes := settled.Files.Changes(after.Files)
	for _, c := range built.Files.Changes(after.Files) {
		parts, _ := built.Parts.Owners(c.Path)
		again := slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(g.settling, part) })
		if c.What.Lost() && !again && !slices.Contains(changes, c) {
			changes = append(changes, c)
		}
	}
	for _, c := range changes {
		parts, develop := built.Parts.Owners(c.Path)
		if slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(g.volatile, part) }) {
			continue
		}
		e := &Error{Doing: offline, Code: 1, Log: g.log.Name()}
		switch {
		case develop:
			e.Err, e.Tip = fmt.Errorf("of a develop package: %s", c), "report it, with the package's pyproject.toml: what its backend leaves in develop-eggs has to stay"
		case len(parts) == 0:
			e.Err, e.Tip = errors.New(c.String()), "no part says that it made this file; leave it out of the tree, or have it made by a part"
		case len(parts) == 1:
			e.Err = fmt.Errorf("part %s only updates, and %s", parts[0], c)
			e.Tip = "each bin/buildout on a server would do so again; if that is harmless, allow it: volatile = " + parts[0]
		default:
			e.Err = fmt.Errorf("a part only updates, and %s; it is one of %s", c, strings.Join(parts, ", "))
			e.Tip = "each bin/buildout on a server would do so again; if that is harmless, allow the part: volatile = NAME"
		}
		return e
	}
	return nil
}

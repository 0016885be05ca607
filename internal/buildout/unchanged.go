package buildout

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/partfiles"
)

// left is what the parts of a tree left, and whose it is.
type left struct {
	files partfiles.Files
	parts partfiles.Parts
}

// leave reads what lies in bin, parts and develop-eggs.
func (t *Tree) leave(earlier partfiles.Files) (left, error) {
	var dirs []string
	for _, key := range []string{"bin-directory", "parts-directory", "develop-eggs-directory"} {
		if dir := t.dir(key); dir != "" && within(dir, t.Root) {
			dirs = append(dirs, dir)
		}
	}
	files, err := partfiles.Read(t.Root, dirs, earlier)
	if err == nil {
		var parts partfiles.Parts
		if parts, err = partfiles.ReadParts(t.Root); err == nil {
			return left{files, parts}, nil
		}
	}
	return left{}, surroundings("reading what the parts left", "", err)
}

// unchanged fails where a part changed something though it says that it only
// updates. What the build left may have been settled in the first run, but
// nothing may be lost; the run that counts leaves all as it was.
func (g gate) unchanged(doing string, built, settled left) error {
	after, err := g.t.leave(settled.files)
	if err != nil {
		return err
	}
	changes := settled.files.Changes(after.files)
	for _, c := range built.files.Changes(after.files) {
		parts, _ := built.parts.Owners(c.Path)
		again := slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(g.settling, part) })
		if c.What.Lost() && !again && !slices.Contains(changes, c) {
			changes = append(changes, c)
		}
	}
	for _, c := range changes {
		parts, develop := built.parts.Owners(c.Path)
		if slices.ContainsFunc(parts, func(part string) bool { return slices.Contains(g.volatile, part) }) {
			continue
		}
		e := &Error{Doing: doing, Code: 1, Log: g.log.Name()}
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

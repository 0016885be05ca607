package prove

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/partfiles"
)

// leave reads what the parts of the installed tree left.
func (r *run) leave(earlier partfiles.Files) (partfiles.Left, error) {
	var dirs []string
	for _, name := range []string{"bin", "parts", "develop-eggs"} {
		dirs = append(dirs, filepath.Join(r.tree, name))
	}
	left, err := partfiles.ReadLeft(r.tree, dirs, earlier)
	if err != nil {
		return left, fmt.Errorf("reading what the parts left: %w", err)
	}
	return left, nil
}

// whose names the parts that a file may be of, "" if they may change it.
func (r *run) whose(parts partfiles.Parts, path string) string {
	names, develop := parts.Owners(path)
	switch {
	case develop:
		return "a develop package"
	case slices.ContainsFunc(names, func(name string) bool { return slices.Contains(r.o.Volatile, name) }):
		return ""
	case len(names) == 0:
		return "no part"
	case len(names) == 1:
		return r.part(names[0])
	}
	return "one of the parts " + strings.Join(names, ", ")
}

// part names a part and its recipe.
func (r *run) part(name string) string {
	for _, p := range r.manifest.Parts {
		if p.Name == name && p.Recipe != "" {
			return fmt.Sprintf("part %s, by %s", name, p.Recipe)
		}
	}
	return "part " + name
}

// refused names the part of a file that bootstrap.py refuses to fit.
func (r *run) refused(said string) string {
	parts, err := partfiles.ReadParts(r.tree)
	if err != nil {
		return ""
	}
	for _, word := range strings.Fields(said) {
		word = strings.Trim(word, ":,;")
		for _, p := range parts.List {
			if slices.ContainsFunc(p.Paths, func(own string) bool { return word == own || strings.HasPrefix(word, own+"/") }) || strings.HasPrefix(word, "parts/"+p.Name+"/") {
				return " (of " + r.part(p.Name) + ")"
			}
		}
	}
	return ""
}

// lost fails the proof where bin/buildout took something away.
func (r *run) lost(parts partfiles.Parts, changes []partfiles.Change) {
	for _, c := range changes {
		if owner := r.whose(parts, c.Path); c.What.Lost() && owner != "" {
			r.proof.fail("a part that only updates has to leave what it made; if that is harmless, allow it: volatile = PART", "bin/buildout: %s (of %s)", c, owner)
		}
	}
}

// spaced moves the tree to a place with a space and a letter that isn't ASCII,
// and runs the two lines of the README again. What some part can't do there is
// a warning: plain are the changes that bin/buildout made at the plain place.
func (r *run) spaced(ctx context.Context, plain []partfiles.Change) error {
	place := filepath.Join(r.work, spacedName)
	if err := os.Rename(r.tree, place); err != nil {
		return fault.Surroundings(fmt.Errorf("moving the tree: %w", err), "")
	}
	r.tree = place
	const where = " at a path with a space and an umlaut"
	name, path, args := r.starter()
	s, err := r.command(ctx, name+where, path, args...)
	if err != nil {
		return err
	}
	if s.Code != 0 {
		said := strings.TrimPrefix(tellingLine(s.Output), "error: ")
		r.warn("bootstrap.py refuses the archive%s: %s%s", where, said, r.refused(said))
		return nil
	}
	before, err := r.leave(nil)
	if err != nil {
		return err
	}
	if s, err = r.command(ctx, "bin/buildout"+where, r.buildoutPath()); err != nil {
		return err
	}
	if s.Code != 0 {
		r.warn("bin/buildout fails%s: %s", where, strings.TrimPrefix(tellingLine(s.Output), "error: "))
		return nil
	}
	for _, p := range readOutput(s.Output).problems(r.manifest.Parts, r.o.Volatile) {
		r.warn("%s%s", p, where)
	}
	for _, p := range splitPaths(s.Output, r.work) {
		owner := "a part"
		if p.part != "" {
			owner = r.part(p.part)
		}
		r.warn("%s: the tree's path is taken for two words%s: %s", owner, where, p.line)
	}
	after, err := r.leave(before.Files)
	if err != nil {
		return err
	}
	for _, c := range before.Files.Changes(after.Files) {
		if owner := r.whose(before.Parts, c.Path); owner != "" && !slices.ContainsFunc(plain, func(p partfiles.Change) bool { return p == c }) {
			r.warn("%s%s (of %s)", c, where, owner)
		}
	}
	return nil
}

// warn adds a warning. It names no place of the proof: that differs each time.
func (r *run) warn(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, dir := range []string{r.tree + string(filepath.Separator), r.tree, r.work} {
		text = strings.ReplaceAll(text, dir, "")
	}
	if !slices.Contains(r.proof.Warnings, text) {
		r.proof.Warnings = append(r.proof.Warnings, text)
	}
}

// splitPath is a line that names the tree up to the space in its path, and the
// part at work, "" if none was yet.
type splitPath struct{ part, line string }

// splitPaths finds what buildout's output says of a path that was split: its
// first or its last word alone. A shell says so of an unquoted ${buildout:directory}.
func splitPaths(out, work string) []splitPath {
	tree := filepath.Join(work, spacedName)
	// Python 2 writes what isn't ASCII by its bytes, or by its number, where it quotes a path ("Develop: ...").
	whole := strings.NewReplacer(tree, "", strings.ReplaceAll(tree, " ", `\ `), "",
		strings.ReplaceAll(tree, "ü", `\xc3\xbc`), "", strings.ReplaceAll(tree, "ü", `\xfc`), "")
	words := strings.Fields(spacedName)
	cut := regexp.MustCompile(regexp.QuoteMeta(filepath.Join(work, words[0])) + `(?:['":,;)\]\s]|$)|(?:^|[\s'"(=])` + words[len(words)-1] + `/`)
	var found []splitPath
	part := ""
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if m := partLine.FindStringSubmatch(line); m != nil {
			part = m[2]
		}
		if cut.MatchString(whole.Replace(line)) && !slices.ContainsFunc(found, func(s splitPath) bool { return s.part == part }) {
			found = append(found, splitPath{part, line})
		}
	}
	return found
}

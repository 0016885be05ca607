package pack

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// maxPathWindows is what Windows opens without a long-path setting, in UTF-16
// units, without the NUL: MAX_PATH - 1.
const maxPathWindows = 259

// minRootWindows is what a root on Windows needs at least: C:\x and the separator.
const minRootWindows = 5

// CheckError are the names that an archive can't hold.
type CheckError struct{ Items []Item }

func (e *CheckError) Error() string {
	b := &BlockedError{Items: e.Items}
	return strings.Replace(b.Error(), "can't be moved to another place", "can't be packed", 1)
}

// Hint says what to do about the first of them.
func (e *CheckError) Hint() string { return e.Items[0].hint }

// ExitCode is 1.
func (e *CheckError) ExitCode() int { return exitCheck }

// Check holds the list against what the target can hold, and what Extract
// accepts: names, links, duplicates, lengths. It sets Manifest.LongestPath.
func Check(a *Archive) error {
	c := checker{folds: foldsNames(a.Manifest.Target), windows: onWindows(a.Manifest.Target)}
	for i := range a.Files {
		f := &a.Files[i]
		if units(f.Path) > units(c.longest) {
			c.longest = f.Path
		}
		c.name(f)
	}
	c.links(a)
	c.relocated(a)
	a.Manifest.LongestPath = c.longest
	if c.windows && units(c.longest)+minRootWindows > maxPathWindows {
		c.block(c.longest, "leave it out with --exclude, or shorten it", "the path has %d characters, Windows takes %d with the root", units(c.longest), maxPathWindows)
	}
	if len(c.items) > 0 {
		return &CheckError{Items: c.items}
	}
	return nil
}

func onWindows(target string) bool { return strings.Contains(target, "-win") }

// foldsNames tells whether the target's file systems take two names that
// differ by case or Unicode form for one.
func foldsNames(target string) bool {
	return onWindows(target) || strings.Contains(target, "-macosx")
}

type checker struct {
	folds, windows bool
	longest        string
	seen           map[string]string
	items          []Item
}

func (c *checker) block(p, hint, format string, args ...any) {
	c.items = append(c.items, Item{Path: p, Reason: fmt.Sprintf(format, args...), hint: hint})
}

// relocated looks at the names that a file has while bootstrap.py fits it: the
// archive's version is kept, and the new one is written beside it.
func (c *checker) relocated(a *Archive) {
	if !c.windows {
		return
	}
	for _, r := range a.Manifest.Relocations {
		for _, p := range []string{Dir + "/origin/" + r.Path, path.Join(parent(r.Path), temporaryName)} {
			if units(p) > units(c.longest) {
				c.longest = p
			}
		}
	}
}

// temporaryName is as long as the names of bootstrap.py's temporary files.
const temporaryName = ".binary-buildout-0123456789ab"

func (c *checker) name(f *File) {
	if c.seen == nil {
		c.seen = map[string]string{}
	}
	if err := validName(f.Path); err != "" {
		c.block(f.Path, "rename it, or leave it out with --exclude", "%s", err)
		return
	}
	key := f.Path
	if c.folds {
		key = fold(key)
	}
	if other, ok := c.seen[key]; ok {
		c.block(f.Path, "leave one out with --exclude", "the target can't tell it from %s", quoteName(other))
	}
	c.seen[key] = f.Path
	if c.windows {
		if why := reservedOnWindows(f.Path); why != "" {
			c.block(f.Path, "rename it, or leave it out with --exclude", "%s", why)
		}
	}
}

// fold gives names that macOS or Windows take for one the same text.
func fold(s string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFD.String(s)))
}

// validName says what is wrong with a relative slash-separated path, "" if nothing is.
func validName(p string) string {
	switch {
	case p == "":
		return "the name is empty"
	case !utf8.ValidString(p):
		return "the name is not UTF-8"
	case strings.IndexByte(p, 0) >= 0:
		return "the name holds a NUL"
	case strings.HasPrefix(p, "/"):
		return "the name is absolute"
	case len(p) > maxName:
		return "the name is too long"
	}
	for c := range strings.SplitSeq(p, "/") {
		if c == "" || c == "." || c == ".." {
			return fmt.Sprintf("the name has %q in it", c)
		}
	}
	return ""
}

// maxName bounds a path, bytes: Linux's PATH_MAX.
const maxName = 4096

// reservedOnWindows says why Windows can't hold a name, "" if it can.
// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
func reservedOnWindows(p string) string {
	for c := range strings.SplitSeq(p, "/") {
		if i := strings.IndexAny(c, `<>:"|?*\`); i >= 0 {
			return fmt.Sprintf("Windows has no names with %q", c[i])
		}
		if strings.IndexFunc(c, func(r rune) bool { return r < 0x20 }) >= 0 {
			return "Windows has no names with control characters"
		}
		if strings.HasSuffix(c, ".") || strings.HasSuffix(c, " ") {
			return "Windows has no names that end with a dot or a space"
		}
		stem, _, _ := strings.Cut(strings.ToUpper(c), ".")
		switch stem = strings.TrimRight(stem, " "); stem {
		case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
			return fmt.Sprintf("Windows reserves the name %s", stem)
		}
		if r := []rune(stem); len(r) == 4 && (string(r[:3]) == "COM" || string(r[:3]) == "LPT") && strings.ContainsRune("0123456789¹²³", r[3]) {
			return fmt.Sprintf("Windows reserves the name %s", stem)
		}
	}
	return ""
}

func units(s string) int {
	if len(s) == utf8.RuneCountInString(s) {
		return len(s)
	}
	return len(utf16.Encode([]rune(s)))
}

func (c *checker) links(a *Archive) {
	t := newLinkTable()
	for i := range a.Files {
		if f := &a.Files[i]; f.Type == TypeLink && f.InArchive() {
			t.links[f.Path] = f.Link
		}
	}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type == TypeLink && f.InArchive() {
			if why := t.escapes(f.Path); why != "" {
				c.block(f.Path, "have the part link into the tree, or leave it out with --exclude", "%s", why)
			}
			continue
		}
		if l := t.through(f.Path); l != "" {
			c.block(f.Path, "leave it out with --exclude", "it lies below the link %s", quoteName(l))
		}
	}
}

// linkTable follows links within an archive, without a file system.
type linkTable struct{ links map[string]string }

func newLinkTable() *linkTable { return &linkTable{links: map[string]string{}} }

// through gives the link that a path would be written through, "" if there is none.
func (t *linkTable) through(p string) string {
	for d := parent(p); d != ""; d = parent(d) {
		if _, ok := t.links[d]; ok {
			return d
		}
	}
	return ""
}

// maxLinks is how many links Linux follows in one path.
const maxLinks = 40

// escapes says how a link leads out of the top directory, followed as the
// kernel does it, one name at a time. A link to nothing, or to itself, is harmless.
func (t *linkTable) escapes(link string) string {
	if isAbs(t.links[link]) || t.links[link] == "" {
		return fmt.Sprintf("links to %q, which is not relative", t.links[link])
	}
	if strings.IndexByte(t.links[link], 0) >= 0 || !utf8.ValidString(t.links[link]) {
		return "links to what is no name"
	}
	at := splitPath(parent(link))
	todo := splitPath(t.links[link])
	for n := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return fmt.Sprintf("links to %q, out of the archive", t.links[link])
			}
			at = at[:len(at)-1]
			continue
		}
		next := path.Join(strings.Join(at, "/"), name)
		target, ok := t.links[next]
		if !ok {
			at = append(at, name)
			continue
		}
		if n++; n > maxLinks {
			return ""
		}
		if isAbs(target) {
			return fmt.Sprintf("links to %q, which leads out of the archive", t.links[link])
		}
		todo = append(splitPath(target), todo...)
	}
	return ""
}

func splitPath(p string) []string {
	if p == "" {
		return nil
	}
	return strings.Split(p, "/")
}

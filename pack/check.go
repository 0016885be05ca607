package pack

import (
	"fmt"
	"path"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
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

// Check compares the list with what the target can hold, and with what Extract
// accepts: names, links, duplicates, lengths. It gives the longest path.
func Check(a *Plan, target string) (longest string, err error) {
	c := checker{folds: foldsNames(target), windows: onWindows(target)}
	for i := range a.Files {
		f := &a.Files[i]
		if units(f.Path) > units(c.longest) {
			c.longest = f.Path
		}
		c.name(f)
	}
	c.links(a)
	c.relocated(a)
	if c.windows && units(c.longest)+minRootWindows > maxPathWindows {
		c.block(c.longest, "leave it out with --exclude, or shorten it", "the path has %d characters, Windows takes %d with the root", units(c.longest), maxPathWindows)
	}
	if len(c.items) > 0 {
		err = fault.Failed(&CheckError{Items: c.items}, c.items[0].hint)
	}
	return c.longest, err
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
func (c *checker) relocated(a *Plan) {
	if !c.windows {
		return
	}
	for _, r := range a.Relocations {
		for _, p := range []string{archive.Dir + "/origin/" + r.Path, path.Join(archive.Parent(r.Path), temporaryName)} {
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
	if err := archive.ValidName(f.Path); err != "" {
		c.block(f.Path, "rename it, or leave it out with --exclude", "%s", err)
		return
	}
	key := f.Path
	if c.folds {
		key = fold(key)
	}
	if other, ok := c.seen[key]; ok {
		c.block(f.Path, "leave one out with --exclude", "the target can't tell it from %s", archive.QuoteName(other))
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

func (c *checker) links(a *Plan) {
	t := archive.Links{}
	for i := range a.Files {
		if f := &a.Files[i]; f.Type == archive.TypeLink && f.InArchive() {
			t[f.Path] = f.Link
		}
	}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type == archive.TypeLink && f.InArchive() {
			if why := t.Escapes(f.Path); why != "" {
				c.block(f.Path, "have the part link into the tree, or leave it out with --exclude", "%s", why)
			}
			continue
		}
		if l := t.Through(f.Path); l != "" {
			c.block(f.Path, "leave it out with --exclude", "it lies below the link %s", archive.QuoteName(l))
		}
	}
}

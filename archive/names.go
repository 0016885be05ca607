package archive

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ValidName says what is wrong with a relative slash-separated path, "" if nothing is.
func ValidName(p string) string {
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

// Links are the symbolic links of an archive by path, with what each points to.
// They are followed without a file system.
type Links map[string]string

// Through gives the link that a path would be written through, "" if there is none.
func (t Links) Through(p string) string {
	for d := Parent(p); d != ""; d = Parent(d) {
		if _, ok := t[d]; ok {
			return d
		}
	}
	return ""
}

// maxLinks is how many links Linux follows in one path.
const maxLinks = 40

// Escapes says how a link leads out of the top directory, followed as the
// kernel does it, one name at a time. A link to nothing, or to itself, is harmless.
func (t Links) Escapes(link string) string {
	if IsAbs(t[link]) || t[link] == "" {
		return fmt.Sprintf("links to %q, which is not relative", t[link])
	}
	if strings.IndexByte(t[link], 0) >= 0 || !utf8.ValidString(t[link]) {
		return "links to what isn't a name"
	}
	at := splitPath(Parent(link))
	todo := splitPath(t[link])
	for n := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			if len(at) == 0 {
				return fmt.Sprintf("links to %q, out of the archive", t[link])
			}
			at = at[:len(at)-1]
			continue
		}
		next := path.Join(strings.Join(at, "/"), name)
		target, ok := t[next]
		if !ok {
			at = append(at, name)
			continue
		}
		if n++; n > maxLinks {
			return ""
		}
		if IsAbs(target) {
			return fmt.Sprintf("links to %q, which leads out of the archive", t[link])
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

// IsAbs tells whether a path is absolute, on POSIX or on Windows.
func IsAbs(p string) bool {
	return strings.HasPrefix(p, "/") || strings.HasPrefix(p, `\`) || drive.MatchString(p)
}

var drive = regexp.MustCompile(`^[A-Za-z]:[\\/]`)

// Parent is the directory of a slash-separated path, "" at the top.
func Parent(p string) string {
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] == '/' {
			return p[:i]
		}
	}
	return ""
}

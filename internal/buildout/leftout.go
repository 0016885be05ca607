package buildout

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
)

// LeftOut is a path of the checkout that isn't copied into the stage. What lies
// below a directory isn't listed.
type LeftOut struct {
	Path   string // relative, with slashes
	Reason LeftOutReason
}

// Own reports whether this program wrote what is left out.
func (l LeftOut) Own() bool { return l.Reason == LeftOwn }

// LeftOutReason says in a few words why a path isn't copied.
type LeftOutReason string

// The reasons.
const (
	LeftOwn        LeftOutReason = "pack wrote it"
	LeftData       LeftOutReason = "var holds an application's data"
	LeftState      LeftOutReason = "it belongs to another tree"
	LeftProduct    LeftOutReason = "buildout made it, since .installed.cfg is there"
	LeftVirtualenv LeftOutReason = "a virtualenv"
	LeftCompiled   LeftOutReason = "a product of compiling"
)

// missing matches a line that says that a file isn't there.
var missing = regexp.MustCompile(`(?i)no such file|not found|cannot stat|can(?:'t|not) (?:open|find|read)|doesn't exist|does not exist|Couldn't develop|not a (?:file|directory)|isn't there`)

// named says of an error that comes from a path that was left out of the stage which one that is.
func (b *builder) named(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	for line := range strings.Lines(e.Error() + "\n" + joined(b.w.lines)) {
		if !missing.MatchString(line) {
			continue
		}
		if path, reason := b.missed(line); path != "" {
			e.Tip = fmt.Sprintf("%s of the checkout isn't copied to the stage (%s): what git tracks is copied from anywhere, and `before` may make or copy it", path, reason)
			return err
		}
	}
	return err
}

// missed finds in a line the path of something that is in the checkout, and was left out of the stage.
func (b *builder) missed(line string) (string, LeftOutReason) {
	for _, l := range b.left {
		pattern := regexp.MustCompile(`(?:^|[\s'"=:(,` + "`" + `]|` + regexp.QuoteMeta(b.s.root) + `/)(?:\./)?(` + regexp.QuoteMeta(l.Path) + `(?:/[^\s'":` + "`" + `]*)?)(?:$|[\s'":,.)\]` + "`" + `])`)
		if m := pattern.FindStringSubmatch(line); m != nil && exists(filepath.Join(b.o.Dir, filepath.FromSlash(m[1]))) && !exists(filepath.Join(b.s.root, filepath.FromSlash(m[1]))) {
			return m[1], l.Reason
		}
	}
	return "", ""
}

package job

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
)

// brought is a part of an interpreter that comes along only where something
// imports it.
type brought struct {
	imports, paths *regexp.Regexp
	warning        string // what follows the importing file's name; empty for none
}

func broughtByImport() []brought {
	return []brought{
		{
			regexp.MustCompile(`(?m)^[ \t]*(?:import|from)[ \t]+[Tt]kinter\b`),
			regexp.MustCompile(`/(tkinter|lib-tk)(/|$)|/lib-dynload/_tkinter\.`),
			" imports tkinter, which comes along with the interpreter; Tcl's and Tk's own files have to be on the target",
		},
		{
			regexp.MustCompile(`(?m)^[ \t]*(?:import|from)[ \t]+(?:dbm|anydbm|shelve)\b`),
			regexp.MustCompile(`/lib-dynload/_?dbm\.`),
			"",
		},
	}
}

var ofPython = regexp.MustCompile(`(^|/)lib(64)?/python[0-9]`) // another Python of the tree

// includesImported tells which paths of the interpreter come along since a module
// of the application itself imports them. In distributions of an index there is
// often one that does (Pillow's ImageTk), and that nothing on a server asks for.
func (l *Listed) includesImported() func(string) bool {
	left, found := broughtByImport(), []brought{}
	for i := range l.List.Files {
		f := &l.List.Files[i]
		if len(left) == 0 {
			break
		}
		if !ofApplication(f) {
			continue
		}
		data, err := os.ReadFile(f.Source)
		if err != nil {
			continue
		}
		left = slices.DeleteFunc(left, func(b brought) bool {
			if !b.imports.Match(data) {
				return false
			}
			found = append(found, b)
			if b.warning != "" {
				l.Tree.Warnings = append(l.Tree.Warnings, f.Path+b.warning)
				l.Warn(f.Path + b.warning)
			}
			return true
		})
	}
	return func(p string) bool {
		return slices.ContainsFunc(found, func(b brought) bool { return b.paths.MatchString(p) })
	}
}

// ofApplication tells whether a file is a Python source that no index served.
func ofApplication(f *pack.File) bool {
	if f.Type != archive.TypeFile || f.Source == "" || path.Ext(f.Path) != ".py" || strings.HasPrefix(f.Path, "parts/") || ofPython.MatchString(f.Path) {
		return false
	}
	for c := range strings.SplitSeq(f.Path, "/") {
		if strings.HasSuffix(c, ".egg") || c == "eggs" || c == "site-packages" {
			return false
		}
	}
	return true
}

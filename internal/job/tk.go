package job

import (
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack"
)

var (
	importsTk = regexp.MustCompile(`(?m)^[ \t]*(?:import|from)[ \t]+[Tt]kinter\b`)
	ofPython  = regexp.MustCompile(`(^|/)lib(64)?/python[0-9]`) // another Python of the tree
	tkPath    = regexp.MustCompile(`/(tkinter|lib-tk)(/|$)|/lib-dynload/_tkinter\.`)
)

// includesTk tells which paths of the interpreter's Tk come along: all, if a
// module of the application itself imports it, and else none. In distributions
// of an index there is often one that does (Pillow's ImageTk), and that nothing
// on a server asks for.
func (l *Listed) includesTk() func(string) bool {
	for i := range l.List.Files {
		f := &l.List.Files[i]
		if !ofApplication(f) {
			continue
		}
		if data, err := os.ReadFile(f.Source); err != nil || !importsTk.Match(data) {
			continue
		}
		w := f.Path + " imports tkinter, which comes along with the interpreter; Tcl's and Tk's own files have to be on the target"
		l.Tree.Warnings = append(l.Tree.Warnings, w)
		l.Warn(w)
		return tkPath.MatchString
	}
	return func(string) bool { return false }
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

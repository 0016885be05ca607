package bundle

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Reasons of what is left out of an interpreter.
const (
	reasonTests     = "tests of the interpreter"
	reasonTk        = "Tk, which a server has no screen for"
	reasonIdle      = "the interpreter's editor and demonstrations"
	reasonWheels    = "wheels of ensurepip"
	reasonBuild     = "for compiling against the interpreter"
	reasonSite      = "packages of the build's interpreter, not of the application"
	reasonCustom    = "customization of the build machine"
	reasonWindows   = "for Windows"
	reasonBytecode  = "bytecode, made anew"
	reasonNIS       = "NIS, which needs Kerberos's libraries"
	reasonDBM       = "dbm.ndbm, for which Debian has Berkeley DB"
	reasonTopics    = "texts of help() about the language"
	reasonOther     = "for another system"
	reasonTwin      = "the same in Python, which the compiled module takes the place of"
	reasonShell     = "for the desktop of Windows"
	reasonNotAsFile = "neither file nor directory"
)

// rule says why what matches is left out.
type rule struct {
	pattern *regexp.Regexp
	reason  string
}

// leftOut are the rules for a standard library: of a path below it, the first
// that matches counts.
var leftOut = []rule{
	{regexp.MustCompile(`(^|/)__pycache__$|\.py[co]$`), reasonBytecode},
	{regexp.MustCompile(`^(site|dist)-packages$`), reasonSite},
	{regexp.MustCompile(`^(sitecustomize|usercustomize)\.py$|^EXTERNALLY-MANAGED$`), reasonCustom},
	{regexp.MustCompile(`(^|/)tests?$|^lib-dynload/(_test|_ctypes_test|_xx|xx)[^/]*\.so$|^__phello__|^__hello__\.py$`), reasonTests},
	{regexp.MustCompile(`^(tkinter|lib-tk)$|^lib-dynload/_tkinter[^/]*\.so$`), reasonTk},
	{regexp.MustCompile(`^(idlelib|turtledemo)$|^turtle\.py$`), reasonIdle},
	{regexp.MustCompile(`^ensurepip/_bundled$`), reasonWheels},
	{regexp.MustCompile(`^config(-[^/]*)?$|\.a$`), reasonBuild},
	{regexp.MustCompile(`^lib-dynload/nis[^/]*\.so$`), reasonNIS},
	{regexp.MustCompile(`^lib-dynload/_?dbm[^/]*\.so$`), reasonDBM},
	{regexp.MustCompile(`^pydoc_data/topics\.py$`), reasonTopics},
	{regexp.MustCompile(`\.exe$`), reasonWindows},
}

// leftOutLinux are further rules on Linux. eventlet imports _pyio, the twin of a third one.
var leftOutLinux = []rule{
	{regexp.MustCompile(`^_(osx|ios|apple|android|aix)_support\.py$|^ctypes/macholib$|^asyncio/windows_(events|utils)\.py$|^multiprocessing/popen_spawn_win32\.py$`), reasonOther},
	{regexp.MustCompile(`^_pydatetime\.py$`), reasonTwin},
}

// twinOfDecimal isn't left out where _decimal wasn't compiled, which needs libmpdec.
var twinOfDecimal = rule{regexp.MustCompile(`^_pydecimal\.py$`), reasonTwin}

// leftOutHere are the rules for this interpreter.
func (c *copier) leftOutHere() []rule {
	switch {
	case c.windows():
		return append(slices.DeleteFunc(slices.Clone(leftOut), func(r rule) bool { return r.reason == reasonWindows }), leftOutWindows...)
	case c.o.OS != "linux":
		return leftOut
	}
	rules := slices.Concat(leftOut, leftOutLinux)
	if found, err := filepath.Glob(filepath.Join(c.o.Stdlib, "lib-dynload", "_decimal*.so")); err == nil && len(found) > 0 {
		rules = append(rules, twinOfDecimal)
	}
	return rules
}

// why says why a path below the standard library is left out; "" if it isn't.
func (c *copier) why(rel string) string {
	for _, l := range c.rules {
		if l.pattern.MatchString(rel) {
			return l.reason
		}
	}
	return ""
}

// collect copies the program and the standard library.
func (c *copier) collect() error {
	c.rules = c.leftOutHere()
	if c.windows() {
		return c.collectWindows()
	}
	exe, err := filepath.EvalSymlinks(c.o.Executable)
	if err != nil {
		return err
	}
	if err := c.put(exe, c.executable()); err != nil {
		return err
	}
	if err := os.Chmod(c.place(c.executable()), 0o755); err != nil {
		return err
	}
	name := path.Base(c.executable())
	major, _, _ := strings.Cut(name, ".")
	c.links = map[string]string{}
	for _, link := range []string{"python", major} {
		if link != name {
			c.links[path.Join(c.name, "bin", link)] = name
		}
	}
	if err := c.walk(c.o.Stdlib, c.stdlib(), "", ""); err != nil {
		return err
	}
	c.beside()
	// An interpreter finds its exec_prefix by this directory, empty or not.
	if err := os.MkdirAll(c.place(c.dynload()), 0o755); err != nil {
		return err
	}
	return c.makeLinks()
}

// beside names what lies in the prefix and stays there.
func (c *copier) beside() {
	base := path.Base(c.stdlib())
	for _, p := range []struct{ path, reason string }{
		{"include/" + base, reasonBuild}, {"include/" + base + "m", reasonBuild}, {"lib/pkgconfig", reasonBuild},
	} {
		if _, err := os.Stat(filepath.Join(c.o.Prefix, filepath.FromSlash(p.path))); err == nil {
			c.omit(path.Join(c.name, p.path), p.reason)
		}
	}
}

// walk copies a directory of the interpreter: what is rel in top, which is a path
// below the prefix. With a reason, only what was asked for.
func (c *copier) walk(dir, top, rel, reason string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := c.entry(dir, top, path.Join(rel, e.Name()), reason, e); err != nil {
			return err
		}
	}
	return nil
}

func (c *copier) entry(dir, top, rel, reason string, e fs.DirEntry) error {
	to := path.Join(c.name, top, rel)
	from := filepath.Join(dir, e.Name())
	info, err := os.Stat(from) // a link counts as what it leads to
	if err != nil {
		c.omit(to, reasonNotAsFile)
		return nil
	}
	if own := c.why(rel); own != "" {
		reason = own
	}
	if c.o.Excluded(to) {
		reason = "excluded"
	}
	switch {
	case c.o.Included(to):
		reason = ""
	case reason != "" && info.IsDir() && c.includedBelow(from, to):
	case reason != "":
		c.omit(to, reason)
		return nil
	}
	switch {
	case info.IsDir():
		return c.walk(from, top, rel, reason)
	case info.Mode().IsRegular():
		return c.put(from, to)
	}
	c.omit(to, reasonNotAsFile)
	return nil
}

// includedBelow tells whether something below a directory that is left out was asked for.
func (c *copier) includedBelow(dir, to string) bool {
	found := false
	_ = filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		rel, ok := under(p, dir)
		if found = err == nil && ok && c.o.Included(path.Join(to, rel)); found {
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// makeLinks makes the links of the copy.
func (c *copier) makeLinks() error {
	for p, to := range c.links {
		if err := os.MkdirAll(filepath.Dir(c.place(p)), 0o755); err != nil {
			return err
		}
		if err := os.Symlink(to, c.place(p)); err != nil {
			return err
		}
	}
	return nil
}

package pack

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// Rules say what of a tree goes into the archive. The zero value is what pack does by default.
type Rules struct {
	// Exclude and Include are globs over slash-separated paths relative to the
	// root: "*" matches within a component, "**" any number of components, and
	// a glob without a slash matches a name at any depth. One that matches a
	// directory counts for all below it. Include wins over Exclude, and both
	// over what is left out by default.
	Exclude, Include []string

	// Develop are the directories of develop packages, relative to the root.
	// Their build/ is left out unless KeepBuild: zc.buildout 2.x needs it to
	// see that nothing has to be compiled. So is what CMake and Cargo leave
	// beside the sources.
	Develop   []string
	KeepBuild bool

	// Downloads is zc.buildout's download-cache, relative to the root; empty for
	// none. What lies in it is left out, but for what is in one of Needed.
	Downloads string
	Needed    []string
}

// Reasons of an Omission.
const (
	reasonAsked     = "excluded"
	reasonVar       = "user data (var)"
	reasonLog       = "log"
	reasonDatabase  = "database"
	reasonVCS       = "version control"
	reasonBytecode  = "bytecode, made anew"
	reasonProcess   = "belongs to a running process"
	reasonSocket    = "socket"
	reasonState     = "belongs to this machine"
	reasonBootstrap = "replaced by binary-buildout's own"
	reasonBuild     = "build directory of a develop package"
	ReasonDownloads = "download-cache, which nothing reads again"
	reasonLeft      = "left by the build of a develop package"
	reasonEditor    = "made by the operating system"
)

// vcsNames are version control's own names. .git is a file in submodules and worktrees.
var vcsNames = map[string]bool{".git": true, ".hg": true, ".svn": true, ".bzr": true, "CVS": true, "_darcs": true}

// osNames are left by file managers, and nothing reads them.
var osNames = map[string]bool{".DS_Store": true, "Thumbs.db": true, "desktop.ini": true}

// cmakeNames are what CMake leaves in a package that is built in its own
// directory (scikit-build-core's editable.mode = "inplace").
var cmakeNames = map[string]bool{"CMakeFiles": true, "CMakeCache.txt": true, "CMakeInit.txt": true, "cmake_install.cmake": true,
	".cmake": true, "build.ninja": true, ".ninja_log": true, ".ninja_deps": true, ".skbuild-info.json": true}

// omit says why a path is left out, "" if it isn't. sourced tells whether a
// bytecode file has its source beside it, tagged whether a directory calls
// itself a cache.
func (r *Rules) omit(p string, dir bool, sourced, tagged func() bool) string {
	if r.Includes(p) {
		return ""
	}
	if matchAny(r.Exclude, p) {
		return reasonAsked
	}
	base := path.Base(p)
	switch {
	case p == archive.BootstrapPy, p == archive.LauncherName, p == archive.ManifestName, p == archive.FilesName:
		return reasonBootstrap
	case strings.HasPrefix(p, archive.Dir+"/") && p != archive.LaunchName:
		return reasonState
	case vcsNames[base]:
		return reasonVCS
	case r.downloaded(p, dir):
		return ReasonDownloads
	case dir && base == "__pycache__":
		return reasonBytecode
	case dir:
		return r.omitBuild(p, tagged)
	case cmakeNames[base] && !r.KeepBuild && r.developed(p):
		return reasonLeft
	case strings.HasSuffix(base, ".pyc"), strings.HasSuffix(base, ".pyo"):
		if sourced() {
			return reasonBytecode
		}
	case osNames[base]:
		return reasonEditor
	case fromIndex(p):
		return "" // what an egg ships is its own, whatever it is called
	case strings.HasSuffix(base, ".log"):
		return reasonLog
	case strings.HasSuffix(base, ".pid"), strings.HasSuffix(base, ".lock") && strings.HasPrefix(base, "."):
		return reasonProcess
	case isDatabase(base):
		return reasonDatabase
	}
	return ""
}

// downloaded tells whether a path is in the download-cache alone. The directory
// itself stays, which zc.buildout wants, and dist in it, which it would make.
func (r *Rules) downloaded(p string, dir bool) bool {
	cache := r.Downloads
	if cache == "" || p == cache || !place.Under(p, cache) || dir && (p == cache+"/dist" || r.includesBelow(p)) {
		return false
	}
	for _, n := range r.Needed {
		if place.Under(p, n) || dir && place.Under(n, p) {
			return false
		}
	}
	return true
}

// omitBuild leaves out the directories of builds: Cargo's, and what is marked
// as a cache, as https://bford.info/cachedir/ says.
func (r *Rules) omitBuild(p string, tagged func() bool) string {
	base := path.Base(p)
	switch {
	case r.KeepBuild:
		return ""
	case base == "build" && slices.ContainsFunc(r.Develop, func(d string) bool { return path.Join(d, base) == p }):
		return reasonBuild
	case r.developed(p) && (cmakeNames[base] || tagged()):
		return reasonLeft
	}
	return ""
}

// developed tells whether a path lies in a develop package that has a
// directory to itself.
func (r *Rules) developed(p string) bool {
	return slices.ContainsFunc(r.Develop, func(d string) bool { return d != "." && strings.HasPrefix(p, d+"/") })
}

// isDatabase knows ZODB's file storages with what belongs to them. SQLite
// files aren't among them: applications ship some as data.
func isDatabase(base string) bool {
	for _, s := range []string{".fs", ".fs.lock", ".fs.tmp", ".fs.index", ".fs.old"} {
		if strings.HasSuffix(base, s) {
			return true
		}
	}
	return false
}

// fromIndex tells whether a path lies in an installed distribution, where the
// names of files say nothing about this machine.
func fromIndex(p string) bool {
	if strings.HasPrefix(p, "eggs/") || ofInterpreter(p) {
		return true
	}
	for c := range strings.SplitSeq(p, "/") {
		if strings.HasSuffix(c, ".egg") || c == "site-packages" {
			return true
		}
	}
	return false
}

// interpreterName is the directory of an archive's own interpreter, which may be a
// release candidate.
var interpreterName = regexp.MustCompile(`^python-[0-9]+\.[0-9]+\.[0-9]+[0-9a-z+]*/`)

// ofInterpreter tells whether a path lies in the archive's own interpreter.
func ofInterpreter(p string) bool { return interpreterName.MatchString(p) }

// Excludes tells whether one of the Exclude globs matches p, or a directory above it.
func (r *Rules) Excludes(p string) bool { return matchAny(r.Exclude, p) }

// Includes tells whether one of the Include globs matches p, or a directory above it.
func (r *Rules) Includes(p string) bool { return matchAny(r.Include, p) }

// forget takes the globs that match p out of the rules.
func (r *Rules) forget(p string) {
	matches := func(g string) bool { return matchGlob(g, p) }
	r.Exclude, r.Include = slices.DeleteFunc(r.Exclude, matches), slices.DeleteFunc(r.Include, matches)
}

func matchAny(globs []string, p string) bool {
	for _, g := range globs {
		if matchGlob(g, p) {
			return true
		}
	}
	return false
}

// matchGlob tells whether g matches p or a directory above it.
func matchGlob(g, p string) bool {
	g = strings.Trim(strings.TrimPrefix(g, "./"), "/")
	if g == "" {
		return false
	}
	if !strings.Contains(g, "/") {
		g = "**/" + g
	}
	return matchParts(strings.Split(g, "/"), strings.Split(p, "/"))
}

func matchParts(g, p []string) bool {
	switch {
	case len(g) == 0:
		return true
	case g[0] == "**":
		for i := 0; i <= len(p); i++ {
			if len(g) == 1 && i == len(p) {
				return len(p) > 0
			}
			if len(g) > 1 && matchParts(g[1:], p[i:]) {
				return true
			}
		}
		return false
	case len(p) == 0:
		return false
	}
	ok, err := path.Match(g[0], p[0])
	return err == nil && ok && matchParts(g[1:], p[1:])
}

// CheckGlobs refuses globs that can't be parsed.
func (r *Rules) CheckGlobs() error {
	for _, g := range append(append([]string{}, r.Exclude...), r.Include...) {
		if _, err := path.Match(g, ""); err != nil {
			return fail(exitUsage, "write [ as [[]", "reading the glob %q: %w", g, err)
		}
	}
	return nil
}

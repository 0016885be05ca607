package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// loader finds libraries as the target's loader will: from where each file will
// lie, by its own paths, never by what this machine happens to have.
type loader struct {
	scan   *scan
	target target
	policy policy
	user   []string            // system libraries that the user allows, as patterns
	roots  []string            // absolute paths that mean the tree's top
	byName map[string][]string // libraries of the tree that fit the target, by base name and by SONAME
	eggOf  func(string) *egg

	system    map[string]string    // system libraries that are needed: name -> the first file that needs it
	tolerated map[string]string    // the same, for those that are missing and tolerated
	missing   map[string][]Problem // by file
	used      map[string]bool      // libraries that something of the tree loads
}

// node is a loaded file.
type node struct {
	path   string
	image  *binfmt.Image
	parent *node
}

func newLoader(s *scan, t target, roots, user []string, eggOf func(string) *egg) *loader {
	p, _ := loadTables().policy(t)
	l := &loader{scan: s, target: t, policy: p, user: user, roots: roots, eggOf: eggOf,
		byName: map[string][]string{}, system: map[string]string{}, tolerated: map[string]string{}, missing: map[string][]Problem{}, used: map[string]bool{}}
	for _, f := range s.sortedFiles() {
		if m, ok := f.fitting(t); ok {
			l.name(path.Base(f.path), f.path)
			if so := path.Base(m.Soname); m.Soname != "" && so != path.Base(f.path) {
				l.name(so, f.path)
			}
		}
	}
	for link := range s.links {
		if to, ok := s.resolve(link); ok && s.files[to] != nil {
			l.name(path.Base(link), to)
		}
	}
	return l
}

func (l *loader) name(name, p string) {
	if l.target.os == "windows" {
		name = strings.ToLower(name)
	}
	if !slices.Contains(l.byName[name], p) {
		l.byName[name] = append(l.byName[name], p)
	}
}

// load follows what a file needs, breadth first, as loaders do.
func (l *loader) load(f *file) {
	m, ok := f.fitting(l.target)
	if !ok {
		return
	}
	queue := []*node{{path: f.path, image: m}}
	loaded, files := map[string]bool{m.Soname: true}, map[string]bool{f.path: true}
	for len(queue) > 0 {
		n := queue[0]
		queue = queue[1:]
		for _, name := range n.image.Needed {
			if loaded[name] {
				continue
			}
			loaded[name] = true
			p, found := l.find(n, name)
			if !found {
				l.notInTree(n, name)
				continue
			}
			l.used[p] = true
			if files[p] {
				continue
			}
			files[p] = true
			if dep, ok := l.scan.files[p].fitting(l.target); ok {
				loaded[dep.Soname] = true
				queue = append(queue, &node{path: p, image: dep, parent: n})
			}
		}
	}
}

// find looks for a library in the tree.
func (l *loader) find(n *node, name string) (string, bool) {
	switch l.target.os {
	case "linux":
		return l.findELF(n, name)
	case "macos":
		return l.findMachO(n, name)
	}
	return l.findPE(n, name)
}

// at gives the tree's file at a path, if it fits the target.
func (l *loader) at(p string) (string, bool) {
	to, ok := l.scan.resolve(p)
	if !ok {
		return "", false
	}
	f := l.scan.files[to]
	if f == nil {
		return "", false
	}
	_, ok = f.fitting(l.target)
	return to, ok
}

// inTree makes an absolute path relative to the tree's top, if it lies in it.
func (l *loader) inTree(p string) (string, bool) {
	for _, r := range l.roots {
		if rest, ok := under(path.Clean(p), r); ok && r != "" {
			return rest, true
		}
	}
	return "", false
}

// findELF follows ld.so(8): RPATH of the file and of those that loaded it, if the
// file has no RUNPATH; then its RUNPATH. musl takes both as the same, and those
// of the loading files too.
func (l *loader) findELF(n *node, name string) (string, bool) {
	if strings.Contains(name, "/") {
		if p, ok := l.inTree(name); ok {
			return l.at(p)
		}
		return "", false
	}
	for by := n; by != nil; by = by.parent {
		dirs := by.image.Rpath
		if l.target.libc == "musl" {
			dirs = append(slices.Clone(dirs), by.image.Runpath...)
		} else if len(by.image.Runpath) > 0 || len(n.image.Runpath) > 0 {
			continue
		}
		if p, ok := l.inDirs(by.path, dirs, name); ok {
			return p, true
		}
	}
	return l.inDirs(n.path, n.image.Runpath, name)
}

func (l *loader) inDirs(from string, dirs []string, name string) (string, bool) {
	for _, d := range dirs {
		origin := path.Dir(from)
		switch {
		case d == "$ORIGIN" || d == "${ORIGIN}":
			d = origin
		case strings.HasPrefix(d, "$ORIGIN/"), strings.HasPrefix(d, "${ORIGIN}/"):
			_, rest, _ := strings.Cut(d, "/")
			d = path.Join(origin, rest)
		default:
			in, ok := l.inTree(d)
			if !ok {
				continue // a directory of the host: by luck at best
			}
			d = in
		}
		if p, ok := l.at(path.Join(d, name)); ok {
			return p, true
		}
	}
	return "", false
}

// findMachO follows dyld(1): @loader_path, @executable_path, and @rpath by the
// LC_RPATHs of the file and of those that loaded it.
func (l *loader) findMachO(n *node, name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "@rpath/")
	if !ok {
		return l.expand(n, name)
	}
	for by := n; by != nil; by = by.parent {
		for _, d := range by.image.Rpath {
			if p, ok := l.expand(by, strings.TrimSuffix(d, "/")+"/"+rest); ok {
				return p, true
			}
		}
	}
	return "", false
}

func (l *loader) expand(n *node, p string) (string, bool) {
	if rest, ok := strings.CutPrefix(p, "@loader_path/"); ok {
		return l.at(path.Join(path.Dir(n.path), rest))
	}
	if rest, ok := strings.CutPrefix(p, "@executable_path/"); ok {
		top := n
		for top.parent != nil {
			top = top.parent
		}
		return l.at(path.Join(path.Dir(top.path), rest))
	}
	if in, ok := l.inTree(p); ok {
		return l.at(in)
	}
	return "", false
}

// findPE takes a DLL beside the file, then one of the same egg (packages add their
// directories by os.add_dll_directory), then one of any egg (pywin32's).
func (l *loader) findPE(n *node, name string) (string, bool) {
	all := l.byName[strings.ToLower(name)]
	if len(all) == 0 {
		return "", false
	}
	for _, p := range all {
		if path.Dir(p) == path.Dir(n.path) {
			return p, true
		}
	}
	if e := l.eggOf(n.path); e != nil {
		for _, p := range all {
			if l.eggOf(p) == e {
				return p, true
			}
		}
	}
	return all[0], true
}

// notInTree decides about a library that the tree doesn't have: the system's,
// the user's, Python's own, or missing.
func (l *loader) notInTree(n *node, name string) {
	switch {
	case loadTables().systemLibrary(l.target, l.policy, name):
		if l.system[name] == "" {
			l.system[name] = n.path
		}
	case matchAny(l.user, name) || matchAny(l.user, path.Base(name)):
		if l.system[name] == "" {
			l.system[name] = n.path
		}
	case loadTables().tolerated[strings.ToLower(name)] != "":
		if l.tolerated[name] == "" {
			l.tolerated[name] = n.path
		}
	case l.isPython(name), slices.Contains(n.image.Weak, name) && l.target.os == "macos":
	default:
		l.addMissing(n.path, l.explain(n, name))
	}
}

// isPython says whether a library is the interpreter itself.
func (l *loader) isPython(name string) bool {
	return l.target.os == "windows" && windowsPython.MatchString(strings.ToLower(name)) || elfPython.MatchString(name)
}

func (l *loader) addMissing(p string, pr Problem) {
	if !slices.ContainsFunc(l.missing[p], func(q Problem) bool { return q.Message == pr.Message }) {
		l.missing[p] = append(l.missing[p], pr)
	}
}

// explain says what is wrong with a library that isn't found, and what to do.
func (l *loader) explain(n *node, name string) Problem {
	base := path.Base(name)
	key := base
	if l.target.os == "windows" {
		key = strings.ToLower(base)
	}
	p := Problem{Kind: "library", Library: name, Package: loadTables().packageOf(name)}
	if in := l.byName[key]; len(in) > 0 {
		p.Message = fmt.Sprintf("it needs %s, which is at %s, where the loader doesn't look", name, in[0])
		p.Hint = "link it with a run path: LDFLAGS=-Wl,-rpath,DIRECTORY in the part or recipe that builds it"
		if l.target.os == "macos" {
			p.Hint = "link it by @loader_path or with -Wl,-rpath,DIRECTORY, or run delocate on its wheel"
		}
		if own, other := l.eggOf(n.path), l.eggOf(in[0]); own != nil && other != nil && own != other {
			p.Message = fmt.Sprintf("it needs %s, which is in another egg (%s), where the loader doesn't look", name, in[0])
			p.Hint = "its wheel was made for one site-packages, where the two are side by side; as eggs of a buildout they don't find each other: leave it out, or waive it where nothing imports it"
		}
		return p
	}
	p.Message = fmt.Sprintf("it needs %s, which is neither in the tree nor a library that every such system has", name)
	p.Hint = "put the library into the tree with a part that builds it, or, if the target has it, allow it: system-libraries = " + base
	if p.Package != "" {
		p.Hint += "; it comes with " + p.Package
	}
	return p
}

// matchAny says whether a name is one of the patterns.
func matchAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if ok, err := path.Match(p, name); ok && err == nil || p == name {
			return true
		}
	}
	return false
}

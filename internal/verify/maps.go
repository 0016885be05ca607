package verify

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// mapCheck judges the libraries that were mapped from outside the tree.
type mapCheck struct {
	c      *checker
	root   string
	prefix []string
	needed map[string][]string // what a file outside needs, by its path
}

func newMapCheck(c *checker) *mapCheck {
	im := c.in.Import
	m := &mapCheck{c: c, root: real(im.Root), needed: map[string][]string{}}
	for _, p := range []string{im.Prefix, filepath.Dir(filepath.Dir(real(im.Interpreter)))} {
		// A prefix of /usr would make every library the interpreter's own.
		if p = real(p); p != "." && p != "/" && p != "/usr" && p != "/usr/local" {
			m.prefix = append(m.prefix, p)
		}
	}
	return m
}

func real(p string) string {
	if r, err := filepath.EvalSymlinks(p); err == nil {
		return r
	}
	return filepath.Clean(p)
}

// check judges what one process mapped that neither the tree nor the
// interpreter nor the lists have, nor what those need themselves. What a file of
// the tree is linked to is a problem. opened is the rest: loaded at run time,
// by the interpreter's own modules (tkinter) or by one that can do without it.
func (m *mapCheck) check(maps []string) (problems []Problem, opened []string) {
	allowed := m.closure(maps, m.own, func(f string) bool { return !m.inTree(f) }) // what the tree's own files need, the lists have to allow
	linked := m.closure(maps, m.inTree, func(string) bool { return true })
	for _, f := range maps {
		switch {
		case allowed[f]:
		case !linked[f]:
			opened = append(opened, path.Base(f))
		default:
			name := path.Base(f)
			problems = append(problems, Problem{Kind: "mapped", Library: name, Package: loadTables().packageOf(name),
				Message: "importing it maps " + f + ", which is not in the tree",
				Hint:    "build the library into the tree and link to it with a run path, or allow it: system-libraries = " + name})
		}
	}
	return problems, opened
}

// closure are the mapped files that start accepts, and what they need in turn;
// follow says of which files the needs count.
func (m *mapCheck) closure(maps []string, start, follow func(f string) bool) map[string]bool {
	byName := map[string]string{}
	reached := map[string]bool{}
	var queue []string
	for _, f := range maps {
		byName[path.Base(f)] = f
		for _, link := range m.links(f) {
			byName[link] = f
		}
		if start(f) && !reached[f] {
			reached[f] = true
			queue = append(queue, f)
		}
	}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		if !follow(f) {
			continue
		}
		for _, n := range m.needs(f) {
			if to := byName[n]; to != "" && !reached[to] {
				reached[to] = true
				queue = append(queue, to)
			}
		}
	}
	return reached
}

func (m *mapCheck) inTree(f string) bool {
	_, ok := under(f, m.root)
	return ok
}

// own says whether a mapped file needs no other reason: the tree's, the interpreter's, or on a list.
func (m *mapCheck) own(f string) bool {
	if m.inTree(f) {
		return true
	}
	for _, p := range m.prefix {
		if _, ok := under(f, p); ok {
			return true
		}
	}
	if strings.Contains(f, "/lib-dynload/") || f == real(m.c.in.Import.Interpreter) || elfPython.MatchString(f) {
		return true
	}
	for _, name := range append(m.links(f), path.Base(f)) {
		if loadTables().systemLibrary(m.c.target, m.c.loader.policy, name) || matchAny(m.c.in.SystemLibraries, name) ||
			strings.HasPrefix(name, "libnss_") || strings.HasPrefix(name, "gconv") {
			return true
		}
	}
	return false
}

// links are the names that a file goes by: its SONAME.
func (m *mapCheck) links(f string) []string {
	if m.needed[f] == nil {
		m.load(f)
	}
	if n := m.needed[f]; n[0] != "" {
		return n[:1]
	}
	return nil
}

// needs are the libraries that a file outside needs.
func (m *mapCheck) needs(f string) []string {
	if m.needed[f] == nil {
		m.load(f)
	}
	return m.needed[f][1:]
}

// load reads a mapped file: its SONAME first, then what it needs.
func (m *mapCheck) load(f string) {
	m.needed[f] = []string{""}
	r, err := os.Open(f)
	if err != nil {
		return
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return
	}
	images, err := binfmt.Read(r, info.Size())
	if err != nil || len(images) == 0 {
		return
	}
	m.needed[f] = append([]string{images[0].Soname}, images[0].Needed...)
}

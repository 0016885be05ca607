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

// check gives the problems of one process: what it mapped that neither the tree
// nor the interpreter nor the lists have, nor what those need themselves.
func (m *mapCheck) check(maps []string) []Problem {
	byName := map[string]string{}
	allowed := map[string]bool{}
	var queue []string
	for _, f := range maps {
		byName[path.Base(f)] = f
		for _, link := range m.links(f) {
			byName[link] = f
		}
		if m.own(f) && !allowed[f] {
			allowed[f] = true
			queue = append(queue, f)
		}
	}
	for len(queue) > 0 {
		f := queue[0]
		queue = queue[1:]
		if _, inTree := under(f, m.root); inTree {
			continue // what the tree's own files need, the lists have to allow
		}
		for _, n := range m.needs(f) {
			if to := byName[n]; to != "" && !allowed[to] {
				allowed[to] = true
				queue = append(queue, to)
			}
		}
	}
	var problems []Problem
	for _, f := range maps {
		if allowed[f] {
			continue
		}
		name := path.Base(f)
		p := Problem{Kind: "mapped", Library: name, Package: loadTables().packageOf(name), Message: "importing it maps " + f + ", which is not in the tree"}
		p.Hint = "build the library into the tree and link to it with a run path, or allow it: system-libraries = " + name
		problems = append(problems, p)
	}
	return problems
}

// own says whether a mapped file needs no other reason: the tree's, the interpreter's, or on a list.
func (m *mapCheck) own(f string) bool {
	if _, ok := under(f, m.root); ok {
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

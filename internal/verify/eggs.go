package verify

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// egg is a distribution in the tree: an .egg, a wheel's dist-info, or a develop directory.
type egg struct {
	name, version string
	base          string // the directory that its modules lie under
	whole         bool   // base holds nothing else: an .egg directory
	wheel         bool   // it has a WHEEL file
	pure          bool   // Root-Is-Purelib: true
	tags          []string
	record        []string // files by RECORD, in the tree
	sources       []string // by SOURCES.txt, as they stand there
	native        []string // by native_libs.txt
	topLevel      []string
	programs      []string // by RECORD, beside the egg
	entryPoints   []string // names of scripts by entry_points.txt

	extensions []*extension
}

// key is the name as PEP 503 compares it.
func (e *egg) key() string { return pydist.PlainName(e.name) }

// eggs are the distributions of a scan, longest base first, so that the first
// one that a file lies under is its own.
func (s *scan) eggs() []*egg {
	byMeta := map[string]*egg{}
	for _, f := range s.sortedFiles() {
		if f.meta == nil {
			continue
		}
		dir, base := path.Split(f.path)
		dir = strings.TrimSuffix(dir, "/")
		if strings.HasSuffix(base, ".egg-info") {
			dir, base = f.path, "PKG-INFO" // distutils: a file in place of the directory
		}
		e := byMeta[dir]
		if e == nil {
			e = &egg{base: path.Dir(dir)}
			e.whole = strings.HasSuffix(e.base, ".egg")
			byMeta[dir] = e
		}
		e.add(base, f.meta)
	}
	// An egg of zc.buildout 5 and newer has dist-info, and EGG-INFO that was put beside it.
	type key struct{ base, name string }
	merged := map[key]*egg{}
	var all []*egg
	for _, dir := range sortedKeys(byMeta) {
		e := byMeta[dir]
		if e.name == "" {
			e.name = nameOfDir(dir)
		}
		if e.name == "" {
			continue
		}
		k := key{e.base, e.key()}
		if first := merged[k]; first != nil {
			first.merge(e)
			continue
		}
		merged[k] = e
		all = append(all, e)
	}
	sort.SliceStable(all, func(i, j int) bool { return len(all[i].base) > len(all[j].base) })
	return all
}

// packages are the top-level modules and packages of Python that the distribution has, as far as its metadata says; nil of none.
func (e *egg) packages() []string {
	if e == nil {
		return nil
	}
	if len(e.topLevel) > 0 {
		return e.topLevel
	}
	var all []string
	for _, p := range e.record {
		rest, ok := under(p, e.base)
		first, _, _ := strings.Cut(rest, "/")
		name := strings.TrimSuffix(first, ".py")
		if ok && strings.HasSuffix(rest, ".py") && !strings.Contains(name, ".") && !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (e *egg) merge(o *egg) {
	e.wheel, e.pure = e.wheel || o.wheel, e.pure || o.pure
	e.tags, e.record, e.sources = append(e.tags, o.tags...), append(e.record, o.record...), append(e.sources, o.sources...)
	e.native, e.topLevel = append(e.native, o.native...), append(e.topLevel, o.topLevel...)
	e.programs, e.entryPoints = append(e.programs, o.programs...), append(e.entryPoints, o.entryPoints...)
}

// nameOfDir is the name in an egg's or a dist-info's directory name.
func nameOfDir(dir string) string {
	base := path.Base(dir)
	if base == "EGG-INFO" {
		base = path.Base(path.Dir(dir))
	}
	name, _, _ := strings.Cut(base, "-")
	return strings.TrimSuffix(strings.TrimSuffix(name, ".egg"), ".egg-info")
}

// add takes one metadata file.
func (e *egg) add(name string, b []byte) {
	switch name {
	case "PKG-INFO", "METADATA":
		if n := headerField(b, "Name"); n != "" {
			e.name, e.version = n, headerField(b, "Version")
		}
	case "WHEEL":
		e.wheel, e.pure = true, headerField(b, "Root-Is-Purelib") == "true"
		for _, l := range lines(b) {
			if t, ok := strings.CutPrefix(l, "Tag: "); ok {
				e.tags = append(e.tags, t)
			}
		}
	case "RECORD":
		r := csv.NewReader(bytes.NewReader(b))
		r.FieldsPerRecord, r.LazyQuotes = -1, true
		rows, _ := r.ReadAll()
		for _, row := range rows {
			if m := beside.FindStringSubmatch(row[0]); m != nil {
				e.programs = append(e.programs, m[1])
				continue
			}
			if p := path.Join(e.base, row[0]); !path.IsAbs(row[0]) && !strings.HasPrefix(p, "../") {
				e.record = append(e.record, p)
			}
		}
	case "entry_points.txt":
		for _, l := range lines(b) {
			if name, _, ok := strings.Cut(l, "="); ok {
				e.entryPoints = append(e.entryPoints, strings.TrimSpace(name))
			}
		}
	case "SOURCES.txt":
		e.sources = lines(b)
	case "native_libs.txt":
		e.native = lines(b)
	case "top_level.txt":
		e.topLevel = lines(b)
	}
}

// headerField is a field of a metadata file's header.
func headerField(b []byte, field string) string {
	s := bufio.NewScanner(bytes.NewReader(b))
	s.Buffer(nil, 1<<20)
	for s.Scan() && s.Text() != "" {
		if k, v, ok := strings.Cut(s.Text(), ":"); ok && strings.EqualFold(k, field) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

func lines(b []byte) []string {
	var all []string
	for _, l := range strings.Split(string(b), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			all = append(all, l)
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// owners finds the distribution that a file belongs to.
type owners struct {
	eggs   []*egg
	record map[string]*egg
}

func newOwners(eggs []*egg) *owners {
	o := &owners{eggs: eggs, record: map[string]*egg{}}
	for _, e := range eggs {
		for _, p := range e.record {
			o.record[p] = e
		}
	}
	return o
}

// of is the owner of a file, or nil. In a directory of several distributions
// RECORD decides, then top_level.txt; one that has the directory for itself owns all.
func (o *owners) of(p string) *egg {
	if e := o.record[p]; e != nil {
		return e
	}
	var only *egg
	for _, e := range o.eggs {
		rest, ok := under(p, e.base)
		if !ok || only != nil && only.base != e.base {
			continue
		}
		if e.whole {
			return e
		}
		first, _, _ := strings.Cut(rest, "/")
		stem, _, _ := strings.Cut(first, ".")
		for _, t := range e.topLevel {
			if t == stem {
				return e
			}
		}
		if only == nil && !e.wheel && e.base != "." {
			only = e
		}
	}
	return only
}

// under is the rest of a path below a directory.
func under(p, dir string) (string, bool) {
	if dir == "." || dir == "" {
		return p, true
	}
	rest, ok := strings.CutPrefix(p, dir+"/")
	return rest, ok
}

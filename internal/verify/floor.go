package verify

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// floors are the oldest systems that files run on, and the highest versions of
// other libraries' symbols.
type floors struct {
	target   target
	limit    map[string]string // "glibc" -> "2.28": what --floor or the platform tag allows
	limitBy  map[string]string // where that stands
	policy   policy
	promised bool

	highest map[string]archive.Floor
	symbols map[string]string // those that set the highest, by kind, as a person reads them
	level   archive.Floor     // the x86-64 level
}

// muslSymbols are those that came with a version of musl, which numbers no symbols (its WHATSNEW, 2026-11).
var muslSymbols = map[string]string{
	"reallocarray": "1.2.2", "gettid": "1.2.2", "_Fork": "1.2.2",
	"qsort_r": "1.2.3", "pthread_getname_np": "1.2.3",
	"preadv2": "1.2.5", "pwritev2": "1.2.5", "statx": "1.2.5",
}

func newFloors(t target, floor string) (*floors, error) {
	fl := &floors{target: t, limit: map[string]string{}, limitBy: map[string]string{}, highest: map[string]archive.Floor{}, symbols: map[string]string{}}
	fl.policy, fl.promised = loadTables().policy(t)
	kind := map[string]string{"glibc": "glibc", "musl": "musl"}[t.libc]
	if t.os == "macos" {
		kind = "macos"
	}
	if t.floor != "" {
		fl.limit[kind], fl.limitBy[kind] = t.floor, "the platform "+t.platform
	}
	if floor == "" {
		return fl, nil
	}
	version := floor
	if k, v, ok := strings.Cut(strings.ReplaceAll(floor, "=", " "), " "); ok {
		if k != kind {
			return nil, fmt.Errorf("reading the floor %q: the target %s has one of %s", floor, t.platform, kind)
		}
		version = strings.TrimSpace(v)
	}
	if kind == "" || strings.Trim(version, "0123456789.") != "" {
		return nil, fmt.Errorf("reading the floor %q: want a version, as in %s 2.28", floor, kind)
	}
	if old := fl.limit[kind]; old == "" || matrix.CompareVersions(version, old) < 0 {
		fl.limit[kind], fl.limitBy[kind] = version, "the floor asked for"
	}
	return fl, nil
}

// add takes one file in, and gives what it needs beyond the limit. fromTree says
// whether a library comes with the tree, so that its versions don't count.
func (fl *floors) add(p string, m *binfmt.Image, fromTree func(lib string) bool) []Problem {
	var problems []Problem
	switch {
	case m.Kind == binfmt.MachO && m.MinOS != "" && m.Platform == "macos":
		// The first system for arm64 is 11.0, whatever a file says.
		v := m.MinOS
		if m.Arch == "aarch64" && matrix.CompareVersions(v, "11.0") < 0 {
			v = "11.0"
		}
		problems = fl.raise("macos", v, p, "")
	case fl.target.libc == "musl":
		problems = append(fl.musl(p, m), fl.withheld(m, fromTree)...)
	default:
		problems = append(fl.versions(p, m, fromTree), fl.withheld(m, fromTree)...)
	}
	if m.X86Level > 1 && fmt.Sprint(m.X86Level) > fl.level.Version {
		fl.level = archive.Floor{Kind: "x86-64", Version: fmt.Sprint(m.X86Level), File: p}
	}
	return problems
}

func (fl *floors) musl(p string, m *binfmt.Image) []Problem {
	needs := false
	for _, n := range m.Needed {
		needs = needs || strings.HasPrefix(n, "libc.musl-") || n == "libc.so"
	}
	if !needs && !m.Relr {
		return nil
	}
	v, symbol := "1.1", ""
	if m.Relr {
		v, symbol = "1.2.4", "DT_RELR"
	}
	for _, s := range m.Imports {
		if since := muslSymbols[s.Name]; since != "" && !s.Weak && matrix.CompareVersions(since, v) > 0 {
			v, symbol = since, s.Name
		}
	}
	// The tag says 1.2 and means any 1.2.x that its image has: only a higher minor breaks it.
	if l := fl.limit["musl"]; l != "" && matrix.CompareVersions(strings.Join(strings.SplitN(v, ".", 3)[:2], "."), l) <= 0 && strings.Count(l, ".") == 1 {
		fl.note("musl", v, p)
		return nil
	}
	return fl.raise("musl", v, p, symbol)
}

// relrGlibc is the first glibc that reads DT_RELR.
const relrGlibc = "2.36"

// families are the libraries whose symbol versions count besides glibc's own.
var families = []string{"GLIBCXX", "CXXABI", "GCC"}

func (fl *floors) versions(p string, m *binfmt.Image, fromTree func(string) bool) []Problem {
	var problems []Problem
	worst := ""
	for _, v := range m.Versions {
		if v.Weak || fromTree(v.File) {
			continue
		}
		if n, ok := strings.CutPrefix(v.Version, "GLIBC_"); ok {
			if n == "ABI_DT_RELR" {
				n = relrGlibc
			}
			if n != "" && n[0] >= '0' && n[0] <= '9' && matrix.CompareVersions(n, worst) > 0 {
				worst = n
			}
			continue
		}
		for _, family := range families {
			if n, ok := strings.CutPrefix(v.Version, family+"_"); ok && n != "" && n[0] >= '0' && n[0] <= '9' {
				fl.note(family, n, p)
				problems = append(problems, fl.promise(family, n, v)...)
			}
		}
	}
	// ld adds GLIBC_ABI_DT_RELR only to a file that needs another version of libc
	// (binutils 2.40); without one an older glibc loads it, and leaves its pointers as they are.
	if m.Relr && matrix.CompareVersions(relrGlibc, worst) > 0 {
		return append(problems, fl.raise("glibc", relrGlibc, p, "DT_RELR")...)
	}
	if worst != "" {
		problems = append(problems, fl.raise("glibc", worst, p, symbolsOf(m, "GLIBC_"+worst))...)
	}
	return problems
}

// symbolsOf names the symbols of a version, which say why a file needs it:
// __isoc23_strtol of GLIBC_2.38 comes of the headers of a newer glibc alone.
func symbolsOf(m *binfmt.Image, version string) string {
	var names []string
	for _, s := range m.Imports {
		if s.Version == version {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return few(slices.Compact(names))
}

// promise checks a symbol version of libstdc++ or libgcc against the platform tag's policy.
func (fl *floors) promise(family, n string, v binfmt.VersionNeed) []Problem {
	if !fl.promised {
		return nil
	}
	allowed := fl.policy.SymbolVersions[fl.target.arch][family]
	highest := ""
	for _, a := range allowed {
		if matrix.CompareVersions(a, highest) > 0 {
			highest = a
		}
	}
	if highest == "" || matrix.CompareVersions(n, highest) <= 0 {
		return nil
	}
	return []Problem{{Kind: "floor", Message: fmt.Sprintf("it needs %s of %s; %s promises no more than %s_%s", v.Version, v.File, fl.policy.Name, family, highest),
		Hint: "build it on the image of that platform, or name a newer platform"}}
}

// withheld are symbols of the system's libraries that the platform tag's policy
// keeps back: builds of zlib export what others don't.
func (fl *floors) withheld(m *binfmt.Image, fromTree func(string) bool) []Problem {
	if !fl.promised {
		return nil
	}
	var problems []Problem
	for _, lib := range sortedKeys(fl.policy.Blacklist) {
		if !slices.Contains(m.Needed, lib) || fromTree(lib) {
			continue
		}
		var found []string
		for _, s := range m.Imports {
			if !s.Weak && slices.Contains(fl.policy.Blacklist[lib], s.Name) {
				found = append(found, s.Name)
			}
		}
		if len(found) > 0 {
			problems = append(problems, Problem{Kind: "floor", Library: lib, Message: fmt.Sprintf("it needs %s of %s, which %s doesn't promise", few(found), lib, fl.policy.Name),
				Hint: "bring the library in the tree, by a part that builds it, or link it statically"})
		}
	}
	return problems
}

func (fl *floors) note(kind, version, p string) {
	if old, ok := fl.highest[kind]; !ok || matrix.CompareVersions(version, old.Version) > 0 {
		fl.highest[kind] = archive.Floor{Kind: kind, Version: version, File: p}
	}
}

// raise notes a floor, and gives a problem if it is above the limit.
func (fl *floors) raise(kind, version, p, symbol string) []Problem {
	fl.note(kind, version, p)
	if fl.highest[kind].File == p {
		fl.symbols[kind] = symbol
	}
	limit := fl.limit[kind]
	if limit == "" || matrix.CompareVersions(version, limit) <= 0 {
		return nil
	}
	because := ""
	if symbol != "" {
		because = " (" + symbol + ")"
	}
	return []Problem{{Kind: "floor", Message: fmt.Sprintf("it needs %s %s%s; %s allows no more than %s", kind, version, because, fl.limitBy[kind], limit),
		Hint: "build it on an older system, take an older release that has wheels for it, or name a newer platform or floor"}}
}

// lists gives the floors of the manifest (system), and the versions of other libraries.
func (fl *floors) lists() (system, others []archive.Floor) {
	for _, k := range sortedKeys(fl.highest) {
		if k == "glibc" || k == "musl" || k == "macos" {
			system = append(system, fl.highest[k])
		} else {
			others = append(others, fl.highest[k])
		}
	}
	if fl.level.Version != "" {
		others = append(others, fl.level)
	}
	sort.SliceStable(others, func(i, j int) bool { return others[i].Kind < others[j].Kind })
	return system, others
}

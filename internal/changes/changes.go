// Package changes says what changed from one version of an application to
// another: its eggs, parts, Python, libraries, floors and files.
package changes

import (
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// Side is what is known of one version.
type Side struct {
	Version   string
	Python    string            // "3.13.1"
	Buildout  string            // the version of zc.buildout
	Floors    map[string]string // "glibc": "2.28"
	Libraries []string          // what the system brings: "libldap-2.5.so.0"
	Parts     map[string]string // the recipe of each part
	Files     []File
}

// File is a file or a link of a version. Content is the same for the same file:
// its digest, its mode and where it leads.
type File struct {
	Path    string // relative, with slashes
	Size    int64  // in bytes
	Content string
}

// Account is what changed. From and To of a Change are empty for what is new,
// and for what is gone.
type Account struct {
	From      string   `json:"from"`
	To        string   `json:"to"`
	Eggs      []Change `json:"eggs"`
	Parts     []Change `json:"parts"`
	Python    *Change  `json:"python,omitempty"`
	Buildout  *Change  `json:"buildout,omitempty"`
	Floors    []Change `json:"floors"`
	Libraries []Change `json:"system_libraries"`
	Places    []Place  `json:"places"` // where files of the same eggs, and of no egg, differ
	Files     Counts   `json:"files"`
	FromSize  int64    `json:"from_size"` // of all files, in bytes
	ToSize    int64    `json:"to_size"`
}

// Change is one thing that was, and is, different.
type Change struct {
	Name string `json:"name"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Counts are numbers of files.
type Counts struct {
	Changed int `json:"changed"`
	Added   int `json:"added"`
	Removed int `json:"removed"`
}

// Place is a directory and how many of the files below it differ.
type Place struct {
	Path string `json:"path"`
	Counts
}

// Between makes the account of two versions.
func Between(a, b Side) *Account {
	x, y := eggs(a.Files), eggs(b.Files)
	account := &Account{
		From: a.Version, To: b.Version,
		Eggs:      x.against(y),
		Parts:     compare(a.Parts, b.Parts),
		Python:    one("Python", a.Python, b.Python),
		Buildout:  one("zc.buildout", a.Buildout, b.Buildout),
		Floors:    compare(a.Floors, b.Floors),
		Libraries: compare(set(a.Libraries), set(b.Libraries)),
	}
	account.files(a.Files, b.Files)
	return account
}

// Same reports whether nothing that an account has differs.
func (a *Account) Same() bool {
	return len(a.Eggs)+len(a.Parts)+len(a.Floors)+len(a.Libraries) == 0 && a.Python == nil && a.Buildout == nil && a.Files == Counts{}
}

func one(name, from, to string) *Change {
	if from == to {
		return nil
	}
	return &Change{name, from, to}
}

// compare compares two tables: a name that only one has is new or gone.
func compare(a, b map[string]string) []Change {
	out := []Change{}
	for name, from := range a {
		if to := b[name]; from != to {
			out = append(out, Change{name, from, to})
		}
	}
	for name, to := range b {
		if _, ok := a[name]; !ok {
			out = append(out, Change{name, "", to})
		}
	}
	sortChanges(out)
	return out
}

func sortChanges(all []Change) {
	slices.SortFunc(all, func(a, b Change) int { return strings.Compare(a.Name, b.Name) })
}

// set is a table of names that stand for themselves.
func set(names []string) map[string]string {
	table := map[string]string{}
	for _, n := range names {
		table[n] = n
	}
	return table
}

// eggName is the directory or file of an egg, as setuptools names it; installed
// is what pip leaves in site-packages. target/cases/changes.json has the rule for both sides.
var (
	eggName   = regexp.MustCompile(`^([^/-]+)-([^/-]+)(?:-py[^/]*)?\.egg$`)
	installed = regexp.MustCompile(`^([^/-]+)-([^/-]+)\.dist-info$`)
)

// distributions are the versions of each distribution, by its plain name, and
// how it is written.
type distributions struct {
	versions map[string][]string
	written  map[string]string
}

// eggs are the distributions that a list of files names.
func eggs(files []File) distributions {
	d := distributions{map[string][]string{}, map[string]string{}}
	seen := map[string]bool{}
	for _, f := range files {
		if path, m := eggOf(f.Path); m != nil && !seen[path] {
			seen[path] = true
			plain := pydist.PlainName(m[1])
			d.versions[plain] = append(d.versions[plain], m[2])
			d.written[plain] = m[1]
		}
	}
	return d
}

// eggOf gives the egg that a file belongs to: its path, and the match of its name.
func eggOf(file string) (path string, m []string) {
	parent := ""
	for at := 0; at < len(file); {
		end := strings.IndexByte(file[at:], '/')
		if end < 0 {
			end = len(file) - at
		}
		name := file[at : at+end]
		switch {
		case strings.HasSuffix(name, ".egg"):
			if m := eggName.FindStringSubmatch(name); m != nil {
				return file[:at+end], m
			}
		case parent == "site-packages" && strings.HasSuffix(name, ".dist-info"):
			return file[:at+end], installed.FindStringSubmatch(name)
		}
		parent, at = name, at+end+1
	}
	return "", nil
}

// against are the distributions of which one side has a version that the other hasn't.
func (d distributions) against(other distributions) []Change {
	out := []Change{}
	for plain, versions := range d.versions {
		from, to := less(versions, other.versions[plain]), less(other.versions[plain], versions)
		if from != "" || to != "" {
			name := d.written[plain]
			if n := other.written[plain]; n != "" {
				name = n
			}
			out = append(out, Change{name, from, to})
		}
	}
	for plain, versions := range other.versions {
		if d.versions[plain] == nil {
			out = append(out, Change{other.written[plain], "", less(versions, nil)})
		}
	}
	sortChanges(out)
	return out
}

// less are the versions that are in a and not in b.
func less(a, b []string) string {
	var out []string
	for _, v := range a {
		if !slices.Contains(b, v) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// files counts the files that differ, and where they lie but for the eggs that
// have another version.
func (a *Account) files(old, new []File) {
	was := make(map[string]File, len(old))
	for _, f := range old {
		was[f.Path] = f
		a.FromSize += f.Size
	}
	is := make(map[string]bool, len(new))
	oldEggs, newEggs := eggPaths(old), eggPaths(new)
	places := map[string]Counts{}
	count := func(path string, add func(*Counts)) {
		add(&a.Files)
		if egg, _ := eggOf(path); egg != "" && oldEggs[egg] != newEggs[egg] {
			return // the list of eggs says it
		}
		p := places[placeOf(path)]
		add(&p)
		places[placeOf(path)] = p
	}
	for _, f := range new {
		is[f.Path] = true
		a.ToSize += f.Size
		before, there := was[f.Path]
		switch {
		case !there:
			count(f.Path, func(c *Counts) { c.Added++ })
		case before.Content != f.Content:
			count(f.Path, func(c *Counts) { c.Changed++ })
		}
	}
	for _, f := range old {
		if !is[f.Path] {
			count(f.Path, func(c *Counts) { c.Removed++ })
		}
	}
	a.Places = []Place{}
	for path, c := range places {
		a.Places = append(a.Places, Place{path, c})
	}
	slices.SortFunc(a.Places, func(x, y Place) int { return strings.Compare(x.Path, y.Path) })
}

// eggPaths are the paths of the eggs in a list.
func eggPaths(files []File) map[string]bool {
	paths := map[string]bool{}
	for _, f := range files {
		if path, _ := eggOf(f.Path); path != "" {
			paths[path] = true
		}
	}
	return paths
}

// placeOf is the directory that a file is counted in: at most two names deep.
func placeOf(path string) string {
	names := strings.Split(path, "/")
	switch n := len(names); {
	case n == 1:
		return "."
	case n == 2:
		return names[0]
	}
	return names[0] + "/" + names[1]
}

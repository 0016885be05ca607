package pack

import (
	"fmt"
	"sort"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Report says what became of the files that name the build machine, and of
// what was left out. Each path is in exactly one list.
type Report struct {
	Relocated []Item     `json:"relocated"` // by bootstrap.py, or already while packing
	Omitted   []Omission `json:"omitted"`
	Excepted  []Item     `json:"excepted"` // left as it is by a rule
	Blocked   []Item     `json:"blocked"`  // can't be packed
}

// Item is one file of a Report.
type Item struct {
	Path   string `json:"path"`
	Class  string `json:"class,omitempty"`
	Part   string `json:"part,omitempty"` // "part NAME", "egg NAME.egg", as far as known
	Reason string `json:"reason,omitempty"`
	Count  int    `json:"count,omitempty"` // how many places in the file

	hint string
}

// Err is nil if nothing is blocked, else an error that names each file and part.
func (r *Report) Err() error {
	if len(r.Blocked) == 0 {
		return nil
	}
	e := &BlockedError{Items: r.Blocked}
	return fault.Failed(e, e.hint())
}

// BlockedError are the files that can't be packed.
type BlockedError struct{ Items []Item }

// maxShown is how many blocked files a message lists.
const maxShown = 20

func (e *BlockedError) Error() string {
	var b strings.Builder
	if len(e.Items) == 1 {
		b.WriteString("relocating: a file can't be moved to another place: ")
	} else {
		fmt.Fprintf(&b, "relocating: %d files can't be moved to another place: ", len(e.Items))
	}
	for i, it := range e.Items {
		if i == maxShown {
			fmt.Fprintf(&b, "; and %d more", len(e.Items)-maxShown)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(archive.QuoteName(it.Path))
		if it.Part != "" {
			fmt.Fprintf(&b, " (%s)", it.Part)
		}
		fmt.Fprintf(&b, ": %s", it.Reason)
	}
	return b.String()
}

// hint says what to do about the first of the files.
func (e *BlockedError) hint() string {
	for _, it := range e.Items {
		if it.hint != "" {
			return it.hint
		}
	}
	return "leave the file out with --exclude, if the application doesn't need it"
}

// verdict collects what is found out about one file.
type verdict struct {
	class             string
	relocated         []string
	excepted, blocked []string
	count             int
	hint              string
	cstrings          []archive.CString
	splits            map[string]string
	leaks             []string // kinds of credentials
}

func (v *verdict) block(hint, format string, args ...any) {
	if v.hint == "" {
		v.hint = hint
	}
	v.blocked = append(v.blocked, fmt.Sprintf(format, args...))
}

func (v *verdict) except(format string, args ...any) {
	v.excepted = append(v.excepted, fmt.Sprintf(format, args...))
}

func (v *verdict) did(format string, args ...any) {
	v.relocated = append(v.relocated, fmt.Sprintf(format, args...))
}

// file puts one file's verdict into the one list it belongs to.
func (r *Report) file(f *File, v *verdict) {
	it := Item{Path: f.Path, Class: v.class, Part: f.Part, Count: v.count, hint: v.hint}
	switch {
	case len(v.blocked) > 0:
		it.Reason, it.Class = summary(v.blocked), ""
		r.Blocked = append(r.Blocked, it)
	case len(v.excepted) > 0:
		it.Reason = summary(v.excepted)
		r.Excepted = append(r.Excepted, it)
	case v.class != ClassNone:
		it.Reason = summary(v.relocated)
		r.Relocated = append(r.Relocated, it)
	}
}

// summary joins different reasons, the first few.
func summary(list []string) string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) > 3 {
		out = append(out[:3], fmt.Sprintf("and %d more", len(out)-3))
	}
	return strings.Join(out, ", ")
}

func (r *Report) sort() {
	for _, l := range [][]Item{r.Relocated, r.Excepted, r.Blocked} {
		sort.SliceStable(l, func(i, j int) bool { return l[i].Path < l[j].Path })
	}
	sort.Slice(r.Omitted, func(i, j int) bool { return r.Omitted[i].Path < r.Omitted[j].Path })
}

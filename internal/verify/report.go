package verify

import (
	"slices"
	"sort"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Format is the number of the report's JSON format.
const Format = 1

// Report says what was verified. Each extension, library or expectation is in
// exactly one of Compiled, Missing, Foreign and Waived; Warnings fail nothing.
type Report struct {
	Format   int    `json:"format"`
	Python   string `json:"python"`   // "3.13.0"
	ABI      string `json:"abi"`      // "cp313"
	Platform string `json:"platform"` // "manylinux_2_28_x86_64"

	Compiled []Item `json:"compiled"`
	Missing  []Item `json:"missing"`
	Foreign  []Item `json:"foreign"`
	Waived   []Item `json:"waived"`
	Warnings []Item `json:"warnings"`

	Libraries       []Library               `json:"libraries"` // shared libraries in the tree
	SystemLibraries []archive.SystemLibrary `json:"system_libraries"`
	Floors          []archive.Floor         `json:"floors"`
	Versions        []archive.Floor         `json:"versions"` // of libstdc++ and libgcc, and the x86-64 level

	// FloorSymbols are the symbols that set a floor, by its kind, for people: __isoc23_strtol.
	FloorSymbols map[string]string `json:"-"`

	Eggs      int  `json:"eggs"`
	Files     int  `json:"files"`    // of the whole tree
	Binaries  int  `json:"binaries"` // linked files for the target
	Other     int  `json:"other"`    // linked files for other systems or Pythons, which nothing here loads
	Imported  bool `json:"imported"` // the extensions were imported
	Witnessed bool `json:"witnessed"`
}

// Item is an extension, a library, or what should be one.
type Item struct {
	Path      string    `json:"path,omitempty"`
	Module    string    `json:"module,omitempty"`
	Egg       string    `json:"egg,omitempty"`
	Version   string    `json:"version,omitempty"`
	Part      string    `json:"part,omitempty"`
	Arch      string    `json:"arch,omitempty"`
	Kind      string    `json:"kind,omitempty"`      // "extension", "library", "executable", "part"
	ABI       string    `json:"abi,omitempty"`       // "cp313", "abi3"
	Witnesses []string  `json:"witnesses,omitempty"` // who expects it
	Optional  bool      `json:"optional,omitempty"`  // its project can do without it
	Problems  []Problem `json:"problems,omitempty"`
	Lines     []string  `json:"lines,omitempty"` // of the compiler that failed
}

// Problem is one thing that is wrong with an item.
type Problem struct {
	Kind    string `json:"kind"` // "missing", "damaged", "format", "abi", "abi3", "init", "libpython", "library", "floor", "import", "mapped"
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Library string `json:"library,omitempty"`
	Package string `json:"package,omitempty"`
	mended  bool   // by packing: the archive doesn't have it
}

// Library is a shared library in the tree.
type Library struct {
	Path   string `json:"path"`
	Soname string `json:"soname,omitempty"`
	Used   bool   `json:"used"` // another file of the tree loads it
}

// Name is the shortest name that a person knows an item by.
func (i Item) Name() string {
	switch {
	case i.Kind == "part":
		return "part " + i.Part
	case i.Module != "":
		return i.Module
	case i.Path != "":
		return i.Path
	}
	return i.Egg
}

// Where is the egg and version of an item, or the file.
func (i Item) Where() string {
	if i.Egg == "" {
		return i.Path
	}
	return strings.TrimSpace(i.Egg + " " + i.Version)
}

// Findings is the error of a report that has any.
type Findings struct{ Report *Report }

// Err is nil, or a *Findings if something is missing or foreign.
func (r *Report) Err() error {
	if len(r.Missing)+len(r.Foreign) == 0 {
		return nil
	}
	f := &Findings{r}
	return fault.Failed(f, f.hint())
}

func (f *Findings) Error() string {
	all := append(append([]Item{}, f.Report.Missing...), f.Report.Foreign...)
	var names []string
	for _, i := range all {
		n := i.Name()
		if i.Egg != "" && i.Egg != n {
			n += " (" + i.Where() + ")"
		}
		names = append(names, n)
	}
	counts := there(counted(len(f.Report.Missing), "extension or file missing", "extensions or files missing"),
		counted(len(f.Report.Foreign), "extension or file that can't be used", "extensions or files that can't be used"))
	return "verifying: " + counts + ": " + few(names)
}

// hint is that of the first finding; the report has them all.
func (f *Findings) hint() string {
	for _, i := range append(append([]Item{}, f.Report.Missing...), f.Report.Foreign...) {
		for _, p := range i.Problems {
			if p.Hint != "" {
				return i.Name() + ": " + p.Hint
			}
		}
	}
	return "the report says what is wrong with each"
}

// sort orders the lists, and makes empty ones that are none: JSON's readers want lists.
func (r *Report) sort() {
	r.Libraries = append([]Library{}, r.Libraries...)
	r.SystemLibraries = append([]archive.SystemLibrary{}, r.SystemLibraries...)
	r.Floors, r.Versions = append([]archive.Floor{}, r.Floors...), append([]archive.Floor{}, r.Versions...)
	for _, list := range []*[]Item{&r.Compiled, &r.Missing, &r.Foreign, &r.Waived, &r.Warnings} {
		if *list == nil {
			*list = []Item{}
		}
		sort.SliceStable(*list, func(a, b int) bool {
			x, y := (*list)[a], (*list)[b]
			return x.Egg+"\x00"+x.Module+"\x00"+x.Path < y.Egg+"\x00"+y.Module+"\x00"+y.Path
		})
	}
}

// Extensions are the manifest's, but for their digests.
func (r *Report) Extensions() []archive.Extension {
	var all []archive.Extension
	for _, i := range r.Compiled {
		all = append(all, archive.Extension{Path: i.Path, Module: i.Module, Egg: i.Egg})
	}
	return all
}

// Archived is the report without the warnings about what packing mends: as the
// archive has it, whether its files were mended now or come from the last one.
func (r *Report) Archived() *Report {
	out := *r
	out.Warnings = nil
	for _, w := range r.Warnings {
		if len(w.Problems) == 0 || slices.ContainsFunc(w.Problems, func(p Problem) bool { return !p.mended }) {
			out.Warnings = append(out.Warnings, w)
		}
	}
	return &out
}

// because names the symbols that set a floor, in brackets.
func (r *Report) because(kind string) string {
	if s := r.FloorSymbols[kind]; s != "" {
		return " (" + s + ")"
	}
	return ""
}

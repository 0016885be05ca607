package pack

import (
	"slices"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Plan is a list with what becomes of each file: the files as they go into the
// archive, and what bootstrap.py has to do to them.
type Plan struct {
	List
	Relocations []archive.Relocation
	Report      *Report
	Leaks       []Leak // credentials of the build; with one, nothing may be packed
}

// Leak is a credential of the build in a file of the tree.
type Leak struct {
	Path string // relative to the root
	Kind string // what it is; never the value
}

// Manifest makes the manifest whole: m is what is known without the files, and
// what they say is added. The error is a *CheckError where the target can't hold them.
func (p *Plan) Manifest(m archive.Manifest) (archive.Manifest, error) {
	m.Relocations = p.Relocations
	m.MaxRoot, m.MaxRootFile = p.rootLimit()
	m.Extensions = slices.Clone(m.Extensions)
	for i := range m.Extensions {
		if k, ok := p.Find(m.Extensions[i].Path); ok {
			m.Extensions[i].SHA256 = p.Files[k].SHA256
		}
	}
	var err error
	m.LongestPath, err = Check(p, m.Target)
	return m, err
}

// rootLimit is how long a root may be, and the file whose compiled-in strings say so.
func (p *Plan) rootLimit() (limit int, file string) {
	for _, r := range p.Relocations {
		for _, c := range r.CStrings {
			if limit == 0 || c.Prefix < limit {
				limit, file = c.Prefix, r.Path
			}
		}
	}
	return limit, file
}

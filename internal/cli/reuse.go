package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/verify"
)

// reuse is the last archive's path, or "".
func (p *packing) reuse() string {
	if p.flags.reuse == "" {
		return ""
	}
	return p.abs(p.flags.reuse)
}

// builds are what the builds of the tree's distributions declared, without
// what differs between two builds of the same: order, errors, directories.
func (p *packing) builds() []archive.Build {
	var all []archive.Build
	for _, d := range p.declared {
		if len(d.Modules) == 0 || !p.holds(d) {
			continue
		}
		b := archive.Build{Project: d.Project, Version: d.Version, Backend: d.Backend, How: d.How}
		b.Modules, b.Optional = sorted(d.Modules), sorted(d.Optional)
		if rel, err := filepath.Rel(p.tree.Root, d.Directory); err == nil && d.Directory != "" && filepath.IsLocal(rel) {
			b.Directory = filepath.ToSlash(rel)
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b archive.Build) int { return strings.Compare(a.Project+" "+a.Version, b.Project+" "+b.Version) })
	return all
}

// holds is whether the tree has the distribution of a build.
func (p *packing) holds(d verify.Declaration) bool {
	same := func(s string) string { return strings.ToLower(strings.NewReplacer("_", "-", ".", "-").Replace(s)) }
	for _, e := range p.tree.Eggs {
		if same(e.Name) == same(d.Project) && (e.Develop || e.Version == d.Version) {
			return true
		}
	}
	return false
}

func sorted(list []string) []string {
	out := slices.Clone(list)
	slices.Sort(out)
	return out
}

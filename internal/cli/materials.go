package cli

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

// materials are the eggs of the tree with what they say of themselves, and the
// eggs that its parts name.
type materials struct {
	eggs    []sbom.Egg
	ofParts map[string][]string
}

// materials are read once: the report, the summary and the sidecar all show them.
func (p *packing) materials() (materials, error) {
	if p.known != nil {
		return *p.known, nil
	}
	m, err := p.readMaterials()
	if err == nil {
		p.known = &m
	}
	return m, err
}

func (p *packing) readMaterials() (materials, error) {
	var m materials
	var all []pydist.Distribution
	for _, e := range p.built.Tree.Eggs {
		d, err := distribution(p.built.Tree.MetadataDirs(e), e)
		if err != nil {
			return m, fmt.Errorf("reading the metadata of %s: %w", e.Name, err)
		}
		all = append(all, d)
		m.eggs = append(m.eggs, sbom.Egg{
			Name: e.Name, Version: e.Version, Develop: e.Develop, Authors: d.Authors, Supplier: d.Supplier, Contains: d.Contains,
			LicenseExpression: d.License.Expression, LicenseIDs: d.License.IDs, LicenseNames: d.License.Names,
		})
	}
	asked := map[string][]pydist.Requirement{}
	var extras []pydist.Requirement
	for _, part := range p.built.Tree.Installed {
		asked[part.Part] = askedBy(part)
		extras = append(extras, asked[part.Part]...)
	}
	python := p.built.Tree.Python
	env := pydist.NewEnvironment(python.Version, python.Implementation, python.Platform)
	for i, requires := range pydist.Graph(all, env, extras) {
		m.eggs[i].Requires = m.keys(requires)
	}
	m.ofParts = map[string][]string{}
	for part, list := range asked {
		var found []int
		for _, r := range list {
			found = append(found, pydist.Find(all, r)...)
		}
		if keys := m.keys(found); len(keys) > 0 {
			m.ofParts[part] = keys
		}
	}
	return m, nil
}

// keys are the names that eggs at these positions have for others, sorted.
func (m materials) keys(positions []int) []string {
	var keys []string
	for _, i := range positions {
		keys = append(keys, m.eggs[i].Key())
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// askedBy are the requirements that a part names, a line each, and its recipe's.
func askedBy(part buildout.Installed) []pydist.Requirement {
	recipe, _, _ := strings.Cut(part.Recipe, ":")
	lines := []string{recipe}
	for _, option := range []string{"eggs", "egg", "extra-eggs"} {
		lines = append(lines, strings.Split(part.Options[option], "\n")...)
	}
	var all []pydist.Requirement
	for _, line := range lines {
		if r, ok := pydist.ParseRequirement(line); ok {
			all = append(all, r)
		}
	}
	return all
}

// distribution reads an egg's metadata from the first place that has it. An egg
// without any is a name and a version.
func distribution(places []string, e buildout.Egg) (pydist.Distribution, error) {
	for _, place := range places {
		d, found, err := readPlace(place, e.Name)
		if err != nil {
			return d, err
		}
		if found {
			d.Name, d.Version = e.Name, e.Version
			return d, nil
		}
	}
	return pydist.Distribution{Name: e.Name, Version: e.Version}, nil
}

// readPlace reads in a directory, or in an egg that is a zip file.
func readPlace(place, project string) (pydist.Distribution, bool, error) {
	info, err := os.Stat(place)
	if err != nil {
		return pydist.Distribution{}, false, nil // nothing is there
	}
	if info.IsDir() {
		return pydist.Read(os.DirFS(place), project)
	}
	z, err := zip.OpenReader(place)
	if err != nil {
		return pydist.Distribution{}, false, nil // no egg
	}
	defer z.Close()
	return pydist.Read(fs.FS(z), project)
}

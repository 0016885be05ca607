package sbom

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// builder collects components by reference, and what depends on what.
type builder struct {
	byRef   map[string]*cdx.Component
	depends map[string]map[string]bool
}

// add takes a component that archives may share. What lies in it, and the
// files that it was made of, are those of all archives.
func (b *builder) add(x cdx.Component) {
	if b.depends[x.BOMRef] == nil {
		b.depends[x.BOMRef] = map[string]bool{}
	}
	have := b.byRef[x.BOMRef]
	if have == nil {
		b.byRef[x.BOMRef] = &x
		return
	}
	have.Components = union(have.Components, x.Components, func(c cdx.Component) string { return c.BOMRef })
	have.ExternalReferences = union(have.ExternalReferences, x.ExternalReferences, func(r cdx.ExternalReference) string {
		key := string(r.Type) + " " + r.URL
		for _, h := range orNone(r.Hashes) {
			key += " " + h.Value
		}
		return key
	})
}

// union is what two lists have, each once, by a key.
func union[T any](list, more *[]T, key func(T) string) *[]T {
	var all []T
	for _, x := range slices.Concat(orNone(list), orNone(more)) {
		if !slices.ContainsFunc(all, func(have T) bool { return key(have) == key(x) }) {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return &all
}

func (b *builder) depend(from string, to ...string) {
	if b.depends[from] == nil {
		b.depends[from] = map[string]bool{}
	}
	for _, ref := range to {
		if ref != from {
			b.depends[from][ref] = true
		}
	}
}

func (b *builder) addArchive(root string, a Archive) {
	ref := "archive:" + a.File
	b.add(cdx.Component{
		BOMRef: ref, Type: cdx.ComponentTypeFile, Name: a.File, Version: a.Version, Hashes: sha256Of(a.SHA256),
		Properties: &[]cdx.Property{property("target", a.Target), property("python", a.Python)},
	})
	b.depend(root, ref)
	if a.Interpreter != nil {
		b.depend(ref, b.addInterpreter(*a.Interpreter))
	}
	eggs := map[string]string{} // references by Key
	for _, e := range a.Eggs {
		eggs[e.Key()] = eggRef(e)
	}
	required := map[string]bool{}
	for _, e := range a.Eggs {
		b.addEgg(e, a.Downloads)
		for _, key := range e.Requires {
			if to := eggs[key]; to != "" {
				b.depend(eggRef(e), to)
				required[to] = true
			}
		}
	}
	for _, p := range a.Parts {
		part := b.addPart(p, a.Downloads)
		b.depend(ref, part)
		for _, key := range p.Requires {
			if to := eggs[key]; to != "" {
				b.depend(part, to)
				required[to] = true
			}
		}
	}
	// What nothing else of the archive requires is there for its own sake.
	for _, e := range a.Eggs {
		if !required[eggRef(e)] {
			b.depend(ref, eggRef(e))
		}
	}
	for _, v := range a.Checkouts {
		x := cdx.Component{BOMRef: "checkout:" + v.Path + "@" + v.Commit, Type: cdx.ComponentTypeLibrary, Name: v.Path, Version: v.Commit}
		if v.URL != "" {
			x.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: v.URL}}
		}
		b.add(x)
		b.depend(ref, x.BOMRef)
	}
	for _, l := range a.Libraries {
		properties := []cdx.Property{property("provided-by", "target system")}
		if l.Package != "" {
			properties = append(properties, property("package", l.Package))
		}
		b.add(cdx.Component{BOMRef: "system:" + l.Name, Type: cdx.ComponentTypeLibrary, Name: l.Name, Scope: cdx.ScopeRequired, Properties: &properties})
		b.depend(ref, "system:"+l.Name)
	}
}

func property(name, value string) cdx.Property {
	return cdx.Property{Name: "binary-buildout:" + name, Value: value}
}

func sha256Of(digest string) *[]cdx.Hash {
	if digest == "" {
		return nil
	}
	return &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: digest}}
}

// eggRef is an egg's reference: its purl, but for develop eggs, which are on no
// index.
func eggRef(e Egg) string {
	if e.Develop {
		return "develop:" + purlPart(e.Name) + "@" + purlPart(e.Version)
	}
	return pypi(e.Name, e.Version)
}

func (b *builder) addEgg(e Egg, downloads []Download) {
	ref := eggRef(e)
	x := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: e.Name, Version: e.Version, PackageURL: ref, Licenses: e.licenses()}
	if e.Develop {
		x.PackageURL = purl("generic", e.Name, e.Version, nil)
	}
	if e.Supplier != nil {
		x.Supplier = &cdx.OrganizationalEntity{Name: e.Supplier.Name}
		if e.Supplier.Email != "" {
			x.Supplier.Contact = &[]cdx.OrganizationalContact{{Email: e.Supplier.Email}}
		}
	}
	if len(e.Authors) > 0 {
		var authors []cdx.OrganizationalContact
		for _, p := range e.Authors {
			authors = append(authors, cdx.OrganizationalContact{Name: p.Name, Email: p.Email})
		}
		x.Authors = &authors
	}
	var files []cdx.ExternalReference
	for _, d := range downloads {
		if d.Part == "" && !e.Develop && pypi(plain(d.Project), d.Version) == pypi(plain(e.Name), e.Version) {
			files = append(files, cdx.ExternalReference{Type: cdx.ERTypeDistribution, URL: purlPart(d.File), Hashes: sha256Of(d.SHA256)})
		}
	}
	x.ExternalReferences = union(&files, nil, func(r cdx.ExternalReference) string { return r.URL })
	inside := map[string]string{}
	for _, c := range e.Contains {
		inside[c.Ref] = ref + "#" + c.Ref
	}
	var contained []cdx.Component
	for _, c := range e.Contains {
		contained = append(contained, c.component(inside[c.Ref]))
		b.depend(ref, inside[c.Ref])
		for _, to := range c.Requires {
			if inside[to] != "" {
				b.depend(inside[c.Ref], inside[to])
			}
		}
	}
	x.Components = union(&contained, nil, func(c cdx.Component) string { return c.BOMRef })
	b.add(x)
}

// plain is a project's name by PEP 503.
func plain(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("-_.", r) }), "-")
}

func (e Egg) licenses() *cdx.Licenses {
	var all cdx.Licenses
	if e.LicenseExpression != "" {
		all = cdx.Licenses{{Expression: e.LicenseExpression}}
	}
	for _, id := range e.LicenseIDs {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	for _, name := range e.LicenseNames {
		all = append(all, cdx.LicenseChoice{License: &cdx.License{Name: name}})
	}
	if len(all) == 0 {
		return nil
	}
	return &all
}

var expression = regexp.MustCompile(`^\(*[A-Za-z0-9.+:-]+\)*(?: (?:AND|OR|WITH) \(*[A-Za-z0-9.+:-]+\)*)*$`)

func (c Contained) component(ref string) cdx.Component {
	x := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: c.Name, Version: c.Version, PackageURL: c.PURL, Hashes: sha256Of(c.SHA256),
		Properties: &[]cdx.Property{property("from", c.From)}}
	switch {
	case len(c.Licenses) == 1 && expression.MatchString(c.Licenses[0]):
		x.Licenses = &cdx.Licenses{{Expression: c.Licenses[0]}}
	case len(c.Licenses) > 0:
		var all cdx.Licenses
		for _, name := range c.Licenses {
			all = append(all, cdx.LicenseChoice{License: &cdx.License{Name: name}})
		}
		x.Licenses = &all
	}
	return x
}

// addPart takes a part with the sources that it fetched, and gives its reference.
func (b *builder) addPart(p Part, downloads []Download) string {
	ref := "part:" + strings.ReplaceAll(p.Name, ":", "%3A") + ":" + p.Recipe
	x := cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeApplication, Name: p.Name, Properties: &[]cdx.Property{property("recipe", p.Recipe)}}
	var sources []cdx.Component
	for _, d := range downloads {
		if d.Part != p.Name {
			continue
		}
		name, version := sourceOf(d.File)
		source := cdx.Component{BOMRef: ref + "#" + d.File + ":" + d.SHA256[:min(12, len(d.SHA256))], Type: cdx.ComponentTypeLibrary, Name: name, Version: version,
			PackageURL: purl("generic", name, version, map[string]string{"checksum": "sha256:" + d.SHA256, "download_url": d.URL}), Hashes: sha256Of(d.SHA256)}
		url := d.URL
		if url == "" {
			url = purlPart(d.File)
		}
		source.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeSourceDistribution, URL: url, Hashes: sha256Of(d.SHA256)}}
		sources = append(sources, source)
		b.depend(ref, source.BOMRef)
	}
	x.Components = union(&sources, nil, func(c cdx.Component) string { return c.BOMRef })
	b.add(x)
	return ref
}

// lists are the components and what depends on what, by reference.
func (b *builder) lists() (*[]cdx.Component, *[]cdx.Dependency) {
	list, depends := []cdx.Component{}, []cdx.Dependency{}
	for _, ref := range sorted(b.byRef) {
		x := *b.byRef[ref]
		if files := orNone(x.ExternalReferences); len(files) == 1 && files[0].Type == cdx.ERTypeDistribution {
			x.Hashes = files[0].Hashes // of other archives' files there would be several, of which none is the component's
		}
		list = append(list, x)
	}
	for _, ref := range sorted(b.depends) {
		on := slices.Sorted(maps.Keys(b.depends[ref]))
		d := cdx.Dependency{Ref: ref}
		if len(on) > 0 {
			d.Dependencies = &on
		}
		depends = append(depends, d)
	}
	return &list, &depends
}

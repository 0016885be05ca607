package sbom

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// ReadDocument gives the components of a bill of materials that a wheel brings
// (PEP 770): CycloneDX as JSON or XML, SPDX 2 as JSON. What the document is of
// is left out where that is the wheel itself, by its project in plain form. One
// in another format is a component of its own, so that it is named.
func ReadDocument(name string, data []byte, project string) []Contained {
	var all []Contained
	var bom cdx.BOM
	format := cdx.BOMFileFormatJSON
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		format = cdx.BOMFileFormatXML
	}
	var spdx spdxDocument
	switch {
	case cdx.NewBOMDecoder(bytes.NewReader(data), format).Decode(&bom) == nil && (bom.BOMFormat == cdx.BOMFormat || format == cdx.BOMFileFormatXML && bom.XMLNS != ""):
		all = fromCycloneDX(&bom, project)
	case json.Unmarshal(data, &spdx) == nil && spdx.Version != "":
		all = spdx.contained(project)
	default:
		sum := digest.Of(data)
		all = []Contained{{Ref: sum[:12], Name: name, SHA256: sum}}
	}
	// Two documents of a wheel may name the same component.
	for i := range all {
		all[i].From, all[i].Ref = name, name+":"+all[i].Ref
		for j := range all[i].Requires {
			all[i].Requires[j] = name + ":" + all[i].Requires[j]
		}
	}
	return all
}

// fromCycloneDX flattens a document: what it is of, its components, and theirs.
func fromCycloneDX(bom *cdx.BOM, project string) []Contained {
	c := &collected{refs: map[string]string{}}
	var itself string
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		main := *bom.Metadata.Component
		if itself = main.BOMRef; isProject(main.PackageURL, main.Name, project) {
			c.add(orNone(main.Components), itself)
		} else {
			c.add([]cdx.Component{main}, "")
		}
		if itself == "" {
			itself = main.PackageURL
		}
	}
	c.add(orNone(bom.Components), itself)
	if bom.Dependencies != nil {
		for _, d := range *bom.Dependencies {
			c.depend(d.Ref, orNone(d.Dependencies))
		}
	}
	return c.all
}

func orNone[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

// isProject says whether a component is the project that a wheel is of.
func isProject(purl, name, project string) bool {
	rest, ok := strings.CutPrefix(purl, "pkg:pypi/")
	if purl == "" {
		rest, ok = name, true
	}
	rest, _, _ = strings.Cut(rest, "@")
	plain := strings.FieldsFunc(strings.ToLower(rest), func(r rune) bool { return strings.ContainsRune("-_.", r) })
	return ok && strings.Join(plain, "-") == project
}

// collected are components of a document, each once.
type collected struct {
	all  []Contained
	refs map[string]string // ours, by the document's
}

// add takes components, and those in them, but for the one of the reference
// itself: auditwheel lists the wheel as its own component.
func (c *collected) add(list []cdx.Component, itself string) {
	for _, x := range list {
		known := x.BOMRef != "" && c.refs[x.BOMRef] != ""
		if !known && (x.BOMRef == "" || x.BOMRef != itself) {
			one := Contained{Name: x.Name, Version: x.Version}
			if strings.HasPrefix(x.PackageURL, "pkg:") {
				one.PURL = x.PackageURL
			}
			for _, h := range orNone(x.Hashes) {
				if h.Algorithm == cdx.HashAlgoSHA256 && hexDigest.MatchString(h.Value) {
					one.SHA256 = strings.ToLower(h.Value)
				}
			}
			if x.Licenses != nil {
				one.Licenses = licenses(*x.Licenses)
			}
			one.Ref = c.unique(one)
			if x.BOMRef != "" {
				c.refs[x.BOMRef] = one.Ref
			}
			c.all = append(c.all, one)
		}
		c.add(orNone(x.Components), itself)
	}
}

var hexDigest = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// unique is a reference that no other component of the document has, without
// any path that the document's own has (PEP 770 has no rule for them).
func (c *collected) unique(one Contained) string {
	ref := one.PURL
	if ref == "" {
		ref = one.Name + "@" + one.Version
	}
	taken := func(ref string) bool {
		return slices.ContainsFunc(c.all, func(o Contained) bool { return o.Ref == ref })
	}
	for base, n := ref, 2; taken(ref); n++ {
		ref = fmt.Sprintf("%s:%d", base, n)
	}
	return ref
}

func (c *collected) depend(ref string, on []string) {
	i := slices.IndexFunc(c.all, func(o Contained) bool { return o.Ref == c.refs[ref] && ref != "" })
	if i < 0 {
		return
	}
	for _, to := range on {
		if to = c.refs[to]; to != "" && to != c.all[i].Ref {
			c.all[i].Requires = append(c.all[i].Requires, to)
		}
	}
	slices.Sort(c.all[i].Requires)
	c.all[i].Requires = slices.Compact(c.all[i].Requires)
}

func licenses(list cdx.Licenses) []string {
	var all []string
	for _, l := range list {
		switch {
		case l.Expression != "":
			all = append(all, l.Expression)
		case l.License != nil && l.License.ID != "":
			all = append(all, l.License.ID)
		case l.License != nil && l.License.Name != "":
			all = append(all, l.License.Name)
		}
	}
	return all
}

// spdxDocument is what is read of SPDX 2.
type spdxDocument struct {
	Version  string `json:"spdxVersion"`
	Packages []struct {
		Name      string `json:"name"`
		Version   string `json:"versionInfo"`
		Concluded string `json:"licenseConcluded"`
		Declared  string `json:"licenseDeclared"`
		Checksums []struct {
			Algorithm string `json:"algorithm"`
			Value     string `json:"checksumValue"`
		} `json:"checksums"`
		References []struct {
			Type    string `json:"referenceType"`
			Locator string `json:"referenceLocator"`
		} `json:"externalRefs"`
	} `json:"packages"`
}

func (d spdxDocument) contained(project string) []Contained {
	c := &collected{}
	for _, p := range d.Packages {
		one := Contained{Name: p.Name, Version: p.Version}
		for _, r := range p.References {
			if r.Type == "purl" && strings.HasPrefix(r.Locator, "pkg:") {
				one.PURL = r.Locator
			}
		}
		if isProject(one.PURL, one.Name, project) {
			continue
		}
		for _, sum := range p.Checksums {
			if sum.Algorithm == "SHA256" && hexDigest.MatchString(sum.Value) {
				one.SHA256 = strings.ToLower(sum.Value)
			}
		}
		for _, license := range []string{p.Concluded, p.Declared} {
			if license != "" && license != "NOASSERTION" && license != "NONE" {
				one.Licenses = []string{license}
				break
			}
		}
		one.Ref = c.unique(one)
		c.all = append(c.all, one)
	}
	return c.all
}

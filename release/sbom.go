package release

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

const sbomEnding = ".cdx.json"

// SBOMName is the file name of the release's bill of materials.
func SBOMName(name, version string) string { return name + "-" + version + sbomEnding }

// SBOM is the bill of materials of all archives, in CycloneDX 1.6: eggs with
// their purl, parts, checkouts, and the libraries that the target brings. It
// has neither time nor chance in it: equal archives give equal bytes.
func (s Set) SBOM() (File, error) {
	if len(s.Archives) == 0 {
		return File{}, fmt.Errorf("writing the SBOM: there are no archives")
	}
	c := components{byRef: map[string]cdx.Component{}, depends: map[string][]string{}}
	first := s.sorted()[0].Info
	// A develop egg may have the application's name and version.
	root := "application:" + purlPart(first.Name) + "@" + purlPart(first.Version)
	for _, a := range s.sorted() {
		c.addArchive(root, a)
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(s.sorted())
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{
		BOMRef: root, Type: cdx.ComponentTypeApplication, Name: first.Name, Version: first.Version,
		PackageURL: "pkg:generic/" + purlPart(first.Name) + "@" + purlPart(first.Version),
	}}
	bom.Components, bom.Dependencies = c.lists()
	var b bytes.Buffer
	enc := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := enc.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return File{}, fmt.Errorf("writing the SBOM: %w", err)
	}
	return NewFile(SBOMName(first.Name, first.Version), b.Bytes()), nil
}

// components are collected by reference: what several archives hold is listed once.
type components struct {
	byRef   map[string]cdx.Component
	depends map[string][]string
}

func (c *components) add(parent string, x cdx.Component) {
	if _, ok := c.byRef[x.BOMRef]; !ok {
		c.byRef[x.BOMRef] = x
	}
	c.depends[parent] = append(c.depends[parent], x.BOMRef)
}

func (c *components) addArchive(root string, a Archive) {
	ref := "archive:" + a.File.Name
	c.add(root, cdx.Component{
		BOMRef: ref, Type: cdx.ComponentTypeFile, Name: a.File.Name, Version: a.Info.Version,
		Hashes:     &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: a.File.SHA256}},
		Properties: &[]cdx.Property{{Name: "binary-buildout:target", Value: a.Info.Target}, {Name: "binary-buildout:python", Value: a.Info.Python.Version}},
	})
	for _, e := range a.Info.Eggs {
		c.add(ref, egg(e))
	}
	for _, p := range a.Info.Parts {
		c.add(ref, cdx.Component{
			BOMRef: "part:" + strings.ReplaceAll(p.Name, ":", "%3A") + ":" + p.Recipe, Type: cdx.ComponentTypeApplication, Name: p.Name,
			Properties: &[]cdx.Property{{Name: "binary-buildout:recipe", Value: p.Recipe}},
		})
	}
	for _, v := range a.Info.Checkouts {
		c.add(ref, checkout(v))
	}
	for _, l := range a.Info.SystemLibraries {
		properties := []cdx.Property{{Name: "binary-buildout:provided-by", Value: "target system"}}
		if l.Package != "" {
			properties = append(properties, cdx.Property{Name: "binary-buildout:package", Value: l.Package})
		}
		c.add(ref, cdx.Component{
			BOMRef: "system:" + l.Name, Type: cdx.ComponentTypeLibrary, Name: l.Name, Scope: cdx.ScopeRequired, Properties: &properties,
		})
	}
}

func (c *components) lists() (*[]cdx.Component, *[]cdx.Dependency) {
	list := []cdx.Component{}
	for _, x := range c.byRef {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	depends := []cdx.Dependency{}
	for ref, on := range c.depends {
		slices.Sort(on)
		on = slices.Compact(on)
		depends = append(depends, cdx.Dependency{Ref: ref, Dependencies: &on})
	}
	slices.SortFunc(depends, func(a, b cdx.Dependency) int { return strings.Compare(a.Ref, b.Ref) })
	return &list, &depends
}

func egg(e Egg) cdx.Component {
	// As purl's definition of pypi has it: in lower case, with dashes, and with
	// its dots. A develop egg is on no index.
	at := purlPart(e.Name) + "@" + purlPart(e.Version)
	ref, purl := "develop:"+at, "pkg:generic/"+at
	if !e.Develop {
		purl = "pkg:pypi/" + purlPart(strings.ReplaceAll(strings.ToLower(e.Name), "_", "-")) + "@" + purlPart(e.Version)
		ref = purl
	}
	return cdx.Component{BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: e.Name, Version: e.Version, PackageURL: purl}
}

func checkout(v Checkout) cdx.Component {
	x := cdx.Component{BOMRef: "checkout:" + v.Path + "@" + v.Commit, Type: cdx.ComponentTypeLibrary, Name: v.Path, Version: v.Commit}
	if v.URL != "" {
		x.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeVCS, URL: v.URL}}
	}
	return x
}

// purlPart percent-encodes as the purl specification asks: all but letters,
// digits and . - _ ~ :
func purlPart(s string) string {
	return strings.NewReplacer("+", "%20", "%3A", ":").Replace(url.QueryEscape(s))
}

// serial is a UUID (version 8, RFC 9562) made from the archives' digests.
func serial(archives []Archive) string {
	h := sha256.New()
	for _, a := range archives {
		h.Write([]byte(a.File.SHA256 + a.Sidecar.SHA256))
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

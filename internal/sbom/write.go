package sbom

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Application is what a bill of materials is of: its archives, by their names.
type Application struct {
	Name, Version string
	Archives      []Archive
}

// Archive is what one holds.
type Archive struct {
	File, SHA256  string
	SidecarSHA256 string
	Version       string
	Target        string
	Python        string // its version
	Eggs          []Egg
	Parts         []Part
	Checkouts     []Checkout
	Libraries     []Library // that the target brings
	Downloads     []Download
	Interpreter   *Interpreter // that lies in it; nil for none
}

// Part is a section that buildout installed.
type Part struct {
	Name, Recipe string
	Requires     []string // eggs, by their Key
}

// Checkout is a version-control checkout.
type Checkout struct{ Path, URL, Commit string }

// Library is one that the target system has to bring, and its package there.
type Library struct{ Name, Package string }

// Download is a file that the build fetched: of a distribution, or for a part.
type Download struct {
	Project, Version string
	Part             string
	File, URL        string
	SHA256           string
}

// Write gives the bill of materials: eggs with their purl, licence, authors, the
// digest of what was downloaded, what they require and what lies in them; parts
// with their sources; checkouts; and the libraries that the target brings. What
// archives share is listed once. It has neither time nor chance in it: equal
// archives give equal bytes.
func (a Application) Write() ([]byte, error) {
	// A develop egg may have the application's name and version.
	root := "application:" + purlPart(a.Name) + "@" + purlPart(a.Version)
	b := &builder{byRef: map[string]*cdx.Component{}, depends: map[string]map[string]bool{root: {}}}
	for _, archive := range a.Archives {
		b.addArchive(root, archive)
	}
	bom := cdx.NewBOM()
	bom.SerialNumber = serial(a.Archives)
	bom.Metadata = &cdx.Metadata{Component: &cdx.Component{
		BOMRef: root, Type: cdx.ComponentTypeApplication, Name: a.Name, Version: a.Version, PackageURL: purl("generic", a.Name, a.Version, nil),
	}}
	b.cutLoops(root)
	bom.Components, bom.Dependencies = b.lists()
	var out bytes.Buffer
	enc := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := enc.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return nil, fmt.Errorf("writing the SBOM: %w", err)
	}
	return out.Bytes(), nil
}

// serial is a UUID (version 8, RFC 9562) made from the archives' digests.
func serial(archives []Archive) string {
	h := sha256.New()
	for _, a := range archives {
		h.Write([]byte(a.SHA256 + a.SidecarSHA256))
	}
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}

// sorted are the keys of a set, in order.
func sorted[V any](set map[string]V) []string {
	var keys []string
	for key := range set {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

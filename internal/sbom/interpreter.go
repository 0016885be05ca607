package sbom

import (
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// Interpreter is a Python that lies in an archive, as the sidecar has it.
type Interpreter struct {
	Version   string           `json:"version"`
	Libraries []BundledLibrary `json:"libraries,omitempty"` // of the build's system, that lie beside it
}

// BundledLibrary is a shared library that was taken from the system that built.
type BundledLibrary struct {
	Name   string `json:"name"` // "libssl.so.3"
	Path   string `json:"path"` // in the archive
	SHA256 string `json:"sha256"`

	// The system's package, where it knew one: "debian" as os-release says, its
	// name, its version, and the licences in the words of its copyright file.
	System   string   `json:"system,omitempty"`
	Package  string   `json:"package,omitempty"`
	Version  string   `json:"version,omitempty"`
	Licenses []string `json:"licenses,omitempty"`
}

// addInterpreter takes an archive's interpreter with its libraries, and gives
// its reference.
func (b *builder) addInterpreter(i Interpreter) string {
	ref := "interpreter:cpython@" + i.Version
	b.add(cdx.Component{
		BOMRef: ref, Type: cdx.ComponentTypePlatform, Name: "CPython", Version: i.Version,
		CPE:        "cpe:2.3:a:python:python:" + i.Version + ":*:*:*:*:*:*:*",
		PackageURL: purl("generic", "cpython", i.Version, nil),
		Licenses:   &cdx.Licenses{{License: &cdx.License{ID: "PSF-2.0"}}},
	})
	for _, l := range i.Libraries {
		b.depend(ref, b.addBundled(l))
	}
	return ref
}

func (b *builder) addBundled(l BundledLibrary) string {
	ref := "bundled:" + l.Name + ":" + l.SHA256[:min(12, len(l.SHA256))]
	x := Contained{Name: l.Name, Version: l.Version, SHA256: l.SHA256, From: l.Path}.component(ref)
	// Debian's names of licences are its own: no identifiers of SPDX.
	x.Licenses = Egg{LicenseNames: l.Licenses}.licenses()
	if l.Package != "" {
		*x.Properties = append(*x.Properties, property("package", l.Package))
	}
	if l.Package != "" && (l.System == "debian" || l.System == "ubuntu") {
		x.PackageURL = strings.Replace(purl("deb", l.Package, l.Version, nil), "pkg:deb/", "pkg:deb/"+l.System+"/", 1)
	}
	b.add(x)
	return ref
}

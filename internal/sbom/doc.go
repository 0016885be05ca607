// Package sbom writes the bill of materials of archives, in CycloneDX 1.6.
package sbom

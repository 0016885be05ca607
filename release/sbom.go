package release

import (
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

const sbomEnding = ".cdx.json"

// SBOMName is the file name of the release's bill of materials.
func SBOMName(name, version string) string { return name + "-" + version + sbomEnding }

// SBOM is the bill of materials of all archives, as their sidecars tell it.
func (s Set) SBOM() (File, error) {
	if len(s.Archives) == 0 {
		return File{}, fmt.Errorf("writing the SBOM: there are no archives")
	}
	first := s.sorted()[0].Info
	app := sbom.Application{Name: first.Name, Version: first.Version}
	for _, a := range s.sorted() {
		app.Archives = append(app.Archives, a.materials())
	}
	data, err := app.Write()
	if err != nil {
		return File{}, err
	}
	return NewFile(SBOMName(first.Name, first.Version), data), nil
}

// materials are what an archive holds.
func (a Archive) materials() sbom.Archive {
	i := a.Info
	x := sbom.Archive{
		File: a.File.Name, SHA256: a.File.SHA256, SidecarSHA256: a.Sidecar.SHA256,
		Version: i.Version, Target: i.Target, Python: i.Python.Version, Eggs: i.Eggs, Interpreter: i.Interpreter,
	}
	for _, p := range i.Parts {
		x.Parts = append(x.Parts, sbom.Part{Name: p.Name, Recipe: p.Recipe, Requires: i.PartEggs[p.Name]})
	}
	for _, v := range i.Checkouts {
		x.Checkouts = append(x.Checkouts, sbom.Checkout(v))
	}
	for _, l := range i.SystemLibraries {
		x.Libraries = append(x.Libraries, sbom.Library{Name: l.Name, Package: l.Package})
	}
	for _, d := range i.Downloads {
		switch d.Use {
		case "egg", "tool":
			x.Downloads = append(x.Downloads, sbom.Download{Project: d.Project, Version: d.Version, File: d.File, SHA256: d.SHA256})
		case "part":
			x.Downloads = append(x.Downloads, sbom.Download{Part: d.Owner, File: d.File, URL: d.URL, SHA256: d.SHA256})
		}
	}
	return x
}

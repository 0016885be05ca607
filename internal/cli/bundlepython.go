package cli

import (
	"strconv"

	"github.com/binary-buildout/binary-buildout/internal/job"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

// bundlePython is the value of --bundle-python: empty for no interpreter in the
// archive, job.BundleBuilds, or a directory. As a flag it may stand alone.
type bundlePython string

func (b *bundlePython) String() string {
	if b == nil {
		return ""
	}
	return string(*b)
}

func (b *bundlePython) Set(value string) error {
	yes, err := strconv.ParseBool(value)
	switch {
	case err != nil:
		*b = bundlePython(value)
	case yes:
		*b = job.BundleBuilds
	default:
		*b = ""
	}
	return nil
}

// IsBoolFlag lets the flag stand without a value.
func (b *bundlePython) IsBoolFlag() bool { return true }

// interpreter is what the sidecar says of the interpreter in the archive; nil for none.
func (p *packing) interpreter() *sbom.Interpreter {
	b := p.planned.Bundled
	if b == nil {
		return nil
	}
	i := &sbom.Interpreter{Version: p.built.Tree.Python.Version}
	for _, l := range b.Libraries {
		x := sbom.BundledLibrary{Name: l.Name, Path: l.Path, System: l.System, Package: l.Package, Version: l.Version, Licenses: l.Licenses}
		if k, ok := p.planned.Plan.Find(l.Path); ok {
			x.SHA256 = p.planned.Plan.Files[k].SHA256
		}
		i.Libraries = append(i.Libraries, x)
	}
	return i
}

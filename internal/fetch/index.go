package fetch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// IndexName is the document of a release or a mirror that says what it has.
const IndexName = "index.json"

// indexFormat is the highest format number that is understood.
const indexFormat = 2

// Index is what install needs of index.json.
type Index struct {
	Format  int     `json:"format"`
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Tag     string  `json:"tag"`
	Assets  []Asset `json:"archives"`

	sha256 string // of the document
	size   int64  // of it, bytes
}

// Asset is one archive of a release.
type Asset struct {
	Target string          `json:"target"`
	Label  string          `json:"label"`
	Name   string          `json:"archive"` // the file's name on the release
	Size   int64           `json:"size"`
	SHA256 string          `json:"sha256"`
	Floors []archive.Floor `json:"floors"`
	Python string          `json:"python"` // "3.13.0"
	// PythonBundled is whether that Python lies in the archive.
	PythonBundled bool `json:"python_bundled"`

	Deltas []DeltaAsset `json:"deltas"`

	Volumes []Volume `json:"volumes"` // what it is on the release, one after the other; none: the file itself
}

// DeltaAsset is what leads from an earlier version to an archive.
type DeltaAsset struct {
	Name   string `json:"delta"` // the file's name on the release
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Base   string `json:"base"` // SHA-256 of the earlier version's manifest.json

	BaseVersion string `json:"base_version"`

	Volumes []Volume `json:"volumes"`
}

// deltaFrom gives the delta that leads from a version to the asset, as an
// asset, if there is one.
func (a Asset) deltaFrom(base string) (Asset, bool) {
	for _, d := range a.Deltas {
		if base != "" && d.Base == base {
			a.Name, a.Size, a.SHA256, a.Volumes, a.Deltas = d.Name, d.Size, d.SHA256, d.Volumes, nil
			return a, true
		}
	}
	return a, false
}

// readIndex decodes and checks an index: what it says becomes a file name and
// a digest that is trusted.
func readIndex(data []byte, from string) (*Index, error) {
	x, err := decode[Index](data, IndexName+" of "+from)
	if err != nil {
		return nil, err
	}
	if x.Format > indexFormat {
		return nil, fault.Usage(fmt.Errorf("reading %s: its format is %d, and this program knows up to %d", from, x.Format, indexFormat), "install a newer binary-buildout")
	}
	if err := x.names(from); err != nil {
		return nil, err
	}
	if len(x.Assets) == 0 {
		return nil, fault.Usage(fmt.Errorf("reading %s: it lists no archives", from), "")
	}
	x.sha256, x.size = digest.Of(data), int64(len(data))
	return x, nil
}

func (a Asset) needs() interpreter.Needs {
	n := interpreter.ParseTarget(a.Target).WithFloors(a.Floors)
	n.Bundled = a.PythonBundled
	return n
}

// choice is an asset, and the interpreter it fits.
type choice struct {
	Asset  Asset
	python *interpreter.Python
}

// Choose takes the asset that fits the newest Python, its own if one lies in it;
// of several, the one with the highest floor, which knows most of this system.
func Choose(ctx context.Context, o Request, x *Index, from string) (*choice, error) {
	pythons, err := interpreter.Here(ctx, o.Search)
	if err != nil {
		return nil, err
	}
	var fit, bundled []choice
	for _, a := range x.Assets {
		n := a.needs()
		if o.Label != "" && a.Label != o.Label {
			continue
		}
		if n.Bundled {
			if p := interpreter.System(ctx, o.Search); n.Fits(p) {
				p.Version = a.Python
				bundled = append(bundled, choice{a, p})
			}
		} else if p := interpreter.Newest(pythons, n); p != nil {
			fit = append(fit, choice{a, p})
		}
	}
	if o.Search.Python == "" {
		fit = append(fit, bundled...)
	} else if len(fit) == 0 && len(bundled) > 0 {
		return nil, fault.Usage(fmt.Errorf("choosing from %s with --python %s: %s has an interpreter of its own, Python %s", from, o.Search.Python, bundled[0].Asset.Name, bundled[0].Asset.Python),
			"leave --python out")
	}
	if len(fit) == 0 {
		return nil, nothingFits(ctx, o, x, from, pythons)
	}
	slices.SortStableFunc(fit, func(a, b choice) int {
		if c := matrix.CompareVersions(b.python.Version, a.python.Version); c != 0 {
			return c
		}
		if (a.Asset.Label == "") != (b.Asset.Label == "") {
			if a.Asset.Label == "" {
				return -1
			}
			return 1
		}
		return matrix.CompareVersions(b.Asset.needs().Floor, a.Asset.needs().Floor)
	})
	best := fit[0]
	if best.Asset.Label != "" && o.Label == "" {
		var labels []string
		for _, c := range fit {
			if c.Asset.Target == best.Asset.Target && !slices.Contains(labels, c.Asset.Label) {
				labels = append(labels, c.Asset.Label)
			}
		}
		if len(labels) > 1 {
			return nil, fault.Usage(fmt.Errorf("choosing from %s: several archives of %s fit: %s", from, best.Asset.Target, strings.Join(labels, ", ")), "name one with --label")
		}
	}
	return &best, nil
}

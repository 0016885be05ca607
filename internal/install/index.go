package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// indexName is the document of a release or a mirror that says what it has.
const indexName = "index.json"

// indexFormat is the highest format number that is understood.
const indexFormat = 1

// Index is what install needs of index.json.
type Index struct {
	Format  int     `json:"format"`
	Name    string  `json:"name"`
	Version string  `json:"version"`
	Tag     string  `json:"tag"`
	Assets  []Asset `json:"archives"`
}

// Asset is one archive of a release.
type Asset struct {
	Target string          `json:"target"`
	Label  string          `json:"label"`
	Name   string          `json:"archive"` // the file's name on the release
	Size   int64           `json:"size"`
	SHA256 string          `json:"sha256"`
	Floors []archive.Floor `json:"floors"`
	Deltas []deltaAsset    `json:"deltas"`
}

// deltaAsset is what leads from an earlier version to an archive.
type deltaAsset struct {
	Name   string `json:"delta"` // the file's name on the release
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Base   string `json:"base"` // SHA-256 of the earlier version's manifest.json

	BaseVersion string `json:"base_version"`
}

// deltaFrom gives the delta that leads from a version to the asset, as an
// asset, if there is one.
func (a Asset) deltaFrom(base string) (Asset, bool) {
	for _, d := range a.Deltas {
		if base != "" && d.Base == base {
			a.Name, a.Size, a.SHA256, a.Deltas = d.Name, d.Size, d.SHA256, nil
			return a, true
		}
	}
	return a, false
}

// readIndex decodes and checks an index: what it says becomes a file name and
// a digest that is trusted.
func readIndex(data []byte, from string) (*Index, error) {
	x, err := decode[Index](data, indexName+" of "+from)
	if err != nil {
		return nil, err
	}
	if x.Format > indexFormat {
		return nil, usage(fmt.Errorf("reading %s: format %d, known is %d", from, x.Format, indexFormat), "install a newer binary-buildout")
	}
	if err := x.names(from); err != nil {
		return nil, err
	}
	if len(x.Assets) == 0 {
		return nil, usage(fmt.Errorf("reading %s: it lists no archives", from), "")
	}
	return x, nil
}

func (a Asset) needs() needs { return parseTarget(a.Target).withFloors(a.Floors) }

// choice is an asset, and the interpreter it fits.
type choice struct {
	asset  Asset
	python *Python
}

// choose takes the asset that fits the newest Python; of several, the one with
// the highest floor, which knows most of this system.
func choose(ctx context.Context, o Options, x *Index, from string) (*choice, error) {
	pythons, err := pythonsHere(ctx, o)
	if err != nil {
		return nil, err
	}
	var fit []choice
	for _, a := range x.Assets {
		n := a.needs()
		if p := newest(pythons, n); p != nil && (o.Label == "" || a.Label == o.Label) {
			fit = append(fit, choice{a, p})
		}
	}
	if len(fit) == 0 {
		return nil, nothingFits(o, x, from, pythons)
	}
	slices.SortStableFunc(fit, func(a, b choice) int {
		if c := matrix.CompareVersions(b.python.Version, a.python.Version); c != 0 {
			return c
		}
		if (a.asset.Label == "") != (b.asset.Label == "") {
			if a.asset.Label == "" {
				return -1
			}
			return 1
		}
		return matrix.CompareVersions(b.asset.needs().floor, a.asset.needs().floor)
	})
	best := fit[0]
	if best.asset.Label != "" && o.Label == "" {
		var labels []string
		for _, c := range fit {
			if c.asset.Target == best.asset.Target && !slices.Contains(labels, c.asset.Label) {
				labels = append(labels, c.asset.Label)
			}
		}
		if len(labels) > 1 {
			return nil, usage(fmt.Errorf("choosing from %s: several archives of %s fit: %s", from, best.asset.Target, strings.Join(labels, ", ")), "name one with --label")
		}
	}
	return &best, nil
}

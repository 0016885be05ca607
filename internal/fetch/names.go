package fetch

import (
	"fmt"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// What index.json says becomes names of files, and is shown: all of it has to be
// what GitHub takes for the name of an asset, or for a tag. install.py has the same.
var (
	assetName = regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?$`)
	tagName   = regexp.MustCompile(`^[^\x00-\x20\x7f~^:?*\\\[]+$`)
)

// names checks all names of an index.
func (x *Index) names(from string) error {
	if !assetName.MatchString(x.Name) || !assetName.MatchString(x.Version) || x.Tag != "" && !tagName.MatchString(x.Tag) {
		return fault.Failed(fmt.Errorf("reading %s: its name, version or tag isn't valid", from), "it is damaged: fetch or make it again")
	}
	for i, a := range x.Assets {
		plain := plainAsset(a.Name, a.SHA256, a.Size) && plainVolumes(a.Volumes, a.Size) && assetName.MatchString(a.Target) && (a.Label == "" || assetName.MatchString(a.Label)) &&
			(a.Python == "" && !a.PythonBundled || assetName.MatchString(a.Python))
		for _, f := range a.Floors {
			plain = plain && assetName.MatchString(f.Kind) && assetName.MatchString(f.Version)
		}
		for _, d := range a.Deltas {
			plain = plain && plainAsset(d.Name, d.SHA256, d.Size) && plainVolumes(d.Volumes, d.Size) && isDigest(d.Base) && (d.BaseVersion == "" || assetName.MatchString(d.BaseVersion))
		}
		if !plain {
			return fault.Failed(fmt.Errorf("reading %s: its entry %d has no name of an asset, no size or no digest", from, i+1), "it is damaged: fetch or make it again")
		}
	}
	return nil
}

func plainAsset(name, digest string, size int64) bool {
	return isDigest(digest) && assetName.MatchString(name) && size >= 0
}

// asTagged compares an index with the tag that was asked for.
func (x *Index) asTagged(tag, from string) error {
	if tag == "" || x.Tag == "" || x.Tag == tag {
		return nil
	}
	return fault.Failed(fmt.Errorf("reading %s: its index.json is of the release %s", from, x.Tag), "it isn't the release that you mean: ask who made it")
}

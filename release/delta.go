package release

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Delta leads from an earlier version to an archive. It has no sidecar: its
// first file says what it is for.
type Delta struct {
	File        File
	Volumes     []File // what File is released in; none if it is an asset itself
	Base        string // SHA-256 of the earlier version's manifest.json
	BaseVersion string
}

// deltaPattern is pack's name of a delta: the archive's without its format,
// and the version that it leads from.
var deltaPattern = regexp.MustCompile(`^(.+)\.from-([A-Za-z0-9][A-Za-z0-9._+-]*)\.delta\.tar\.gz$`)

// readDeltas finds the deltas that lead to an archive, by name.
func readDeltas(a Archive, found map[string]string) ([]Delta, error) {
	var deltas []Delta
	for name, file := range found {
		if m := deltaPattern.FindStringSubmatch(name); m == nil || m[1] != archiveEnding.ReplaceAllString(a.File.Name, "") {
			continue
		}
		d, err := readDelta(name, file, a)
		if err != nil {
			return nil, err
		}
		deltas = append(deltas, d)
	}
	slices.SortFunc(deltas, func(x, y Delta) int { return strings.Compare(x.File.Name, y.File.Name) })
	return deltas, nil
}

func readDelta(name, file string, a Archive) (Delta, error) {
	f, err := ReadFile(name, file)
	if err != nil {
		return Delta{}, err
	}
	r, err := f.Open()
	if err != nil {
		return Delta{}, fmt.Errorf("reading %s: %w", name, err)
	}
	defer r.Close()
	z, err := gzip.NewReader(r)
	if err != nil {
		return Delta{}, fmt.Errorf("reading %s: %w", name, err)
	}
	t := tar.NewReader(z)
	h, err := t.Next()
	if err != nil || path.Base(h.Name) != "delta.json" {
		return Delta{}, fmt.Errorf("%s isn't a delta", name)
	}
	var doc struct {
		Base        string `json:"base"`
		BaseVersion string `json:"base_version"`
		Archive     string `json:"archive"`
		SHA256      string `json:"sha256"`
	}
	if err := json.NewDecoder(t).Decode(&doc); err != nil {
		return Delta{}, fmt.Errorf("reading %s: %w", name, err)
	}
	if doc.Archive != a.File.Name || doc.SHA256 != a.File.SHA256 || !hexDigest.MatchString(doc.Base) {
		return Delta{}, fmt.Errorf("%s leads to %s with SHA-256 %s, and that is not the one that is here", name, doc.Archive, doc.SHA256)
	}
	return Delta{File: f, Base: doc.Base, BaseVersion: doc.BaseVersion}, nil
}

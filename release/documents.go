package release

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// IndexFormat is the highest number of index.json's format. A reader refuses a
// higher one. An index has format 2 where it names volumes, which a reader of format
// 1 knows nothing of, and else 1.
const IndexFormat = 2

// Index is index.json: from a target to its asset. An installer needs nothing
// else of a release. docs/index.schema.json describes it.
type Index struct {
	Format   int            `json:"format"`
	Name     string         `json:"name"`
	Version  string         `json:"version"`
	Tag      string         `json:"tag,omitempty"` // of the release
	SBOM     string         `json:"sbom"`
	Archives []IndexArchive `json:"archives"` // by name
}

// IndexArchive is one archive of the release.
type IndexArchive struct {
	Target          string   `json:"target"`
	Label           string   `json:"label,omitempty"`
	Archive         string   `json:"archive"`
	Size            int64    `json:"size"`
	SHA256          string   `json:"sha256"`
	Sidecar         string   `json:"sidecar"`
	Python          string   `json:"python"`                   // "3.13.0"
	PythonBundled   bool     `json:"python_bundled,omitempty"` // it lies in the archive
	Floors          []Floor  `json:"floors"`                   // without the files
	SystemLibraries []string `json:"system_libraries"`

	Deltas  []IndexDelta  `json:"deltas,omitempty"`  // by name
	Volumes []IndexVolume `json:"volumes,omitempty"` // in their order; then no asset has the archive's name
}

// IndexVolume is one of the assets that are an archive or a delta together.
type IndexVolume struct {
	Volume string `json:"volume"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// IndexDelta leads to the archive from an earlier version.
type IndexDelta struct {
	Delta       string `json:"delta"`
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
	Base        string `json:"base"` // SHA-256 of the earlier version's manifest.json
	BaseVersion string `json:"base_version"`

	Volumes []IndexVolume `json:"volumes,omitempty"`
}

// Index makes index.json. Equal archives and an equal tag give equal bytes.
func (s Set) Index() Index {
	x := Index{Format: 1, Tag: s.Tag, Archives: []IndexArchive{}}
	if len(s.wholes()) > 0 {
		x.Format = 2
	}
	for _, a := range s.sorted() {
		i := a.Info
		x.Name, x.Version, x.SBOM = i.Name, i.Version, SBOMName(i.Name, i.Version)
		entry := IndexArchive{
			Target: i.Target, Label: i.Label, Archive: a.File.Name, Size: a.File.Size, SHA256: a.File.SHA256,
			Sidecar: a.Sidecar.Name, Python: i.Python.Version, PythonBundled: i.BundledPython != nil, Floors: []Floor{}, SystemLibraries: []string{}, Volumes: indexVolumes(a.Volumes),
		}
		for _, f := range i.Floors {
			entry.Floors = append(entry.Floors, Floor{Kind: f.Kind, Version: f.Version})
		}
		for _, l := range i.SystemLibraries {
			entry.SystemLibraries = append(entry.SystemLibraries, l.Name)
		}
		for _, d := range a.Deltas {
			entry.Deltas = append(entry.Deltas, IndexDelta{Delta: d.File.Name, Size: d.File.Size, SHA256: d.File.SHA256, Base: d.Base, BaseVersion: d.BaseVersion, Volumes: indexVolumes(d.Volumes)})
		}
		slices.Sort(entry.SystemLibraries)
		entry.SystemLibraries = slices.Compact(entry.SystemLibraries)
		x.Archives = append(x.Archives, entry)
	}
	return x
}

func indexVolumes(files []File) []IndexVolume {
	var all []IndexVolume
	for _, f := range files {
		all = append(all, IndexVolume{Volume: f.Name, Size: f.Size, SHA256: f.SHA256})
	}
	return all
}

func (s Set) sorted() []Archive {
	return slices.SortedFunc(slices.Values(s.Archives), func(a, b Archive) int { return strings.Compare(a.File.Name, b.File.Name) })
}

// ReadIndex reads index.json. It refuses a higher format.
func ReadIndex(data []byte) (Index, error) {
	var x Index
	if err := json.Unmarshal(data, &x); err != nil {
		return x, fmt.Errorf("reading %s: %w", IndexName, err)
	}
	if x.Format < 1 || x.Format > IndexFormat {
		return x, fmt.Errorf("reading %s: it has format %d, and this program reads up to %d", IndexName, x.Format, IndexFormat)
	}
	return x, nil
}

// Files are all assets of the release, in the order in which they are
// uploaded: archives with their sidecars, extras, the SBOM, index.json, and
// SHA256SUMS, which covers all but itself and attestations, and what volumes make.
// Whoever sees an index.json finds all that it names.
func (s Set) Files() ([]File, error) {
	sbom, err := s.SBOM()
	if err != nil {
		return nil, err
	}
	index, err := marshal(s.Index())
	if err != nil {
		return nil, err
	}
	files := append(Set{Archives: s.sorted(), Extra: s.Extra}.files(), sbom, NewFile(IndexName, index))
	return append(files, NewFile(SumsName, sums(append(s.wholes(), files...)))), nil
}

// sums writes what sha256sum -c reads.
func sums(files []File) []byte {
	var lines []string
	for _, f := range files {
		if !isAttestation(f.Name) {
			lines = append(lines, f.SHA256+"  "+f.Name+"\n")
		}
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[66:], b[66:]) })
	return []byte(strings.Join(lines, ""))
}

// marshal is JSON for people and for digests: indented, & and < as they are,
// and a newline at the end.
func marshal(v any) ([]byte, error) {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	return []byte(b.String()), nil
}

package rebuild

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Result is what a rebuild says of an archive.
type Result struct {
	Archive       string       `json:"archive"` // file name
	SHA256        string       `json:"sha256"`
	RebuiltSHA256 string       `json:"rebuilt_sha256"`
	Same          bool         `json:"same"`
	Surroundings  []Mismatch   `json:"surroundings,omitempty"`
	Differences   []Difference `json:"differences,omitempty"` // empty if only the compression differs
}

// Difference is a difference between the archive (A) and the rebuilt one (B),
// with whose file it is.
type Difference struct {
	Owner string `json:"owner"` // "egg six-1.17.0", "part nginx", "manifest", or a directory
	archive.Difference
}

// Compare compares an archive with the one that was rebuilt, byte by byte by
// their digests, and where they differ by their manifests and lists of files.
func Compare(file, digest, rebuilt, rebuiltDigest string) (Result, error) {
	r := Result{Archive: path.Base(file), SHA256: digest, RebuiltSHA256: rebuiltDigest, Same: digest == rebuiltDigest}
	was, err := archive.ReadManifest(file)
	if err != nil {
		return r, err
	}
	is, err := archive.ReadManifest(rebuilt)
	if err != nil {
		return r, err
	}
	r.Surroundings = Surroundings(was, is)
	if r.Same {
		return r, nil
	}
	all, err := archive.Compare(file, rebuilt)
	if err != nil {
		return r, err
	}
	for _, d := range all {
		r.Differences = append(r.Differences, Difference{Owner: owner(d.Path), Difference: d})
	}
	slices.SortStableFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(strings.Compare(a.Owner, b.Owner), strings.Compare(a.Path, b.Path))
	})
	return r, nil
}

// owner says to what a file of an archive belongs: the egg that it lies in,
// the part, or else its directory.
func owner(file string) string {
	if strings.HasPrefix(file, "manifest: ") {
		return "manifest"
	}
	names := strings.Split(file, "/")
	for _, name := range names[:len(names)-1] {
		if stem, ok := strings.CutSuffix(name, ".egg"); ok {
			project, rest, _ := strings.Cut(stem, "-")
			version, _, _ := strings.Cut(rest, "-")
			return strings.TrimSuffix("egg "+project+" "+version, " ")
		}
	}
	if len(names) > 2 && names[0] == "parts" {
		return "part " + names[1]
	}
	return path.Dir(file)
}

package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
)

// Difference is one thing in which two archives differ.
type Difference struct {
	Path string `json:"path"`        // a file, or "manifest: FIELD"
	What string `json:"what"`        // "added", "removed", "content", "mode", "type", "link", "changed"
	A    string `json:"a,omitempty"` // what the first has
	B    string `json:"b,omitempty"` // what the second has
}

// Compare says in what two archives differ: fields of the manifest, then
// files by path. It reads their manifests and file lists alone, so it takes no
// longer for large ones; whether the contents are as listed is for Extract.
//
// What follows from other differences is left out: digests and relocations of
// the manifest of files that differ.
func Compare(a, b string) ([]Difference, error) {
	ra, err := Open(a)
	if err != nil {
		return nil, err
	}
	defer ra.Close()
	rb, err := Open(b)
	if err != nil {
		return nil, err
	}
	defer rb.Close()
	files := compareFiles(ra.files, rb.files)
	manifest, err := compareManifests(ra.manifestData, rb.manifestData)
	if err != nil {
		return nil, err
	}
	return append(manifest, files...), nil
}

// compareFiles walks two sorted lists side by side.
func compareFiles(a, b []Entry) []Difference {
	out := []Difference{}
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].Path < b[0].Path:
			out = append(out, Difference{Path: a[0].Path, What: "removed"})
			a = a[1:]
		case len(a) == 0 || b[0].Path < a[0].Path:
			out = append(out, Difference{Path: b[0].Path, What: "added"})
			b = b[1:]
		default:
			out = append(out, compareEntry(a[0], b[0])...)
			a, b = a[1:], b[1:]
		}
	}
	return out
}

func compareEntry(a, b Entry) []Difference {
	var out []Difference
	add := func(what, x, y string) { out = append(out, Difference{a.Path, what, x, y}) }
	if a.Type != b.Type {
		add("type", typeName(a.Type), typeName(b.Type))
		return out
	}
	if a.Mode != b.Mode {
		add("mode", fmt.Sprintf("%04o", a.Mode), fmt.Sprintf("%04o", b.Mode))
	}
	if a.Link != b.Link {
		add("link", a.Link, b.Link)
	}
	if a.SHA256 != b.SHA256 {
		add("content", fmt.Sprintf("%d bytes, %.12s", a.Size, a.SHA256), fmt.Sprintf("%d bytes, %.12s", b.Size, b.SHA256))
	}
	return out
}

func typeName(t string) string {
	if t == TypeFile {
		return "file"
	}
	return t
}

// derived are the manifest's fields that change with the files.
var derived = map[string]bool{"files_sha256": true}

func compareManifests(a, b []byte) ([]Difference, error) {
	var fa, fb map[string]json.RawMessage
	if err := json.Unmarshal(a, &fa); err != nil {
		return nil, fmt.Errorf("comparing manifests: %w", err)
	}
	if err := json.Unmarshal(b, &fb); err != nil {
		return nil, fmt.Errorf("comparing manifests: %w", err)
	}
	keys := map[string]bool{}
	for k := range fa {
		keys[k] = true
	}
	for k := range fb {
		keys[k] = true
	}
	out := []Difference{}
	for k := range keys {
		x, y := compact(fa[k]), compact(fb[k])
		switch {
		case derived[k] || x == y:
		default:
			out = append(out, describe(k, fa[k], fb[k])...)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out, nil
}

// describe says in what a field differs: for a list by the entries that only one has.
func describe(key string, a, b json.RawMessage) []Difference {
	var la, lb []json.RawMessage
	name := "manifest: " + key
	if json.Unmarshal(a, &la) != nil || json.Unmarshal(b, &lb) != nil || (la == nil && lb == nil) {
		return []Difference{{name, "changed", short(compact(a)), short(compact(b))}}
	}
	only := map[string]int{}
	for _, e := range la {
		only[compact(e)]++
	}
	for _, e := range lb {
		only[compact(e)]--
	}
	var out []Difference
	for e, n := range only {
		if n > 0 {
			out = append(out, Difference{Path: name, What: "removed", A: short(e)})
		} else if n < 0 {
			out = append(out, Difference{Path: name, What: "added", B: short(e)})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].A+out[i].B < out[j].A+out[j].B })
	if len(out) == 0 {
		out = append(out, Difference{Path: name, What: "order"})
	}
	return out
}

func compact(m json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, m) != nil {
		return string(m)
	}
	return b.String()
}

// maxValue bounds how much of a value a Difference shows, bytes.
const maxValue = 200

func short(s string) string {
	if len(s) > maxValue {
		return s[:maxValue] + "..."
	}
	return s
}

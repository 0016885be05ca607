package rebuild

import (
	"fmt"
	"maps"
	"slices"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Mismatch is something of the surroundings in which two builds differ.
type Mismatch struct {
	What string `json:"what"` // "Python", "cc --version"
	Was  string `json:"was"`  // of the archive
	Is   string `json:"is"`   // of the rebuild
}

func (m Mismatch) String() string {
	return fmt.Sprintf("%s: %s, and the archive was built with %s", m.What, word(m.Is), word(m.Was))
}

func word(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Surroundings says in what the surroundings of two builds differ: what may
// explain that their archives do.
func Surroundings(was, is archive.Manifest) []Mismatch {
	var found []Mismatch
	add := func(what, a, b string) {
		if a != b {
			found = append(found, Mismatch{what, a, b})
		}
	}
	add("this program", was.Generator, is.Generator)
	add("Python", pythonText(was.Python), pythonText(is.Python))
	add("image", image(was), image(is))
	add("zc.buildout", was.Buildout, is.Buildout)
	add("compressor", compressor(was), compressor(is))
	if a, b := stage(was), stage(is); a != "" && b != "" {
		add("stage, which is compiled in", a, b)
	}
	names := maps.Clone(was.Toolchain)
	if names == nil {
		names = map[string]string{}
	}
	maps.Copy(names, is.Toolchain)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		add(name, was.Toolchain[name], is.Toolchain[name])
	}
	return found
}

func pythonText(p archive.Python) string {
	return fmt.Sprintf("%s %s (%s, %s)", p.Implementation, p.Version, p.ABI, p.Platform)
}

// stage is the directory of the build, where a program holds it compiled in:
// its bytes then differ from those of a build in another one.
func stage(m archive.Manifest) string {
	for _, r := range m.Relocations {
		for _, s := range r.CStrings {
			if s.Prefix <= len(s.Old) {
				return s.Old[:s.Prefix]
			}
		}
	}
	return ""
}

func compressor(m archive.Manifest) string {
	if m.Provenance == nil {
		return ""
	}
	return m.Provenance.Compressor
}

func image(m archive.Manifest) string {
	if m.Provenance == nil {
		return ""
	}
	return m.Provenance.Image
}

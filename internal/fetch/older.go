package fetch

import (
	"fmt"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/pyversion"
)

// Older is whether a version is lower than one that is installed. Where PEP 440
// has no order for them, that isn't known.
func Older(version, installed string) (older, known bool) {
	a, okA := pyversion.Parse(version)
	b, okB := pyversion.Parse(installed)
	if !okA || !okB {
		return false, version == installed
	}
	return pyversion.Compare(a, b) < 0, true
}

// Forward refuses a version that is lower than what an update finds, unless that
// was asked for: from names where it comes from, hint says how it is asked for.
// The latest release is an older one for a moment while its files are replaced,
// and who can write a mirror could offer an old one that is signed.
func (o Request) Forward(version, from, hint string) error {
	if o.Back || o.Installed == "" {
		return nil
	}
	if older, _ := Older(version, o.Installed); older {
		return fault.Surroundings(fmt.Errorf("updating: %s has version %s, and %s is installed", from, version, o.Installed), hint)
	}
	return nil
}

// NamesVersion is whether a source names one version, by a tag or an archive.
func NamesVersion(source string) bool {
	m := repository.FindStringSubmatch(source)
	return m != nil && m[3] != "" || ArchiveSuffix.MatchString(source)
}

// forward is Forward for the version of an index.
func (o Request) forward(x *Index, s shelf) error {
	hint := "to go back, give --allow-downgrade"
	if repo := s.repository(); repo != "" {
		hint = "if the newer one's files are just being replaced, run it again later; to go back, name the tag: " + repo + "@TAG"
	}
	return o.Forward(x.Version, s.name(), hint)
}

// Holds compares what an archive says it is with what the index says of it.
func (f *Archive) Holds(name, version, target string) error {
	if f.index == nil || f.index.Name == name && f.index.Version == version && f.target == target {
		return nil
	}
	return fault.Failed(fmt.Errorf("checking %s: it is %s %s for %s, and %s says %s %s for %s", f.Name, name, version, target, IndexName, f.index.Name, f.index.Version, f.target),
		"the index doesn't describe its archives: ask who made it")
}

// Unordered is a warning where it isn't known which version is the newer one.
func Unordered(version, installed string) []string {
	if _, known := Older(version, installed); known {
		return nil
	}
	return []string{fmt.Sprintf("whether %s is newer than %s isn't known: PEP 440 has no order for them", version, installed)}
}

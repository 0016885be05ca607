package buildout

import (
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// useless tells of what needn't be unpacked of an archive that is reused:
//
//   - bytecode, a quarter of the files of a Zope. Packing makes it anew from
//     the sources. That of the tools is wanted, since the build runs them;
//   - eggs of another version than the one that is pinned now.
//
// It decides nothing but what is worth the time: an egg that is missed is
// built, and one that is unpacked in vain isn't taken.
func useless(files []archive.Entry, pins map[string]string) func(archive.Entry) bool {
	have := map[string]bool{}
	for _, e := range files {
		have[e.Path] = true
	}
	judged := map[string]judgement{}
	return func(e archive.Entry) bool {
		egg := eggIn(e.Path)
		j, ok := judged[egg]
		if !ok {
			j = judge(egg, pins)
			judged[egg] = j
		}
		if j != undecided {
			return j == whollyUseless
		}
		if e.Type == archive.TypeDir {
			return path.Base(e.Path) == "__pycache__"
		}
		return (strings.HasSuffix(e.Path, ".pyc") || strings.HasSuffix(e.Path, ".pyo")) && have[e.Path[:len(e.Path)-1]]
	}
}

// eggIn is the file name, without .egg, of the egg that is at a path or above
// it; "" where there is none.
func eggIn(name string) string {
	for part := range strings.SplitSeq(name, "/") {
		if egg, ok := strings.CutSuffix(part, ".egg"); ok {
			return egg
		}
	}
	return ""
}

// judgement is what is known of all files of an egg.
type judgement int

const (
	undecided judgement = iota
	whollyUseful
	whollyUseless
)

func judge(egg string, pins map[string]string) judgement {
	project, version := eggFile(egg)
	if pin, ok := pins[pydist.PlainName(project)]; ok && release(version) != release(pin) {
		return whollyUseless
	}
	if isTool(project) {
		return whollyUseful
	}
	return undecided
}

// literalPins are the exact pins of the configuration, by plain name, as far as
// they can be read without zc.buildout. Two spellings of a name that disagree pin nothing.
func (b *builder) literalPins() map[string]string {
	file := filepath.Join(b.s.root, b.o.Config)
	pins, disagree := map[string]string{}, map[string]bool{}
	for name, spec := range literalOptions(file, literalSection(file)) {
		if m := exactVersion.FindStringSubmatch(spec); m != nil {
			name = pydist.PlainName(name)
			disagree[name] = disagree[name] || pins[name] != "" && pins[name] != m[1]
			pins[name] = m[1]
		}
	}
	maps.DeleteFunc(pins, func(name, _ string) bool { return disagree[name] })
	return pins
}

// literalSection is the name of the section that has the pins.
func literalSection(file string) string {
	if name := literalOptions(file, "buildout")["versions"]; name != "" {
		return name
	}
	return "versions"
}

var releaseSegment = regexp.MustCompile(`^[0-9]+(?:\.[0-9]+)*`)

// release is what PEP 440 calls the release segment, without zeros at its end
// and in front of its numbers. Two versions that differ in it are not equal;
// two that agree in it may be.
func release(version string) string {
	numbers := strings.Split(releaseSegment.FindString(version), ".")
	for i, n := range numbers {
		numbers[i] = strings.TrimLeft(n, "0")
	}
	for len(numbers) > 0 && numbers[len(numbers)-1] == "" {
		numbers = numbers[:len(numbers)-1]
	}
	return strings.Join(numbers, ".")
}

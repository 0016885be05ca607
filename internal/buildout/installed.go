package buildout

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/partfiles"
)

// Installed is what .installed.cfg says of a part. The part "buildout" stands
// for the tree itself.
type Installed struct {
	Part      string
	Recipe    string
	Paths     []string // __buildout_installed__
	Signature []string // __buildout_signature__: an egg's directory, or NAME-MD5
	Options   map[string]string
}

// readInstalled reads .installed.cfg; a missing one gives nothing. Sections
// that stand there again (zc.buildout appends) override, option by option.
func readInstalled(path string) (parts []Installed, buildout map[string]string, err error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	sections := partfiles.ParseInstalled(string(data))
	for _, name := range strings.Fields(sections["buildout"]["parts"]) {
		o := sections[name]
		if o == nil {
			continue
		}
		parts = append(parts, Installed{Part: name, Recipe: o["recipe"], Paths: pathLines(o["__buildout_installed__"]),
			Signature: strings.Fields(o["__buildout_signature__"]), Options: o})
	}
	return parts, sections["buildout"], nil
}

func pathLines(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// settled is a .installed.cfg in the one order that its last run gives it,
// each section once. zc.buildout appends, and writes all anew only when a part
// asks for it, so its text tells of the runs before, which a build that reuses
// an archive hasn't had.
func settled(text string) string {
	blocks := sectionLines(text)
	return withParts(lastOptions(blocks["buildout"]), blocks, strings.Fields(partfiles.ParseInstalled(text)["buildout"]["parts"]))
}

// withParts is a .installed.cfg of these options of buildout and these parts.
func withParts(options []string, blocks map[string][]string, parts []string) string {
	out := []string{"[buildout]\n" + strings.Join(options, "")}
	for _, part := range parts {
		if lines, known := blocks[part]; known {
			out = append(out, "["+part+"]\n"+strings.Join(lines, ""))
		}
	}
	return strings.Join(out, "\n")
}

// sectionLines are the lines of each section as they stand, less blank ones.
func sectionLines(text string) map[string][]string {
	blocks, name := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		if line[0] == '[' && strings.Contains(line, "]") {
			name = line[1:strings.IndexByte(line, ']')]
		} else if name != "" && strings.TrimSpace(line) != "" {
			blocks[name] = append(blocks[name], strings.TrimRight(line, "\r\n")+"\n")
		}
	}
	return blocks
}

// lastOptions are the options of a section with the lines that continue them,
// by name, each as it stands last. zc.buildout before 6 lists develop-eggs in the
// order in which the file system does.
func lastOptions(lines []string) []string {
	last := map[string]string{}
	name := ""
	for _, line := range lines {
		if line[0] != ' ' && line[0] != '\t' {
			key, _, _ := strings.Cut(line, "=")
			name = strings.TrimSpace(key)
			last[name] = ""
		}
		last[name] += line
	}
	if paths := pathLines(strings.TrimPrefix(last[developEggs], developEggs+" =")); len(paths) > 1 {
		slices.Sort(paths)
		last[developEggs] = developEggs + " = " + strings.Join(paths, "\n\t") + "\n"
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(last)) {
		out = append(out, last[name])
	}
	return out
}

// developEggs is the option of .installed.cfg that lists what lies in develop-eggs.
const developEggs = "installed_develop_eggs"

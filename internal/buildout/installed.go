package buildout

import (
	"errors"
	"io/fs"
	"os"
	"strings"
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
	sections := parseInstalled(string(data))
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

// parseInstalled reads what zc.buildout writes: "key = value", continued by
// lines that start with white space, which stands as %(__buildout_space_n__)s
// and the like where it counts.
func parseInstalled(text string) map[string]map[string]string {
	sections := map[string]map[string]string{}
	var in map[string]string
	key := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.TrimSpace(line) == "":
		case line[0] == '[' && strings.Contains(line, "]"):
			name := line[1:strings.IndexByte(line, ']')]
			if in = sections[name]; in == nil {
				in = map[string]string{}
				sections[name] = in
			}
			key = ""
		case in == nil:
		case line[0] == ' ' || line[0] == '\t':
			if key != "" {
				in[key] += "\n" + strings.TrimSpace(line)
			}
		default:
			k, v, ok := strings.Cut(line, "=")
			if !ok {
				continue
			}
			key = strings.TrimSpace(k)
			in[key] = strings.TrimSpace(v)
		}
	}
	return sections
}

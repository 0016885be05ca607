package partfiles

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Part is a part of a buildout that was installed.
type Part struct {
	Name  string
	Paths []string // __buildout_installed__: below the root, relative, with slashes
}

// Parts are those of one tree, and its develop packages' files.
type Parts struct {
	List    []Part
	Develop []string // installed_develop_eggs, relative
}

// Left is what the parts of a tree left, and whose it is.
type Left struct {
	Files Files
	Parts Parts
}

// ReadLeft is Read and ReadParts of one tree.
func ReadLeft(root string, dirs []string, earlier Files) (Left, error) {
	files, err := Read(root, dirs, earlier)
	if err != nil {
		return Left{}, err
	}
	parts, err := ReadParts(root)
	return Left{files, parts}, err
}

// ReadParts reads the .installed.cfg of a tree; without one there are no parts.
func ReadParts(root string) (Parts, error) {
	data, err := os.ReadFile(filepath.Join(root, ".installed.cfg"))
	if errors.Is(err, fs.ErrNotExist) {
		return Parts{}, nil
	}
	if err != nil {
		return Parts{}, err
	}
	sections := ParseInstalled(string(data))
	p := Parts{Develop: relative(root, sections["buildout"]["installed_develop_eggs"])}
	for _, name := range strings.Fields(sections["buildout"]["parts"]) {
		if o := sections[name]; o != nil {
			p.List = append(p.List, Part{name, relative(root, o["__buildout_installed__"])})
		}
	}
	return p, nil
}

func relative(root, lines string) []string {
	var out []string
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(root, line)
		}
		if rel, err := filepath.Rel(root, line); err == nil && filepath.IsLocal(rel) {
			out = append(out, filepath.ToSlash(rel))
		}
	}
	return out
}

// Owners are the parts that may have made a file: the one that says so, or that
// parts/NAME is called after, else those that say of nothing that they made it.
// develop is whether it belongs to a develop package instead.
func (p Parts) Owners(path string) (parts []string, develop bool) {
	best := -1
	for _, part := range p.List {
		for _, own := range append(part.Paths, "parts/"+part.Name) {
			if len(own) > best && (path == own || strings.HasPrefix(path, own+"/")) {
				best, parts = len(own), []string{part.Name}
			}
		}
	}
	for _, own := range p.Develop {
		if len(own) > best && (path == own || strings.HasPrefix(path, own+"/")) {
			return nil, true
		}
	}
	if parts != nil {
		return parts, false
	}
	for _, part := range p.List {
		if len(part.Paths) == 0 {
			parts = append(parts, part.Name)
		}
	}
	return parts, false
}

// ParseInstalled reads a .installed.cfg as zc.buildout writes it, by section and option: "key = value", continued by
// lines that start with white space, which stands as %(__buildout_space_n__)s
// and the like where it counts.
func ParseInstalled(text string) map[string]map[string]string {
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

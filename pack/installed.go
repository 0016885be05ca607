package pack

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// installedName is where buildout keeps what it installed.
const installedName = ".installed.cfg"

// installed is what .installed.cfg says of a part: what it wrote.
type installed struct {
	part  string
	paths []string // absolute, or relative to the root
}

// parseInstalled reads the sections of .installed.cfg and their
// __buildout_installed__, a list of paths, one a line. Develop links stand in
// the section buildout.
func parseInstalled(data []byte) []installed {
	var list []installed
	in := false
	for line := range bytes.Lines(data) {
		text := strings.TrimRight(string(line), "\r\n")
		switch {
		case strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
			list = append(list, installed{part: text[1 : len(text)-1]})
			in = false
		case len(list) == 0 || text == "":
		case text[0] == ' ' || text[0] == '\t':
			if in {
				list[len(list)-1].add(text)
			}
		default:
			key, value, _ := strings.Cut(text, "=")
			key = strings.TrimSpace(key)
			in = key == "__buildout_installed__" || key == "installed_develop_eggs"
			if in {
				list[len(list)-1].add(value)
			}
		}
	}
	return list
}

func (i *installed) add(p string) {
	if p = strings.TrimSpace(p); p != "" {
		i.paths = append(i.paths, strings.ReplaceAll(p, "%%", "%"))
	}
}

// sectionAt names the section of a configuration that an offset lies in.
func sectionAt(data []byte, offset int64) string {
	name := ""
	at := int64(0)
	for line := range bytes.Lines(data) {
		if at > offset {
			break
		}
		if text := strings.TrimRight(string(line), "\r\n"); strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
			name = text[1 : len(text)-1]
		}
		at += int64(len(line))
	}
	return name
}

// owners tells which part or egg wrote a file.
type owners struct {
	paths []string // sorted, relative
	part  map[string]string
}

func newOwners(list []installed, o Origin) owners {
	w := owners{part: map[string]string{}}
	for _, i := range list {
		for _, p := range i.paths {
			rel, ok := o.inside(p)
			if ok && rel != "" {
				w.paths = append(w.paths, rel)
				w.part[rel] = "part " + i.part
			}
		}
	}
	sort.Strings(w.paths)
	return w
}

// of names the part or egg that a path belongs to, "" if none is known.
func (w owners) of(p string) string {
	for d := p; d != ""; d = archive.Parent(d) {
		if part := w.part[d]; part != "" && part != "part buildout" {
			return part
		}
	}
	comp := strings.Split(p, "/")
	for i, c := range comp {
		switch {
		case strings.HasSuffix(c, ".egg") || strings.HasSuffix(c, ".dist-info") || strings.HasSuffix(c, ".egg-info"):
			return "egg " + c
		case c == "develop-eggs" && i+1 < len(comp):
			return "develop package " + strings.TrimSuffix(comp[i+1], ".egg-link")
		case c == "parts" && i == 0 && len(comp) > 1:
			return "part " + comp[1]
		}
	}
	return ""
}

// inside gives a path relative to the root, with slashes, if it is in the tree.
func (o Origin) inside(p string) (string, bool) {
	if !archive.IsAbs(p) {
		c := cleanRel(place.ToSlash(p))
		return c, c != ".." && !strings.HasPrefix(c, "../")
	}
	for _, root := range []string{o.Root, o.RealRoot} {
		if root != "" && place.Under(p, root) {
			rel := strings.Trim(place.ToSlash(p)[len(place.TrimSlash(root)):], "/")
			rel = cleanRel(rel)
			return rel, rel != ".." && !strings.HasPrefix(rel, "../")
		}
	}
	return "", false
}

// cleanRel cleans a relative slash path; the top is "".
func cleanRel(p string) string {
	if p = path.Clean(p); p == "." {
		return ""
	}
	return p
}

// readInstalled reads .installed.cfg, if the archive has one.
func (a *List) readInstalled() ([]installed, error) {
	i, ok := a.Find(installedName)
	if !ok {
		return nil, nil
	}
	r, err := a.Files[i].raw()
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", installedName, err)
	}
	return parseInstalled(data), nil
}

package buildout

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// DevelopFolders are the directories of the tree's develop packages, relative
// to the root: what their .egg-links name, and the project's directory above it.
func (t *Tree) DevelopFolders() []string {
	var out []string
	for _, egg := range t.Eggs {
		if !egg.Develop || filepath.IsAbs(egg.Path) {
			continue
		}
		out = append(out, filepath.ToSlash(egg.Path))
		if project := setupFolder(t.Root, filepath.Join(t.Root, egg.Path)); project != "" {
			out = append(out, t.rel(project))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// setupFolder is the directory that has the package's setup.py or
// pyproject.toml: the one that an .egg-link names, or one above it (src layout).
func setupFolder(root, path string) string {
	for dir := filepath.Clean(path); within(dir, root) && dir != root; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "setup.py")) || exists(filepath.Join(dir, "pyproject.toml")) {
			return dir
		}
	}
	return ""
}

// developFiles are the names in develop-eggs that belong to each of the
// packages that have an .egg-link there. Names say it, and what they don't say,
// the RECORD of the package's .dist-info does, since each build backend has
// names of its own. launcher.py has the same rule on the target
// (target/src/develop.py); target/cases/owners.json has the rows of both.
func developFiles(dir string, links []eggLink) (map[string][]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	owners := map[string]string{}
	var infos []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".egg") {
			continue
		}
		if name := developOwner(e.Name(), links); name != "" {
			owners[e.Name()] = name
			if strings.HasSuffix(e.Name(), ".dist-info") {
				infos = append(infos, e.Name())
			}
		}
	}
	for _, info := range infos {
		recorded, err := recordNames(filepath.Join(dir, info, "RECORD"))
		if err != nil {
			return nil, err
		}
		for _, name := range recorded {
			owners[name] = owners[info]
		}
	}
	files := map[string][]string{}
	for _, e := range entries {
		if name := owners[e.Name()]; name != "" {
			files[name] = append(files[name], e.Name())
		}
	}
	return files, nil
}

// developOwner is the package that a file of develop-eggs was made for, by its name.
func developOwner(file string, links []eggLink) string {
	plain := func(s string) string { return strings.ReplaceAll(pydist.PlainName(s), "-", "_") }
	stem, ending := strings.TrimSuffix(file, filepath.Ext(file)), filepath.Ext(file)
	best := ""
	for _, l := range links {
		name := plain(l.name)
		mine := false
		switch ending {
		case ".egg-link":
			mine = plain(stem) == name
		case ".dist-info", ".egg-info":
			project, _, _ := strings.Cut(stem, "-")
			mine = plain(project) == name
		default:
			mine = regexp.MustCompile(`^` + regexp.QuoteMeta(name) + `_(?:[0-9]|nspkg_pth$|editable_pth$)`).
				MatchString(strings.TrimPrefix(plain(file), "_editable_"))
		}
		if mine && len(l.name) > len(best) {
			best = l.name
		}
	}
	return best
}

// recordNames are the names beside a .dist-info that its RECORD lists, which is
// in the form of Python's csv (PEP 376).
func recordNames(record string) ([]string, error) {
	f, err := os.Open(record)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := csv.NewReader(f)
	lines.FieldsPerRecord, lines.LazyQuotes = -1, true
	var names []string
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", record, err)
		}
		name, _, _ := strings.Cut(fields[0], "/")
		if name != "" && name != ".." && name != "__pycache__" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
}

// ownsAll is whether each of the last build's installed_develop_eggs belongs to
// a package. If one doesn't, none is taken over: nobody can say which one needs it.
func (l *last) ownsAll(files map[string][]string) bool {
	_, buildout, err := readInstalled(filepath.Join(l.dir, installedCfg))
	if err != nil {
		return false
	}
	owned := slices.Concat(slices.Collect(maps.Values(files))...)
	for _, path := range pathLines(buildout[developEggs]) {
		if !slices.Contains(owned, filepath.Base(path)) {
			return false
		}
	}
	return true
}

// loader matches a line of a .pth file that runs an editable install's loader.
var loader = regexp.MustCompile(`(?m)^import (_\w*editable\w*)`)

// leftOutLoaders says which develop packages lack the loader that they are
// found by: of what pip installs, zc.buildout 6 keeps setuptools' own alone.
func (t *Tree) leftOutLoaders() []string {
	dir := t.dir("develop-eggs-directory")
	found, _ := filepath.Glob(filepath.Join(globEscape(dir), "*.pth"))
	var out []string
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, m := range loader.FindAllStringSubmatch(string(data), -1) {
			if !exists(filepath.Join(dir, m[1]+".py")) && !exists(filepath.Join(dir, m[1])) {
				out = append(out, fmt.Sprintf("%s: zc.buildout doesn't install %s.py, which this develop package is found by; with scikit-build-core, set "+
					`editable.mode = "inplace" in its pyproject.toml; with meson-python, name the sources in extra-paths, or put its wheel into find-links`,
					t.rel(file), m[1]))
			}
		}
	}
	return out
}

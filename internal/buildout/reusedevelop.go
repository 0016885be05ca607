package buildout

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// reusableDevelop is a develop package whose sources are those that the last
// archive has. It isn't built again: the files that its build left are put back.
type reusableDevelop struct {
	Part     string   `json:"part"`     // the part that registers it; "" for [buildout] develop
	Files    []string `json:"files"`    // names in develop-eggs, in the archive
	Products []string `json:"products"` // paths below the package
	Compiled bool     `json:"compiled"`
	link     string   // the .egg-link's path in the stage
}

// variable matches what makes a package's build depend on more than its own
// files: version control, the environment, files above it.
var variable = regexp.MustCompile(`(?i)scm|versioneer|vcs|\bgit\b|\bpbr\b|\.\./|\.\.['"]|subprocess|environ|getenv|check_output|popen`)

// findDevelop finds the develop packages that needn't be built again.
func (l *last) findDevelop(b *builder, tree *Tree) error {
	dir := tree.dir("develop-eggs-directory")
	shelf := l.path(b, dir)
	links, err := eggLinks(shelf)
	if err != nil {
		return err
	}
	files, err := developFiles(shelf, links)
	if err != nil || !l.ownsAll(files) {
		return err
	}
	for _, link := range links {
		folder := setupFolder(b.s.root, link.path)
		if folder == "" || ofBuildout(tree, folder) || l.doubtful["egg "+pydist.PlainName(link.name)] {
			continue
		}
		d := &reusableDevelop{link: filepath.Join(dir, link.name+".egg-link")}
		if !l.sameDevelop(b, d, folder) {
			continue
		}
		d.Files = append([]string{}, files[link.name]...)
		l.develop[folder] = d
	}
	return nil
}

// sameDevelop is whether a package's sources are those of the archive, and
// what else the archive has there are products of its build alone.
func (l *last) sameDevelop(b *builder, d *reusableDevelop, folder string) bool {
	for _, name := range []string{"setup.py", "setup.cfg", "pyproject.toml"} {
		if data, err := os.ReadFile(filepath.Join(folder, name)); err == nil && variable.Match(data) {
			return false
		}
	}
	extra, same := compareSources(folder, l.path(b, folder))
	if !same {
		return false
	}
	rel, err := filepath.Rel(b.s.root, folder)
	if err != nil {
		return false
	}
	for _, name := range extra {
		switch {
		case strings.Contains("/"+name, ".egg-info/"), strings.HasPrefix(name, "build/"):
		case l.declares(filepath.ToSlash(rel), name):
			d.Compiled = true
		default:
			return false // a source that is gone, or one that the build generated
		}
	}
	d.Products = append([]string{}, extra...) // a list in JSON, where there are none too
	return true
}

// declares is whether the package's build declared the module that a file is.
func (l *last) declares(folder, name string) bool {
	stem, _, _ := strings.Cut(filepath.Base(name), ".")
	for _, d := range l.manifest.Builds {
		if d.Directory != folder {
			continue
		}
		for _, module := range d.Modules {
			if module == stem || strings.HasSuffix(module, "."+stem) {
				return true
			}
		}
	}
	return false
}

// compareSources compares the files of a directory with those of its earlier
// self: whether each is there as it is now, and what else is there, but bytecode.
func compareSources(now, was string) (extra []string, same bool) {
	listed := map[string]bool{}
	same = true
	walk := func(dir string, visit func(rel, path string, d fs.DirEntry)) {
		filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				same = false
				return nil
			}
			if d.IsDir() {
				switch d.Name() {
				case ".git", ".hg", ".svn", ".bzr", "CVS", "_darcs", "__pycache__":
					return fs.SkipDir
				}
				return nil
			}
			if rel, err := filepath.Rel(dir, path); err == nil && !strings.HasSuffix(path, ".pyc") && !strings.HasSuffix(path, ".pyo") {
				visit(filepath.ToSlash(rel), path, d)
			}
			return nil
		})
	}
	walk(now, func(rel, path string, d fs.DirEntry) {
		listed[rel] = true
		old := filepath.Join(was, filepath.FromSlash(rel))
		if d.Type()&fs.ModeSymlink != 0 {
			a, err := os.Readlink(path)
			z, err2 := os.Readlink(old)
			same = same && err == nil && err2 == nil && a == z
			return
		}
		same = same && there(old) && sameFile(path, old)
	})
	if !same {
		return nil, false
	}
	walk(was, func(rel, _ string, _ fs.DirEntry) {
		if !listed[rel] {
			extra = append(extra, rel)
		}
	})
	return extra, same
}

// developOf gives the package that an .egg-link of the stage is for.
func (l *last) developOf(link string) *reusableDevelop {
	for _, d := range l.develop {
		if d.link == link {
			return d
		}
	}
	return nil
}

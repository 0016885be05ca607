package buildout

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// What is copied from a checkout into the stage: everything, .git included
// (setuptools_scm asks it), and files that git ignores too, since a local
// secrets.cfg belongs to the buildout. Left out is what an earlier run left,
// because it holds the old path or another Python's code:
//
//   - what pack wrote into dist/ and the directory that archives are written to,
//   - var/, which is data,
//   - where buildout ran before (.installed.cfg is there): that file and the
//     directories of bin, parts, develop-eggs and eggs,
//   - virtualenvs; one at the top is made anew in the stage,
//   - build/, *.egg-info, __pycache__ and compiled extensions beside the sources.
//
// A file that git tracks is copied wherever it lies.
type copier struct {
	from, to string
	skip     map[string]LeftOutReason // by relative path, with slashes
	tracked  map[string]bool          // files of git and the directories above them
	built    bool                     // buildout ran here before
	left     []LeftOut
}

// copyTree copies the checkout o.Dir to the stage at to, and gives what it left out.
func (o Options) copyTree(ctx context.Context, to string) ([]LeftOut, error) {
	c := copier{from: o.Dir, to: to, skip: map[string]LeftOutReason{"var": LeftData, archive.Dir: LeftState}, tracked: tracked(ctx, o.Dir)}
	c.skipOwn(o)
	if exists(filepath.Join(c.from, installedCfg)) {
		c.built = true
		for _, dir := range productDirs(c.from, o.Config) {
			c.skip[dir] = LeftProduct
		}
	}
	if exists(filepath.Join(c.from, "pyvenv.cfg")) {
		for _, dir := range []string{"bin", "lib", "lib64", "include", "Scripts", "Lib", "Include", "pyvenv.cfg"} {
			c.skip[dir] = LeftVirtualenv
		}
	}
	err := filepath.WalkDir(c.from, c.visit)
	return c.left, err
}

// skipOwn leaves out what this program wrote, where it writes by default and
// where it is told to: another run's archives, which the new one would hold. A
// directory that holds nothing else is left out itself, as it wasn't there
// before the first run.
func (c *copier) skipOwn(o Options) {
	if o.Wrote == nil {
		return
	}
	for _, dir := range []string{"dist", o.Out} {
		if dir == "" {
			continue
		}
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(c.from, dir)
		}
		rel, err := filepath.Rel(c.from, dir)
		if err != nil || !filepath.IsLocal(rel) {
			continue
		}
		own := o.Wrote(dir)
		for _, name := range own {
			c.skip[path.Join(filepath.ToSlash(rel), name)] = LeftOwn
		}
		if entries, err := os.ReadDir(dir); err == nil && len(entries) == len(own) && rel != "." {
			c.skip[filepath.ToSlash(rel)] = LeftOwn
		}
	}
}

// productDirs are the directories inside the tree that buildout makes there.
func productDirs(dir, config string) []string {
	names := map[string]string{"bin-directory": "bin", "parts-directory": "parts",
		"develop-eggs-directory": "develop-eggs", "eggs-directory": "eggs"}
	for key, value := range literalOptions(filepath.Join(dir, config), "buildout") {
		if _, ok := names[key]; ok && !strings.Contains(value, "$") && !path.IsAbs(value) {
			names[key] = path.Clean(filepath.ToSlash(value))
		}
	}
	dirs := []string{".installed.cfg"}
	for _, name := range names {
		if name != "." && !strings.HasPrefix(name, "..") {
			dirs = append(dirs, name)
		}
	}
	slices.Sort(dirs)
	return dirs
}

func (c *copier) visit(p string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(c.from, p)
	if err != nil || rel == "." {
		return err
	}
	name := filepath.ToSlash(rel)
	if reason := c.leaves(name, p, d); reason != "" && !c.tracked[name] {
		if !strings.HasSuffix(name, ".pyc") && d.Name() != "__pycache__" { // nobody misses these
			c.left = append(c.left, LeftOut{name, reason})
		}
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	return c.copy(p, filepath.Join(c.to, rel), d)
}

// leaves says why an untracked name is left out; "" if it is copied.
func (c *copier) leaves(name, p string, d fs.DirEntry) LeftOutReason {
	for dir := name; dir != "."; dir = path.Dir(dir) {
		if reason := c.skip[dir]; reason != "" {
			return reason // below a skipped directory that holds tracked files
		}
	}
	base := path.Base(name)
	shown := c.built || c.tracked != nil // what is a product, git or .installed.cfg shows
	compiled := strings.HasSuffix(base, ".so") || strings.HasSuffix(base, ".pyd")
	inGit := name == ".git" || strings.HasPrefix(name, ".git/")
	switch {
	case d.IsDir() && exists(filepath.Join(p, "pyvenv.cfg")):
		return LeftVirtualenv
	case d.IsDir() && (base == "__pycache__" || base == "build" && isBuildDir(p) || shown && strings.HasSuffix(base, ".egg-info")),
		!d.IsDir() && (strings.HasSuffix(base, ".pyc") || compiled && !inGit && shown):
		return LeftCompiled
	}
	return ""
}

// isBuildDir tells setuptools' build directory from one that is just called so.
func isBuildDir(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, e := range entries {
		if n := e.Name(); n == "lib" || strings.HasPrefix(n, "lib.") || strings.HasPrefix(n, "temp.") || strings.HasPrefix(n, "bdist.") {
			return exists(filepath.Join(dir, "..", "setup.py")) || exists(filepath.Join(dir, "..", "pyproject.toml")) ||
				exists(filepath.Join(dir, "..", "setup.cfg"))
		}
	}
	return false
}

// copy copies one entry with its mode and time; build tools compare times.
func (c *copier) copy(from, to string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	switch {
	case d.IsDir():
		return os.MkdirAll(to, info.Mode().Perm()|0o700)
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(c.inside(from, target), to)
	case info.Mode().IsRegular():
		if err := scratch.Copy(from, to, os.O_TRUNC, info.Mode().Perm()|0o600); err != nil {
			return err
		}
		return os.Chtimes(to, info.ModTime(), info.ModTime())
	}
	return nil // sockets and pipes belong to processes, not to a checkout
}

// inside turns an absolute link into the checkout to one into the stage.
func (c *copier) inside(link, target string) string {
	if !filepath.IsAbs(target) || !within(filepath.Clean(target), c.from) {
		return target
	}
	rel, err := filepath.Rel(filepath.Dir(link), target)
	if err != nil {
		return target
	}
	return rel
}

// tracked gives what git tracks below dir, with all directories above, or nil
// if dir isn't a git checkout or git isn't there.
func tracked(ctx context.Context, dir string) map[string]bool {
	cmd := exec.CommandContext(ctx, "git", "-c", "safe.directory=*", "-C", dir, "ls-files", "-z")
	out, err := cmd.Output()
	if err != nil {
		return nil
	}
	names := map[string]bool{}
	for name := range strings.SplitSeq(string(out), "\x00") {
		for ; name != "" && name != "." && !names[name]; name = path.Dir(name) {
			names[name] = true
		}
	}
	return names
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

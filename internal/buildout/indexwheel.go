package buildout

import (
	"archive/zip"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// indexTimeout bounds what is spent on asking the index for one wheel.
const indexTimeout = 2 * time.Minute

var (
	dataDir       = regexp.MustCompile(`^[^/]*\.data/(?:plat|pure)lib/`)
	compiledFile  = regexp.MustCompile(`\.(?:so|pyd)$`)
	bundledLibDir = regexp.MustCompile(`\.libs/|\.data/`)
)

// IndexWheel gives the compiled files of the wheel that the build's index has
// of a project's version for the tree's interpreter, relative to site-packages.
// It gives none if there is no such wheel, or if the index can't be asked:
// what an index says is one witness more, and no condition of a build.
func (t *Tree) IndexWheel(ctx context.Context, project, version string) []string {
	ctx, cancel := context.WithTimeout(ctx, indexTimeout)
	defer cancel()
	b, err := t.builder()
	if err != nil {
		return nil
	}
	b.env = environ.Set(b.env, "HOME="+environ.Get(t.options.environ(), "HOME"), "PIP_NO_BINARY", "PIP_ONLY_BINARY") // an index may want .netrc
	m, err := b.toolmaker(ctx)
	if err != nil {
		return nil
	}
	m.pip.Env = m.withIndex(t.config.Buildout)
	dir := filepath.Join(m.dir, "index-wheel")
	defer scratch.RemoveAll(dir)
	args := []string{"download", "-q", "--no-deps", "--only-binary=:all:", "--retries=1", "--timeout=15", "-d", dir}
	for _, link := range strings.Fields(t.config.Buildout["find-links"]) {
		args = append(args, "--find-links="+link)
	}
	if m.pip.Call(ctx, m.dir, append(args, project+"=="+version)...) != nil {
		return nil
	}
	wheels, err := filepath.Glob(filepath.Join(globEscape(dir), "*.whl"))
	if err != nil || len(wheels) != 1 {
		return nil
	}
	return compiledIn(wheels[0])
}

// compiledIn lists the compiled files of a wheel, but for the libraries that it brings.
func compiledIn(wheel string) []string {
	f, err := os.Open(wheel)
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil
	}
	var files []string
	for _, e := range z.File {
		name := dataDir.ReplaceAllString(e.Name, "")
		if compiledFile.MatchString(name) && !bundledLibDir.MatchString(name) {
			files = append(files, name)
		}
	}
	return files
}

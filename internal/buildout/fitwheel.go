package buildout

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/pyversion"
)

// askIndexFor bounds what a build waits for pages of the index that only a
// warning needs.
const askIndexFor = time.Second

// noWheels are the versions of zc.buildout that install no wheel: setuptools
// does it for those from 2.11 on.
var noWheels = regexp.MustCompile(`^(?:1\.|2\.(?:\d|10)(?:\.|$))`)

// haveWheels says of each project whether a wheel of the version that is pinned,
// or of any if none is, fits the build's Python, by its name. An index that
// can't be asked has the wheel: what nobody knows isn't a warning.
func (b *builder) haveWheels(ctx context.Context, m toolmaker, c config, wishes []wish) []bool {
	have := make([]bool, len(wishes))
	ask := func(w wish) bool { return w.wheels && !w.custom && !noWheels.MatchString(c.Version) }
	if !slices.ContainsFunc(wishes, ask) {
		return have
	}
	ctx, cancel := context.WithTimeout(ctx, askIndexFor)
	defer cancel()
	var asking sync.WaitGroup
	files := make([][]string, len(wishes))
	var tags []string
	asking.Go(func() { tags = m.tags(ctx) })
	for i, w := range wishes {
		if ask(w) {
			asking.Go(func() { files[i] = b.offers(ctx, c, w.project) })
		}
	}
	asking.Wait()
	for i, w := range wishes {
		have[i] = ask(w) && (tags == nil || files[i] == nil || slices.ContainsFunc(files[i], func(name string) bool { return fits(name, w, tags) }))
	}
	return have
}

// tags are those of the wheels that the build's Python installs, by the pip
// that pack uses; nil if it doesn't say.
func (m toolmaker) tags(ctx context.Context) []string {
	var tags []string
	h := helper{python: m.python.Executable, flags: []string{"-sE"}, script: "tags.py", env: withPath(m.pip), dir: m.root}
	if m.pip.Wheel != "" {
		h.flags = []string{"-s"}
	}
	if h.run(ctx, &tags) != nil {
		return nil
	}
	return tags
}

// offers gives the names of a project's files in the index, in find-links and in
// the download-cache; nil if one of them can't be read.
func (b *builder) offers(ctx context.Context, c config, project string) []string {
	client, err := tools.IndexClient(b.o.environ())
	if err != nil {
		return nil
	}
	index := c.Buildout["index"]
	for _, other := range []string{environ.Get(b.o.environ(), "PIP_INDEX_URL"), tools.DefaultIndex} {
		if index == "" {
			index = other
		}
	}
	places := append(strings.Fields(c.Buildout["find-links"]), strings.TrimSuffix(index, "/")+"/"+pydist.PlainName(project)+"/")
	if cache := c.Buildout["download-cache"]; cache != "" {
		places = append(places, filepath.Join(cache, "dist"))
	}
	names := []string{}
	for _, place := range places {
		found, err := b.filesAt(ctx, client, place)
		if err != nil {
			return nil
		}
		names = append(names, found...)
	}
	return names
}

// filesAt gives the names of the files of a page of links, or of a directory.
func (b *builder) filesAt(ctx context.Context, client *http.Client, place string) ([]string, error) {
	u, err := url.Parse(place)
	if err != nil {
		return nil, err
	}
	var names []string
	if u.Scheme != "http" && u.Scheme != "https" {
		dir := strings.TrimPrefix(place, "file://")
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(b.s.root, dir)
		}
		entries, _ := os.ReadDir(dir) // one that isn't there has nothing
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names, nil
	}
	data, kind, err := tools.Get(ctx, client, u, tools.MaxPage)
	if err != nil {
		return nil, err
	}
	files, err := tools.ReadIndex(data, kind)
	for _, f := range files {
		names = append(names, f.Filename)
	}
	return names, err
}

// fits reports whether a file is a wheel of what is wished that has one of the tags.
func fits(file string, w wish, tags []string) bool {
	stem, ok := strings.CutSuffix(file, ".whl")
	parts := strings.Split(stem, "-")
	if !ok || len(parts) < 5 || pydist.PlainName(parts[0]) != pydist.PlainName(w.project) {
		return false
	}
	if w.version != "" && !sameRelease(parts[1], w.version) {
		return false
	}
	of := func(i int) []string { return strings.Split(parts[len(parts)-i], ".") }
	for _, python := range of(3) {
		for _, abi := range of(2) {
			for _, platform := range of(1) {
				if slices.Contains(tags, python+"-"+abi+"-"+platform) {
					return true
				}
			}
		}
	}
	return false
}

// sameRelease compares two versions; "1.0" is "1".
func sameRelease(a, b string) bool {
	x, okX := pyversion.Parse(a)
	y, okY := pyversion.Parse(b)
	if okX && okY {
		return pyversion.Compare(x, y) == 0
	}
	return strings.EqualFold(a, b)
}

package buildout

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

var hashed = regexp.MustCompile(`^(.+)-([0-9a-f]{32})$`)

// signatures finds out which directories stand behind the hashes in
// .installed.cfg. A hash that no directory of the tree has is an error: the
// target couldn't compute it again, and would rebuild the part.
func (t *Tree) signatures(ctx context.Context) error {
	wanted := map[string][]string{} // hash -> names: those of one site-packages share it
	parts := map[string]string{}
	for _, i := range t.Installed {
		for _, token := range i.Signature {
			if m := hashed.FindStringSubmatch(token); m != nil {
				parts[m[2]] = i.Part
				if !slices.Contains(wanted[m[2]], m[1]) {
					wanted[m[2]] = append(wanted[m[2]], m[1])
				}
			}
		}
	}
	t.Signatures, t.Rehashed = nil, map[string]string{}
	if len(wanted) == 0 {
		return nil
	}
	hashes, err := t.hashes(ctx, t.hashable(), slices.Collect(maps.Keys(wanted)))
	if err != nil {
		return failed("computing the signatures of develop packages", "", "%w", err)
	}
	for dir, h := range hashes {
		for _, name := range wanted[h[0]] {
			t.Signatures = append(t.Signatures, archive.Signature{Name: name, Path: t.rel(dir), Hash: h[1]})
		}
		if h[0] != h[1] {
			t.Rehashed[h[0]] = h[1]
		}
		delete(wanted, h[0])
	}
	slices.SortFunc(t.Signatures, func(a, b archive.Signature) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Name, b.Name))
	})
	for hash, names := range wanted {
		name := names[0]
		return failed("finding what "+name+" in the signature of part "+parts[hash]+" stands for",
			"put "+name+" under develop, or among the eggs", "no directory of the tree has the hash %s", hash)
	}
	return nil
}

// hashes gives what zc.buildout makes of each directory, and what it would make
// of it at the canonical stage, if a file names the stage and the hash is wanted.
func (t *Tree) hashes(ctx context.Context, dirs, wanted []string) (map[string][2]string, error) {
	canonical := t.Canonical
	if len(canonical) != len(t.Root) || canonical == t.Root {
		canonical = ""
	}
	python, flags := t.Interpreter.Executable, []string{"-sSE", "-B"}
	if t.Launch.Virtualenv != "" {
		python, flags = venvPython(t.Root, t.options.OS), []string{"-sE", "-B"}
	}
	hashes := map[string][2]string{}
	h := helper{python: python, flags: flags, script: "signature.py", dir: t.Root, env: t.options.environ(),
		input: map[string]any{"path": t.launchPaths(), "dirs": dirs, "wanted": wanted, "root": t.Root, "canonical": canonical}}
	return hashes, h.run(ctx, &hashes)
}

// hashable are the directories that zc.buildout may hash: develop packages,
// what setuptools brings inside itself, a virtualenv's site-packages.
func (t *Tree) hashable() []string {
	dirs := []string{}
	add := func(dir string) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	links, _ := eggLinks(t.dir("develop-eggs-directory"))
	for _, l := range links {
		add(l.path)
	}
	vendored, _ := filepath.Glob(filepath.Join(globEscape(t.dir("eggs-directory")), "*.egg", "setuptools", "_vendor"))
	for _, dir := range append(vendored, siteDirs(t.Root)...) {
		add(dir)
	}
	if d := t.dir("develop-eggs-directory"); d != "" {
		add(d)
	}
	return dirs
}

func (t *Tree) launchPaths() []string {
	paths := []string{}
	for _, p := range t.Launch.Path {
		paths = append(paths, filepath.Join(t.Root, filepath.FromSlash(p)))
	}
	return paths
}

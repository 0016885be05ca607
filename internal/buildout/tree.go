package buildout

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// finish makes the tree's eggs readable offline, and reads what lies there.
func (t *Tree) finish(ctx context.Context, m toolmaker) error {
	if err := t.addEggInfo(ctx, m); err != nil {
		return err
	}
	t.secrets = t.gatherSecrets()
	if err := t.stripLogins(); err != nil {
		return err
	}
	if err := t.read(ctx); err != nil {
		return err
	}
	t.Warnings = append(t.Warnings, applicationPasswords(t.config, t.Eggs)...)
	t.Warnings = append(t.Warnings, t.leftOutLoaders()...)
	return nil
}

// read fills in what can be read from the tree.
func (t *Tree) read(ctx context.Context) error {
	installed, _, err := readInstalled(t.installedCfg())
	if err != nil {
		return surroundings("reading .installed.cfg", "", err)
	}
	t.Installed, t.Parts = installed, nil
	for _, i := range installed {
		t.Parts = append(t.Parts, archive.Part{Name: i.Part, Recipe: i.Recipe})
	}
	if t.Eggs, err = t.eggs(); err != nil {
		return surroundings("reading the eggs", "", err)
	}
	if t.Scripts, err = t.scripts(); err != nil {
		return surroundings("reading the scripts", "", err)
	}
	t.Checkouts = checkouts(ctx, t.Root, t.dir("eggs-directory"), t.dir("parts-directory"))
	return nil
}

// dir gives a directory of [buildout], or "".
func (t *Tree) dir(key string) string {
	value := t.config.Buildout[key]
	if value == "" {
		return ""
	}
	if !filepath.IsAbs(value) {
		value = filepath.Join(t.Root, value)
	}
	return filepath.Clean(value)
}

func (t *Tree) installedCfg() string { return filepath.Join(t.Root, installedCfg) }

// rel is path relative to the root, with slashes; a path outside stays.
func (t *Tree) rel(path string) string {
	if rel, err := filepath.Rel(t.Root, path); err == nil && within(path, t.Root) {
		return filepath.ToSlash(rel)
	}
	return path
}

// eggs lists the distributions: eggs in the eggs directory and in
// develop-eggs, and what egg-links there point to.
func (t *Tree) eggs() ([]Egg, error) {
	var eggs []Egg
	for _, path := range eggDirs(t.dir("eggs-directory")) {
		eggs = append(eggs, t.egg(path, false))
	}
	develop := t.dir("develop-eggs-directory")
	for _, path := range eggDirs(develop) {
		eggs = append(eggs, t.egg(path, false))
	}
	links, err := eggLinks(develop)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		eggs = append(eggs, Egg{Name: l.name, Version: developVersion(develop, l), Path: t.rel(l.path), Develop: true})
	}
	slices.SortFunc(eggs, func(a, b Egg) int { return strings.Compare(a.Path+" "+a.Name, b.Path+" "+b.Name) })
	return eggs, nil
}

// eggDirs gives the *.egg in dir, sorted.
func eggDirs(dir string) []string {
	if dir == "" {
		return nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".egg") {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	return out
}

// eggFile is what an egg's file name says: NAME-VERSION-pyX.Y.egg.
func eggFile(name string) (project, version string) {
	project, rest, _ := strings.Cut(strings.TrimSuffix(name, ".egg"), "-")
	version, _, _ = strings.Cut(rest, "-")
	return project, version
}

// egg reads name and version of one egg, from its metadata if it has any.
func (t *Tree) egg(path string, develop bool) Egg {
	e := Egg{Path: t.rel(path), Develop: develop}
	e.Name, e.Version = eggFile(filepath.Base(path))
	for _, pattern := range []string{"EGG-INFO/PKG-INFO", "*.dist-info/METADATA"} {
		found, _ := filepath.Glob(filepath.Join(globEscape(path), filepath.FromSlash(pattern)))
		if len(found) > 0 {
			if name, version := nameVersion(found[0]); name != "" {
				e.Name, e.Version = name, version
			}
			return e
		}
	}
	return e
}

var globEscape = strings.NewReplacer("[", `\[`, "*", `\*`, "?", `\?`).Replace

// nameVersion reads the two fields of PKG-INFO or METADATA.
func nameVersion(file string) (name, version string) {
	data, err := os.ReadFile(file)
	if err != nil {
		return "", ""
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if v, ok := strings.CutPrefix(line, "Name: "); ok {
			name = v
		}
		if v, ok := strings.CutPrefix(line, "Version: "); ok {
			version = v
		}
	}
	return name, version
}

type eggLink struct{ name, path string }

// eggLinks reads NAME.egg-link files: the first line is the directory.
func eggLinks(dir string) ([]eggLink, error) {
	found, err := filepath.Glob(filepath.Join(globEscape(dir), "*.egg-link"))
	if dir == "" || err != nil {
		return nil, err
	}
	var links []eggLink
	for _, file := range found {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		path, _, _ := strings.Cut(string(data), "\n")
		links = append(links, eggLink{strings.TrimSuffix(filepath.Base(file), ".egg-link"), strings.TrimSpace(path)})
	}
	return links, nil
}

// developVersion finds the version of a develop package: its egg-info lies
// beside its sources, or since zc.buildout 5 a dist-info in develop-eggs.
func developVersion(develop string, l eggLink) string {
	plain := strings.NewReplacer("-", "_", ".", "_")
	for _, pattern := range []string{filepath.Join(globEscape(l.path), "*.egg-info", "PKG-INFO"),
		filepath.Join(globEscape(develop), "*.dist-info", "METADATA")} {
		found, _ := filepath.Glob(pattern)
		for _, file := range found {
			if name, version := nameVersion(file); plain.Replace(name) == plain.Replace(l.name) {
				return version
			}
		}
	}
	return ""
}

// scripts lists the files of the bin directory.
func (t *Tree) scripts() ([]string, error) {
	dir := t.dir("bin-directory")
	if dir == "" || !exists(dir) {
		return nil, nil
	}
	entries, err := os.ReadDir(dir)
	var out []string
	for _, e := range entries {
		if !e.IsDir() {
			out = append(out, t.rel(filepath.Join(dir, e.Name())))
		}
	}
	return out, err
}

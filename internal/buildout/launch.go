package buildout

import (
	"cmp"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// directories of [buildout] that have to lie in the tree, and where they are
// put if the configuration has them elsewhere.
var directories = []struct{ key, name string }{
	{"bin-directory", "bin"},
	{"parts-directory", "parts"},
	{"develop-eggs-directory", "develop-eggs"},
	{"eggs-directory", "eggs"},
	{"download-cache", "downloads"},
}

// deadIndex is where zc.buildout 1.x looks: without TLS nothing answers there.
var deadIndex = regexp.MustCompile(`^http://pypi\.python\.org/`)

const installedCfg = ".installed.cfg"

// overrides are the assignments that bring into the tree what the
// configuration keeps outside, and what default.cfg adds to it.
func overrides(root string, c config) []string {
	var out []string
	moved := map[string]bool{}
	for _, d := range directories {
		value := c.Buildout[d.key]
		if value != "" && filepath.IsAbs(value) && !within(filepath.Clean(value), root) {
			out = append(out, "buildout:"+d.key+"=${buildout:directory}/"+d.name)
			moved["buildout:"+d.key] = true
		}
	}
	// What bin/buildout keeps, and the archive is made of, has one name.
	if value := c.Buildout["installed"]; value != "" && value != installedCfg && value != filepath.Join(root, installedCfg) {
		out = append(out, "buildout:installed="+installedCfg)
	}
	if c.Remote {
		out = append(out, "buildout:extends-cache="+extendsCache(root, c))
	}
	moved["buildout:extends-cache"] = true
	if deadIndex.MatchString(c.Index) && c.Buildout["index"] == "" {
		out = append(out, "buildout:index=https://pypi.org/simple/")
	}
	for _, option := range c.Defaults {
		key, _, _ := strings.Cut(option, "=")
		if !moved[key] {
			out = append(out, option)
		}
	}
	return out
}

// toolPins pins the tools' eggs to what they are, where picking is forbidden and
// nobody pins them: what pack brings isn't picked. zc.buildout itself takes
// what lies in site-packages for a develop egg, which needs no pin.
func toolPins(t toolset, c config) []string {
	if c.Buildout["allow-picked-versions"] != "false" {
		return nil
	}
	pinned := map[string]bool{}
	for name := range c.Versions {
		pinned[pydist.PlainName(name)] = true
	}
	section := cmp.Or(c.Buildout["versions"], "versions")
	var pins []string
	for _, e := range t.Eggs {
		if name := pydist.PlainName(e.Name); !pinned[name] {
			if e.Name == "zc.buildout" {
				name = e.Name // as it is asked for, before names were compared by PEP 503
			}
			pins = append(pins, section+":"+name+"="+e.Version)
		}
	}
	slices.Sort(pins)
	return pins
}

// extendsCache is where remote configurations travel, relative to the root.
func extendsCache(root string, c config) string {
	if value := c.Raw["buildout"]["extends-cache"]; value != "" && !strings.Contains(value, "$") {
		if !filepath.IsAbs(value) {
			value = filepath.Join(root, value)
		}
		if rel, err := filepath.Rel(root, value); err == nil && within(value, root) && rel != "." {
			return filepath.ToSlash(rel)
		}
	}
	return "extends-cache"
}

// placeExtends copies the remote configurations that were read into the tree.
func placeExtends(root, from string, c config) error {
	if !c.Remote {
		return nil
	}
	to := filepath.Join(root, filepath.FromSlash(extendsCache(root, c)))
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if err := scratch.Copy(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), os.O_TRUNC, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// placeEggs moves the tools' eggs into the eggs directory, and gives their
// paths relative to root, zc.buildout's first.
func placeEggs(root, dir string, t toolset) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	var paths []string
	for _, egg := range t.paths() {
		to := filepath.Join(dir, filepath.Base(egg))
		if err := scratch.RemoveAll(to); err != nil {
			return nil, err
		}
		if err := os.Rename(egg, to); err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(root, to)
		if err != nil {
			return nil, err
		}
		paths = append(paths, filepath.ToSlash(rel))
	}
	return paths, nil
}

// writeLaunch writes what the launcher reads: launcher.py itself, launch.json
// and state.json.
func writeLaunch(root string, launcher []byte, launch archive.Launch, interpreter string) error {
	if err := os.MkdirAll(filepath.Join(root, archive.Dir), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(root, filepath.FromSlash(archive.LauncherName)), launcher, 0o644); err != nil {
		return err
	}
	if err := writeJSON(filepath.Join(root, filepath.FromSlash(archive.LaunchName)), launch); err != nil {
		return err
	}
	return writeJSON(filepath.Join(root, filepath.FromSlash(archive.StateName)), struct {
		archive.State
		Mode string `json:"mode"`
	}{archive.State{Format: archive.Format, Root: root, Interpreter: interpreter, Config: launch.Config, Files: map[string]string{}}, "build"})
}

func writeJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

// prepareLaunch makes zc.buildout runnable in the tree at root: eggs, launch.json,
// launcher. It gives the configuration as the build will see it.
func prepareLaunch(ctx context.Context, m toolmaker, launcher []byte) (toolset, config, archive.Launch, error) {
	launch := archive.Launch{Format: archive.Format, Config: filepath.ToSlash(m.config)}
	t, c, err := m.make(ctx)
	if err != nil {
		return t, c, launch, err
	}
	if c, launch, err = m.settleOptions(ctx, t, c, launch); err != nil {
		return t, c, launch, err
	}
	if launch.Path, err = placeEggs(m.root, c.Buildout["eggs-directory"], t); err != nil {
		return t, c, launch, surroundings("moving zc.buildout into the tree", "", err)
	}
	if err := writeLaunch(m.root, launcher, launch, m.python.Executable); err != nil {
		return t, c, launch, surroundings("writing the launcher", "", err)
	}
	return t, c, launch, nil
}

// settleOptions fills in launch.Options, and reads the configuration again
// with them.
func (m toolmaker) settleOptions(ctx context.Context, t toolset, c config, launch archive.Launch) (config, archive.Launch, error) {
	launch.Options = append(append([]string{}, overrides(m.root, c)...), toolPins(t, c)...)
	if err := placeExtends(m.root, m.cache(), c); err != nil {
		return c, launch, surroundings("keeping remote configurations", "", err)
	}
	if len(launch.Options) > 0 {
		first := c
		var err error
		m.options, m.defaults = launch.Options, ""
		if c, err = m.read(ctx, t); err != nil {
			return c, launch, err
		}
		c.Defaults, c.Remote = first.Defaults, first.Remote
	}
	return c, launch, m.placeDirectories(c)
}

// placeDirectories refuses directories of [buildout] that aren't in the tree,
// and makes what they lie in: var isn't copied, an empty directory is in no
// checkout, and zc.buildout makes one level alone.
func (m toolmaker) placeDirectories(c config) error {
	for _, name := range []string{"directory", "eggs-directory", "bin-directory", "parts-directory", "develop-eggs-directory"} {
		path := c.Buildout[name]
		if path == "" {
			continue // zc.buildout will say why
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(m.root, path)
		}
		if !within(path, m.root) {
			return failed("reading "+m.config, "an archive is one directory: leave "+name+" out, or name one inside of the buildout",
				"[buildout] %s is %s, outside of the tree", name, path)
		}
		if within(path, filepath.Join(m.root, "var")) {
			return failed("reading "+m.config, "name another directory: var holds an application's data, which doesn't travel", "[buildout] %s is %s", name, path)
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil && path != m.root {
			return surroundings("making the "+name, "", err)
		}
	}
	return nil
}

package buildout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// config is what zc.buildout makes of the configuration (py/readcfg.py).
type config struct {
	Raw      map[string]map[string]string
	Buildout map[string]string // [buildout], substituted
	Versions map[string]string // the pins
	Version  string            // of the zc.buildout that read it
	Index    string            // where that looks by default
	Files    []string
	Remote   bool     // a file came by URL
	Defaults []string // "section:key=value" that stand only because of default.cfg

	Required []string `json:"-"` // what the develop packages require, as far as it is written out

	Refused    string // what is wrong with the configuration; the rest is empty then
	OfDefaults bool   `json:"of_defaults"` // it is wrong with default.cfg alone
}

// noBuildout is readcfg.py's exit code where there is no zc.buildout.
const noBuildout = 4

// toolset are zc.buildout and what it needs, as eggs.
type toolset struct {
	Buildout string // version of zc.buildout
	Eggs     []madeEgg
	Site     []madeEgg // what the virtualenv's site-packages hold; nil without one

	Downloads []archive.Download // what Eggs were made of; nil for those of a last archive
}

type madeEgg struct{ Name, Version, Path string }

func (t toolset) all() []madeEgg { return slices.Concat(t.Eggs, t.Site) }

// paths gives the eggs' directories, zc.buildout's first: its recipes share
// the zc namespace, and the first one on sys.path has the __init__.py.
func (t toolset) paths() []string {
	eggs := slices.Clone(t.Eggs)
	slices.SortFunc(eggs, func(a, b madeEgg) int {
		if first := (b.Name == "zc.buildout"); first != (a.Name == "zc.buildout") {
			if first {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Path, b.Path)
	})
	var paths []string
	for _, e := range eggs {
		paths = append(paths, e.Path)
	}
	return paths
}

// toolmaker makes tools in a directory outside of the tree, reads the
// configuration with them, and starts again with other versions if the
// configuration asks for others than those that read it.
type toolmaker struct {
	root, config string
	options      []string // for every run of zc.buildout
	defaults     string   // default.cfg
	flag         string   // --buildout-version
	python       Interpreter
	pip          tools.Pip
	venv         string // interpreter of a virtualenv that has zc.buildout; "" for none
	dir          string // scratch
	env          []string
	last         *last              // what is reused; nil for nothing
	guessed      *asked             // what guess gives, if it was asked already
	held         []archive.Download // of an earlier build: those versions, and those digests
}

// make gives the tools and the configuration as they read it. Those of a last
// archive that turns out not to fit don't count.
func (m toolmaker) make(ctx context.Context) (toolset, config, error) {
	t, c, err := m.choose(ctx)
	if m.last == nil || m.last.fitted() == nil {
		return t, c, err
	}
	m.last = nil
	return m.choose(ctx)
}

func (m toolmaker) choose(ctx context.Context) (toolset, config, error) {
	if err := os.MkdirAll(m.cache(), 0o755); err != nil {
		return toolset{}, config{}, surroundings("reading the configuration", "", err)
	}
	asked, err := m.guess(ctx)
	if err != nil {
		return toolset{}, config{}, err
	}
	m.pip.Env = m.withIndex(literalOptions(filepath.Join(m.root, m.config), "buildout"))
	for range 3 {
		t, err := m.install(ctx, asked.pins)
		if err != nil {
			return t, config{}, err
		}
		c, err := m.read(ctx, t)
		if err != nil {
			return t, c, err
		}
		if maps.Equal(ofTools(c.Versions), ofTools(asked.versions)) {
			return t, c, nil
		}
		before := asked
		if asked, err = m.ask(ctx, c.Versions, cmp.Or(c.Buildout["versions"], before.section)); err != nil {
			return t, c, err
		}
		if constraints(asked.pins, "") == constraints(before.pins, "") {
			return t, c, nil
		}
	}
	return toolset{}, config{}, failed("choosing the version of zc.buildout",
		"name it with --buildout-version", "the configuration asks for another one each time it is read")
}

// asked is what somebody asks for of the tools.
type asked struct {
	section  string // of the configuration's pins
	versions map[string]string
	pins     []pin
}

func (m toolmaker) ask(ctx context.Context, versions map[string]string, section string) (asked, error) {
	pins, err := demands(ctx, m.pip, m.root, m.flag, versions, section)
	return asked{section, versions, pins}, err
}

// guess is what is asked for as far as that can be read before there is a
// zc.buildout.
func (m toolmaker) guess(ctx context.Context) (asked, error) {
	if m.guessed != nil {
		return *m.guessed, nil
	}
	file := filepath.Join(m.root, m.config)
	section := literalSection(file)
	return m.ask(ctx, literalOptions(file, section), section)
}

// withIndex lets pip use the configuration's own index, where the
// environment names none.
func (m toolmaker) withIndex(literal map[string]string) []string {
	env := m.pip.Env
	index := literal["index"]
	if index == "" && m.defaults != "" {
		index = literalOptions(m.defaults, "buildout")["index"]
	}
	if index == "" || strings.Contains(index, "$") || environ.Get(env, "PIP_INDEX_URL") != "" {
		return env
	}
	return environ.Set(env, "PIP_INDEX_URL="+index)
}

// install makes the eggs that pins ask for. An earlier pass's are replaced.
func (m toolmaker) install(ctx context.Context, pins []pin) (toolset, error) {
	doing := "getting zc.buildout"
	if t, ok := m.reusedTools(pins); ok {
		return t, nil
	}
	version := exactly(pins, "zc.buildout")
	var wheels []string
	for range 2 {
		if err := m.fresh("wheels", "eggs"); err != nil {
			return toolset{}, surroundings(doing, "", err)
		}
		var err error
		if wheels, err = m.download(ctx, pins, version); err != nil {
			a := explain.OfPip(err.Error())
			return toolset{}, &Error{Doing: doing, Err: err, Tip: a.Tip, Code: a.Code}
		}
		got := buildoutVersion(wheels)
		if got == version || constraints(pins, got) == constraints(pins, "") {
			break
		}
		version = got // once more, with the limits that this version has
	}
	downloads, err := toolDownloads(wheels, m.held)
	if err != nil {
		return toolset{}, err
	}
	made, err := m.unpack(ctx, wheels)
	if err != nil {
		return toolset{}, failed("making eggs of zc.buildout", "", "%w", err)
	}
	t := toolset{Eggs: made, Downloads: downloads}
	for _, e := range made {
		if e.Name == "zc.buildout" {
			t.Buildout = e.Version
		}
	}
	if t.Buildout == "" {
		return t, failed(doing, "", "pip brought none")
	}
	return t, nil
}

func (m toolmaker) fresh(names ...string) error {
	for _, name := range names {
		dir := filepath.Join(m.dir, name)
		if err := scratch.RemoveAll(dir); err != nil {
			return err
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// download lets pip resolve zc.buildout and what it needs.
func (m toolmaker) download(ctx context.Context, pins []pin, version string) ([]string, error) {
	file := filepath.Join(m.dir, "constraints.txt")
	if err := os.WriteFile(file, []byte(constraints(pins, version)+pinned(m.held)), 0o644); err != nil {
		return nil, err
	}
	dest := filepath.Join(m.dir, "wheels")
	want := "zc.buildout"
	if version != "" {
		want += "==" + version
	}
	p, err := m.pip.Working(ctx, m.python.tool(), m.dir)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(m.python.Version, "2.") {
		// The older resolver of pip 20.3, the last for Python 2.7, ends in download with
		// "AssertionError" where a constraint is of a project that isn't wanted.
		p.Env = environ.Set(p.Env, "PIP_USE_FEATURE=2020-resolver")
	}
	if err := p.Call(ctx, m.dir, "download", "-d", dest, "-c", file, want, "setuptools"); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dest)
	var files []string
	for _, e := range entries {
		files = append(files, filepath.Join(dest, e.Name()))
	}
	return files, err
}

// buildoutVersion reads zc.buildout's version from the names of wheels and sdists.
func buildoutVersion(files []string) string {
	for _, f := range files {
		name := strings.Replace(filepath.Base(f), "zc_buildout-", "zc.buildout-", 1)
		if rest, ok := strings.CutPrefix(name, "zc.buildout-"); ok {
			version, _, _ := strings.Cut(strings.TrimSuffix(rest, ".tar.gz"), "-")
			return version
		}
	}
	return ""
}

// unpack makes eggs of wheels, and then of sdists, which need setuptools.
func (m toolmaker) unpack(ctx context.Context, files []string) ([]madeEgg, error) {
	var wheels, sdists []string
	for _, f := range files {
		if strings.HasSuffix(f, ".whl") {
			wheels = append(wheels, f)
		} else {
			sdists = append(sdists, f)
		}
	}
	dest := filepath.Join(m.dir, "eggs")
	made, err := m.eggs(ctx, map[string]any{"wheels": append([]string{}, wheels...), "dest": dest})
	if err != nil {
		return nil, err
	}
	for _, sdist := range sdists {
		egg, err := m.build(ctx, sdist, toolset{Eggs: made}.paths(), dest)
		if err != nil {
			return nil, err
		}
		made = append(made, egg)
	}
	return made, nil
}

// eggs runs py/egg.py.
func (m toolmaker) eggs(ctx context.Context, job map[string]any) ([]madeEgg, error) {
	var answer struct {
		Eggs   []madeEgg
		Failed [][]string
	}
	flags := []string{"-sE"}
	if m.pip.Wheel != "" {
		flags = []string{"-s"}
	}
	h := helper{python: m.python.Executable, flags: flags, script: "egg.py", env: withPath(m.pip), dir: m.dir, input: job}
	if err := h.run(ctx, &answer); err != nil {
		return nil, err
	}
	if len(answer.Failed) > 0 {
		return answer.Eggs, fmt.Errorf("%s: %s", answer.Failed[0][0], answer.Failed[0][1])
	}
	return answer.Eggs, nil
}

// build makes an egg of an sdist, the way that setuptools of its time did.
func (m toolmaker) build(ctx context.Context, sdist string, path []string, dest string) (madeEgg, error) {
	var egg madeEgg
	h := helper{python: m.python.Executable, flags: []string{"-sS"}, script: "sdist.py", dir: m.dir,
		env:   environ.Set(m.env, "PYTHONPATH="+strings.Join(path, string(os.PathListSeparator))),
		input: map[string]any{"sdist": sdist, "dest": dest}}
	err := h.run(ctx, &egg)
	return egg, err
}

// cache is where remote configuration files lie while the configuration is read.
func (m toolmaker) cache() string { return filepath.Join(m.dir, "extends-cache") }

// read lets the zc.buildout of t read the configuration.
func (m toolmaker) read(ctx context.Context, t toolset) (config, error) {
	var c config
	python, flags := m.python.Executable, []string{"-sSE", "-B"}
	if m.venv != "" {
		python, flags = m.venv, []string{"-sE", "-B"}
	}
	h := helper{python: python, flags: flags, script: "readcfg.py", dir: m.root, env: m.env,
		input: map[string]any{"path": append([]string{}, t.paths()...), "config": filepath.Join(m.root, m.config),
			"options": append([]string{"buildout:newest=false"}, m.options...), "defaults": m.defaults, "cache": m.cache()}}
	err := h.run(ctx, &c)
	if err == nil && c.Refused == "" {
		return c, nil
	}
	e := failed("reading "+m.config, "correct the configuration; zc.buildout "+t.Buildout+" can't read it", "%w", err)
	if err != nil {
		a := explain.OfImport(t.Buildout, limitOf(t.Buildout, "setuptools"), err.Error())
		e.Tip = cmp.Or(a.Tip, e.Tip)
		return c, e
	}
	if c.OfDefaults {
		e.Doing, e.Tip = "reading "+m.config+" with --default-cfg "+m.defaults, "correct the file that --default-cfg names: without it zc.buildout "+t.Buildout+" can read "+m.config
	}
	said := secrets.Mask(c.Refused)
	e.Err = errors.New(said) // in the traceback's place
	a := explain.OfReading(said)
	e.Tip, e.Code = cmp.Or(a.Tip, e.Tip), max(a.Code, e.Code)
	return c, e
}

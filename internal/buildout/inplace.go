package buildout

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/pack"
)

// inPlace reads a tree that somebody else built, and makes it runnable by the
// launcher: no stage, no build, the eggs of zc.buildout that bin/buildout names.
func inPlace(ctx context.Context, o Options) (*Tree, error) {
	script, err := readScript(o.Dir)
	if err != nil {
		return nil, err
	}
	side := o
	side.Stage, side.Name = "", o.Name+".in-place"
	s, err := newStage(side)
	if err != nil {
		return nil, err
	}
	s.root = o.Dir
	return o.inStage(ctx, s, func() (*Tree, error) { return o.adopt(ctx, s, script) })
}

// adopt makes the tree at s.root one that the gate can look at.
func (o Options) adopt(ctx context.Context, s stage, script buildoutScript) (*Tree, error) {
	for _, dir := range []string{s.tmp, s.tools} {
		if err := scratch.RemoveAll(dir); err != nil {
			return nil, surroundings("emptying "+dir, "", err)
		}
	}
	if err := s.sides(); err != nil {
		return nil, err
	}
	b := builder{o: o, s: s, w: &watcher{start: time.Now(), report: o.Progress, out: []io.Writer{io.Discard}}, virtual: exists(filepath.Join(o.Dir, "pyvenv.cfg"))}
	command := o.Python
	if command == "" {
		command = script.python
	}
	var err error
	if b.in, err = FindPython(ctx, command, ""); err != nil {
		return nil, err
	}
	if err := b.bytecode(); err != nil {
		return nil, err
	}
	b.tools = toolchain(b.in, o.environ(), o.OS)
	b.env = buildEnv(o.environ(), s, b.in, environ.Get(o.environ(), "PATH"), o.Epoch)
	m, err := b.toolmaker(ctx)
	if err != nil {
		return nil, err
	}
	t, c, launch, err := b.existing(ctx, m, script)
	if err != nil {
		return nil, err
	}
	if err := o.wasRun(c); err != nil {
		return nil, err
	}
	tree := &Tree{Root: s.root, Interpreter: b.in, Python: b.in.Pack(), Buildout: t.Buildout, Launch: launch, TmpDir: s.tmp,
		Toolchain: b.tools, options: o, stage: s, config: c}
	tree.Interpreters = realNames(b.in.Executable, script.python)
	return tree, tree.finish(ctx, m)
}

// wasRun refuses a tree that bin/buildout wasn't run in. It leaves .installed.cfg
// behind, but for a configuration without parts and develop packages.
func (o Options) wasRun(c config) error {
	if exists(filepath.Join(o.Dir, ".installed.cfg")) || strings.TrimSpace(c.Buildout["parts"]+c.Buildout["develop"]) == "" {
		return nil
	}
	return usage("reading the built tree", "run bin/buildout first, or pack without --in-place", "%s has no .installed.cfg", o.Dir)
}

// existing is prepareLaunch for zc.buildout that is in the tree already.
func (b *builder) existing(ctx context.Context, m toolmaker, script buildoutScript) (toolset, config, archive.Launch, error) {
	if b.virtual && len(script.paths) == 0 {
		return prepareVenv(ctx, m, b.o.Launcher)
	}
	launch := archive.Launch{Format: archive.Format, Config: filepath.ToSlash(m.config)}
	if err := script.check(m.root); err != nil {
		return toolset{}, config{}, launch, err
	}
	var t toolset
	for _, path := range script.paths {
		rel, err := filepath.Rel(m.root, path)
		if err != nil {
			return t, config{}, launch, surroundings("reading bin/buildout", "", err)
		}
		launch.Path = append(launch.Path, filepath.ToSlash(rel))
		name := ""
		if strings.HasPrefix(filepath.Base(path), "zc.buildout-") || strings.HasPrefix(filepath.Base(path), "zc_buildout-") {
			name = "zc.buildout"
		}
		t.Eggs = append(t.Eggs, madeEgg{Name: name, Path: path})
	}
	if err := os.MkdirAll(m.cache(), 0o755); err != nil {
		return t, config{}, launch, surroundings("reading the configuration", "", err)
	}
	if err := m.seedExtends(); err != nil {
		return t, config{}, launch, surroundings("reading the configuration", "", err)
	}
	c, err := m.read(ctx, t)
	if err != nil {
		return t, c, launch, err
	}
	t.Buildout = c.Version
	if c, launch, err = m.settleOptions(ctx, t, c, launch); err != nil {
		return t, c, launch, err
	}
	return t, c, launch, writeLaunch(m.root, b.o.Launcher, launch, b.in.Executable)
}

// seedExtends copies the tree's own extends-cache to where the configuration
// is read, so that nothing is downloaded again.
func (m toolmaker) seedExtends() error {
	cache := literalOptions(filepath.Join(m.root, m.config), "buildout")["extends-cache"]
	if cache == "" {
		cache = "extends-cache"
	}
	if !filepath.IsAbs(cache) {
		cache = filepath.Join(m.root, cache)
	}
	entries, err := os.ReadDir(cache)
	if err != nil {
		return nil // none there
	}
	for _, e := range entries {
		if e.Type().IsRegular() {
			if err := scratch.Copy(filepath.Join(cache, e.Name()), filepath.Join(m.cache(), e.Name()), os.O_TRUNC, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// buildoutScript is what bin/buildout says: its interpreter, and what it puts
// on sys.path.
type buildoutScript struct {
	file   string
	python string
	paths  []string // absolute
}

var (
	pathBlock = regexp.MustCompile(`(?s)sys\.path\[0:0\] = \[(.*?)\n\s*\]`)
	pathEntry = regexp.MustCompile(`(join\(base, )?['"]([^'"\n]+)['"]`)
)

// readScript reads bin/buildout (on Windows bin\buildout-script.py).
func readScript(root string) (buildoutScript, error) {
	doing := "finding the zc.buildout of the tree"
	bin := literalOptions(filepath.Join(root, "buildout.cfg"), "buildout")["bin-directory"]
	if bin == "" || filepath.IsAbs(bin) || strings.Contains(bin, "$") {
		bin = "bin"
	}
	for _, name := range []string{filepath.Join(bin, "buildout"), filepath.Join("Scripts", "buildout-script.py"), filepath.Join(bin, "buildout-script.py")} {
		file := filepath.Join(root, name)
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		return parseScript(file, root, string(data)), nil
	}
	// In a virtualenv of Windows pip puts zc.buildout's starter, a program.
	file := filepath.Join(root, "Scripts", "buildout.exe")
	if exists(file) && exists(filepath.Join(root, "pyvenv.cfg")) {
		return buildoutScript{file: file, python: venvPython(root, "windows")}, nil
	}
	return buildoutScript{}, usage(doing, "pack without --in-place: the tree then gets its own zc.buildout", "%s has no bin/buildout", root)
}

func parseScript(file, root, text string) buildoutScript {
	s := buildoutScript{file: file}
	first, _, _ := strings.Cut(text, "\n")
	if head := pack.ParseShHead([]byte(text)); head != nil {
		s.python = head.Interpreter
		if head.Beside != "" {
			s.python = filepath.Join(filepath.Dir(file), head.Beside)
		}
	} else if line, ok := strings.CutPrefix(first, "#!"); ok {
		if words := strings.Fields(line); len(words) > 0 {
			s.python = strings.Trim(words[0], `"`)
		}
	}
	m := pathBlock.FindStringSubmatch(text)
	if m == nil {
		return s
	}
	for _, e := range pathEntry.FindAllStringSubmatch(m[1], -1) {
		path := e[2]
		if e[1] != "" { // relative-paths = true: base is the buildout's directory
			path = filepath.Join(root, filepath.FromSlash(path))
		}
		if path = filepath.Clean(path); !slices.Contains(s.paths, path) {
			s.paths = append(s.paths, path)
		}
	}
	return s
}

// check refuses a script whose zc.buildout lies outside of the tree: bin/buildout
// would point there on every machine, and each part's signature would hash
// the whole of that site-packages.
func (s buildoutScript) check(root string) error {
	hint := "pack without --in-place: the tree then gets its own zc.buildout"
	doing := "finding the zc.buildout of the tree"
	if len(s.paths) == 0 {
		return usage(doing, hint, "%s imports zc.buildout from its interpreter's site-packages (%s), outside of the tree", s.file, s.python)
	}
	for _, p := range s.paths {
		if !within(p, root) {
			return usage(doing, hint, "%s uses %s, outside of the tree", s.file, p)
		}
	}
	return nil
}

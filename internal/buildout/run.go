package buildout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// Run builds the checkout o.Dir in a stage, and reads what came of it. With
// o.InPlace it builds nothing, and reads what somebody else built. The tree has
// the stage to itself until it is closed.
func Run(ctx context.Context, o Options) (*Tree, error) {
	o, err := o.complete()
	if err != nil {
		return nil, err
	}
	if o.InPlace {
		return inPlace(ctx, o)
	}
	s, err := newStage(o)
	if err != nil {
		return nil, err
	}
	if within(o.Dir, s.root) || within(s.root, o.Dir) {
		return nil, usage("making the stage", "give another --stage DIR", "one of %s and the checkout %s is inside the other", s.root, o.Dir)
	}
	return o.inStage(ctx, s, func() (*Tree, error) { return o.build(ctx, s) })
}

// complete fills in defaults, and makes o.Dir real.
func (o Options) complete() (Options, error) {
	doing := "finding the buildout"
	abs, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, surroundings(doing, "", err)
	}
	if o.Dir, err = filepath.EvalSymlinks(abs); err != nil {
		return o, usage(doing, "give the directory of a buildout", "%w", err)
	}
	if o.Config == "" {
		o.Config = "buildout.cfg"
	}
	if filepath.IsAbs(o.Config) {
		rel, err := filepath.Rel(o.Dir, o.Config)
		if err != nil || !filepath.IsLocal(rel) {
			return o, usage(doing, "give a --config FILE inside of it", "%s is outside of %s", o.Config, o.Dir)
		}
		o.Config = rel
	}
	if !exists(filepath.Join(o.Dir, o.Config)) {
		return o, usage(doing, "name its configuration with --config FILE", "%s holds no %s", o.Dir, o.Config)
	}
	if o.DefaultCfg != "" {
		if o.DefaultCfg, err = filepath.Abs(o.DefaultCfg); err != nil || !exists(o.DefaultCfg) {
			return o, usage("reading --default-cfg", "name a file", "%s isn't there", o.DefaultCfg)
		}
	}
	if o.Name == "" {
		o.Name = filepath.Base(o.Dir)
	}
	return o, nil
}

// build makes the stage s and runs buildout in it.
func (o Options) build(ctx context.Context, s stage) (*Tree, error) {
	removed, err := s.clear()
	if err != nil {
		return nil, err
	}
	defer removed() // what can't be removed the next run will tell
	if err := s.sides(); err != nil {
		return nil, err
	}
	b := builder{o: o, s: s, w: &watcher{start: time.Now(), report: o.Progress}}
	b.event(StageEvent, s.root)
	if b.left, err = o.copyTree(ctx, s.root); err != nil {
		hint := ""
		if errors.Is(err, fs.ErrPermission) {
			hint = "let this user read it, or take it out of the checkout: everything in it is copied"
		}
		return nil, surroundings("copying "+o.Dir+" to the stage", hint, err)
	}
	log, err := os.OpenFile(b.log(), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|scratch.NoFollow, 0o600)
	if err != nil {
		return nil, surroundings("writing the log", "", err)
	}
	defer log.Close()
	b.hidden.Add(hostSecretsOf(o.environ()))
	for _, w := range []io.Writer{log, o.Verbose} {
		if w != nil {
			hiding := b.hidden.Writer(w)
			defer hiding.Flush()
			b.w.out = append(b.w.out, hiding)
		}
	}
	for _, l := range b.left {
		b.w.note("not copied to the stage: " + l.Path + " (" + string(l.Reason) + ")")
	}
	tree, err := b.run(ctx)
	if err != nil {
		return nil, b.concealed(b.named(err))
	}
	tree.LeftOut = b.left
	return tree, nil
}

// builder is one build.
type builder struct {
	o   Options
	s   stage
	w   *watcher
	in  Interpreter
	env []string

	tools    syspackages.Toolchain
	buildout string            // zc.buildout's version
	pins     map[string]string // of the configuration
	custom   map[string]string // customEggs of it
	develops string            // develop-eggs-directory of it
	virtual  bool              // the tree is a virtualenv
	left     []LeftOut
	hidden   secrets.Hidden
	eggs     *eggWatch // nil until buildout is run

	made   map[string]string // Tree.Made
	reused *Reused           // nil without Options.Reuse
}

func (b *builder) log() string   { return filepath.Join(b.s.logs, "build.log") }
func (b *builder) calls() string { return filepath.Join(b.s.logs, "compiler.jsonl") }

// warn tells a warning while the build goes on, and writes it to the log.
func (b *builder) warn(text string) {
	b.w.note("warning: " + text)
	b.event(WarningEvent, text)
}

func (b *builder) event(kind EventKind, name string) {
	if b.o.Progress != nil {
		b.o.Progress(Event{Kind: kind, Name: name, Elapsed: time.Since(b.w.start), Eggs: b.w.eggs, Parts: len(b.w.parts)})
	}
}

func (b *builder) run(ctx context.Context) (*Tree, error) {
	ctx, stop := context.WithCancel(ctx)
	unpacked := sync.OnceValues(func() (*last, error) { return b.unpackLast(ctx) })
	go unpacked()
	defer unpacked() // whatever happens, nobody writes into the stage after this
	defer stop()
	var err error
	if b.in, err = FindPython(ctx, b.o.Python, b.o.Dir); err != nil {
		return nil, err
	}
	if err := b.bytecode(); err != nil {
		return nil, err
	}
	if err := b.surround(ctx); err != nil {
		return nil, err
	}
	if err := b.watch(); err != nil {
		return nil, err
	}
	if err := b.watchDownloads(); err != nil {
		return nil, err
	}
	if err := b.hasten(); err != nil {
		return nil, err
	}
	if err := b.before(ctx); err != nil {
		return nil, err
	}
	b.event(ToolsEvent, "")
	if b.virtual, err = b.venv(ctx); err == nil && b.virtual {
		err = settleSite(b.s.root)
	}
	if err != nil {
		return nil, err
	}
	b.made = b.madeWith(ctx, environ.Get(b.o.environ(), "PATH"))
	m, old, err := b.begin(ctx, unpacked)
	if old != nil {
		defer old.fitted()
	}
	if err != nil {
		return nil, err
	}
	prepare := prepareLaunch
	if b.virtual {
		prepare = prepareVenv
	}
	t, c, launch, err := prepare(ctx, m, b.o.Launcher)
	if err != nil {
		return nil, err
	}
	b.hidden.Add(configSecrets(c))
	b.event(ToolsEvent, "zc.buildout "+t.Buildout)
	for _, text := range b.missing(ctx, m, c) {
		b.warn(text)
	}
	b.buildout, b.pins, b.custom, b.develops = t.Buildout, c.Versions, customEggs(c), c.Buildout["develop-eggs-directory"]
	b.made[toolsKey] = t.names()
	if old, err = b.fitting(ctx, old); err != nil {
		return nil, err
	}
	if err := b.reuse(old, t, c); err != nil {
		return nil, err
	}
	if err := b.runBuildout(ctx, c); err != nil {
		return nil, err
	}
	tree := &Tree{Root: b.s.root, Canonical: canonicalStage(b.o), Interpreter: b.in, Python: b.in.Pack(), Buildout: t.Buildout, Launch: launch, Log: b.log(),
		Compiler: b.calls(), Declared: b.declared(), TmpDir: b.s.tmp, Toolchain: b.tools,
		Made: b.made, Reused: b.reused, options: b.o, stage: b.s, config: c}
	if err := b.keptEggs(tree); err != nil {
		return nil, err
	}
	tree.Warnings = append(tree.Warnings, undeveloped(b.o.Dir, b.relative(joined(b.w.lines)))...)
	tree.Interpreters = realNames(b.in.Executable, b.pythonOf(tree))
	if err := b.finishReuse(old, tree); err != nil {
		return nil, err
	}
	if err := tree.finish(ctx, m); err != nil {
		return nil, err
	}
	tree.Downloads, err = b.downloads(tree, t.Downloads, old)
	return tree, err
}

// surround makes the environment of the build, with the compilers wrapped.
func (b *builder) surround(ctx context.Context) error {
	wrappers, err := wrapCompilers(ctx, b.s, b.in, b.o.environ(), b.o.OS)
	if err != nil {
		return surroundings("wrapping the compilers", "", err)
	}
	b.tools = toolchain(b.in, b.o.environ(), b.o.OS)
	if !b.tools.Complete() && hasSources(b.s.root) {
		b.warn(b.tools.Missing() + "; run: " + b.tools.Command)
	}
	b.env = environ.Set(buildEnv(b.o.environ(), b.s, b.in, "", b.o.Epoch), wrappers...)
	return nil
}

// runBuildout runs zc.buildout itself, and explains why it failed.
func (b *builder) runBuildout(ctx context.Context, c config) error {
	places := Tree{Root: b.s.root, config: c}
	b.eggs = watchEggs(b.s.root, places.dir("eggs-directory"), places.dir("develop-eggs-directory"))
	b.w.parted = b.eggs.look
	err := b.command(ctx, b.launcher("build", "-U", "buildout:newest=false"))
	b.eggs.look(b.w.current)
	err = errors.Join(err, b.s.writeCalls(b.calls(), b.hidden.Text))
	if err != nil {
		return b.explain(ctx, b.w.failure(), err)
	}
	b.noteUncalled()
	return nil
}

// begin looks for pip, and for the versions of the tools, while the last archive
// is unpacked.
func (b *builder) begin(ctx context.Context, unpacked func() (*last, error)) (toolmaker, *last, error) {
	var m toolmaker
	var failed error
	var pip sync.WaitGroup
	pip.Go(func() {
		if m, failed = b.toolmaker(ctx); failed != nil || b.virtual {
			return
		}
		var guessed asked
		if guessed, failed = m.guess(ctx); failed == nil {
			m.guessed = &guessed
		}
	})
	old, err := unpacked()
	pip.Wait()
	if err = errors.Join(err, failed); err == nil {
		m.last = b.fitLast(ctx, old)
	}
	return m, m.last, err
}

// pythonOf is the interpreter that runs the tree's zc.buildout.
func (b *builder) pythonOf(t *Tree) string {
	if b.virtual {
		return venvPython(t.Root, b.o.OS)
	}
	return b.in.Executable
}

// realNames gives the paths, and what they link to, each once.
func realNames(paths ...string) []string {
	var out []string
	for _, p := range paths {
		real, err := filepath.EvalSymlinks(p)
		if err != nil {
			real = p
		}
		for _, name := range []string{p, real} {
			if name != "" && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	}
	return out
}

func (b *builder) toolmaker(ctx context.Context) (toolmaker, error) {
	dir := filepath.Join(b.s.tmp, "tools")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return toolmaker{}, surroundings("making a directory for zc.buildout", "", err)
	}
	p, err := tools.Find(ctx, b.in.tool(), b.env, dir)
	m := toolmaker{root: b.s.root, config: b.o.Config, defaults: b.o.DefaultCfg, flag: b.o.BuildoutVersion,
		python: b.in, pip: p, dir: dir, env: b.env, held: b.o.Held}
	if b.virtual {
		m.venv = venvPython(b.s.root, b.o.OS)
	}
	return m, err
}

// launcher is the command that runs the tree's zc.buildout. The environment
// was cleaned of PYTHON* but for the hash seed, which -E would ignore.
func (b *builder) launcher(mode string, args ...string) []string {
	python := []string{b.in.Executable, "-sS"}
	if b.virtual {
		python = []string{venvPython(b.s.root, b.o.OS), "-s"}
	}
	return append(append(python, filepath.Join(b.s.root, filepath.FromSlash(archive.LauncherName)), "--mode="+mode), args...)
}

// command runs argv in the stage; its output goes to the log.
func (b *builder) command(ctx context.Context, argv []string) error {
	argv = withUmask(argv)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	inGroup(cmd)
	cmd.Dir, cmd.Env, cmd.WaitDelay = b.s.root, b.env, 10*time.Second
	cmd.Stdout, cmd.Stderr = b.w, b.w
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return err
	}
	return nil
}

// concealed takes the build's credentials out of what an error says.
func (b *builder) concealed(err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return b.hidden.Err(err)
	}
	e.Doing, e.Err, e.Tip = b.hidden.Text(e.Doing), b.hidden.Err(e.Err), b.hidden.Text(e.Tip)
	return err
}

// blame makes the error of a command that failed.
func (b *builder) blame(doing string, err error) error {
	said := secrets.LastLines(joined(b.w.lines), 6)
	e := &Error{Doing: doing, Err: fmt.Errorf("%w: %s", err, said), Code: 1, Log: b.log(), Tip: "run it in the checkout to see why"}
	if wantsRoot.MatchString(said) {
		e.Tip = "it has to run as root: put sudo before it, or run it yourself before the build"
	}
	return e
}

// wantsRoot is how apt, dnf, apk and others refuse a user.
var wantsRoot = regexp.MustCompile(`(?i)are you root|need to be root|run with superuser|must be root|as root|unable to lock database: permission denied`)

func joined(lines []string) string {
	var b []byte
	for _, l := range lines {
		b = append(append(b, l...), '\n')
	}
	return string(b)
}

package buildout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/buildout/explain"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/machinecode"
	"github.com/binary-buildout/binary-buildout/internal/partfiles"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// Isolated runs a command without network and compiler, as internal/isolate does.
type Isolated func(ctx context.Context, c IsolatedCommand) error

// IsolatedCommand is what Gate asks an Isolated to run.
type IsolatedCommand struct {
	Argv   []string // with the absolute path of the program
	Env    []string
	Dir    string
	Output io.Writer
}

// Gate proves that buildout finds nothing to do in the tree t: a run without
// network and compiler, as on the target, says "Updating" for each part and
// leaves every compiled file, and what lies in bin, parts and develop-eggs, as
// it is. If the first one doesn't, a run with both may still settle things (eggs
// got an EGG-INFO since the build, so they may be resolved another way), and the
// one after it counts. volatile names the parts that may install again, or
// change what they made.
func Gate(ctx context.Context, t *Tree, volatile []string, isolated Isolated) error {
	b, err := t.builder()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(t.stage.logs, "gate.log"), os.O_CREATE|os.O_WRONLY|os.O_TRUNC|scratch.NoFollow, 0o600)
	if err != nil {
		return surroundings("writing the gate's log", "", err)
	}
	defer log.Close()
	g := &gate{t: t, b: b, log: log, volatile: append(slices.Clone(volatile), t.options.Volatile...)}
	built, err := t.leave(nil)
	if err != nil {
		return err
	}
	if err := g.run(ctx, isolated, built); err != nil {
		return err
	}
	if err := t.read(ctx); err != nil {
		return err
	}
	if err := t.signatures(ctx); err != nil {
		return err
	}
	return t.settleInstalled()
}

// run runs buildout until a run without network and compiler counts. If the first
// one changes files, though it only updates, it settled them. If it fails in
// another way, a run with network and compiler settles what it can.
func (g *gate) run(ctx context.Context, isolated Isolated, built partfiles.Left) error {
	err := g.strict(ctx, isolated)
	if cerr := ctx.Err(); cerr != nil {
		return cmp.Or(err, cerr)
	}
	if err != nil {
		g.settling = g.again()
		g.b.event(GateEvent, "settle")
		if err := g.settle(ctx); err != nil {
			return err
		}
		g.settling = append(g.settling, g.again()...)
	}
	settled, lerr := g.t.leave(built.Files)
	if lerr != nil || err == nil && g.unchanged(built, built, settled) == nil {
		return lerr
	}
	if err := g.strict(ctx, isolated); err != nil {
		return err
	}
	after, err := g.t.leave(settled.Files)
	if err != nil {
		return err
	}
	return g.unchanged(built, settled, after)
}

// settleInstalled brings .installed.cfg into its settled form.
func (t *Tree) settleInstalled() error {
	path := t.installedCfg()
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a buildout without parts
	}
	if err == nil {
		err = os.WriteFile(path, []byte(settled(string(data))), 0o644)
	}
	if err != nil {
		return surroundings("settling .installed.cfg", "", err)
	}
	return nil
}

type gate struct {
	t        *Tree
	b        *builder
	log      *os.File
	volatile []string
	settling []string // parts that installed again before the run that counts
}

// builder gives what runs commands in the tree, as the target would: with an
// empty HOME and no wrapped compilers.
func (t *Tree) builder() (*builder, error) {
	home := filepath.Join(t.stage.tmp, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, surroundings("making an empty home", "", err)
	}
	env := t.options.environ()
	env = buildEnv(env, t.stage, t.Interpreter, environ.Get(env, "PATH"), t.options.Epoch)
	return &builder{o: t.options, s: t.stage, in: t.Interpreter, w: &watcher{start: time.Now()},
		virtual: t.Launch.Virtualenv != "", env: environ.Set(env, "HOME="+home)}, nil
}

// settle runs buildout once as the target does, with network and compiler.
func (g *gate) settle(ctx context.Context) error {
	g.b.w = &watcher{start: time.Now(), out: []io.Writer{g.log}}
	if err := g.b.command(ctx, g.b.launcher("target")); err != nil {
		return g.bad("running buildout again in place", err)
	}
	if len(g.settling)+len(g.again()) == 0 {
		return nil
	}
	m, err := g.b.toolmaker(ctx)
	if err != nil {
		return err
	}
	return g.t.addEggInfo(ctx, m)
}

// offline is what a run without network and compiler does.
const offline = "running buildout again without network and compiler"

// strict runs buildout without network and compiler. It must only update, and
// leave what is compiled alone.
func (g *gate) strict(ctx context.Context, isolated Isolated) error {
	g.b.event(GateEvent, "no network, no compiler")
	code := machinecode.Reader{Skip: ".git"}
	before, err := code.Read(g.t.Root)
	if err != nil {
		return surroundings("reading the compiled files", "", err)
	}
	g.b.w = &watcher{start: time.Now(), out: []io.Writer{g.log}}
	err = isolated(ctx, IsolatedCommand{Argv: withUmask(g.b.launcher("target")), Env: g.b.env, Dir: g.t.Root, Output: g.b.w})
	if err != nil {
		return g.bad(offline, err)
	}
	after, err := code.Read(g.t.Root)
	if err != nil {
		return surroundings("reading the compiled files", "", err)
	}
	if changes := before.Changes(after); len(changes) > 0 {
		hint := "the part that made it compiles on every run; keep the file out of its update, or leave the part out"
		if again := g.again(); len(again) > 0 {
			hint = "it comes from " + strings.Join(again, ", ") + ", which installs again on every run"
		}
		return &Error{Doing: offline, Err: errors.New(changes[0]), Tip: hint, Code: 1, Log: g.log.Name()}
	}
	g.t.Extensions = after
	return g.verdict()
}

// verdict looks at what buildout said it did.
func (g *gate) verdict() error {
	said := map[string]string{}
	for _, line := range g.b.w.lines {
		if m := linePart.FindStringSubmatch(line); m != nil {
			said[m[2]] = m[1]
		}
		if lineGetting.MatchString(line) {
			return &Error{Doing: offline, Err: fmt.Errorf("it looks for a distribution: %s", strings.TrimSpace(line)),
				Tip: "pin the version of that distribution, and of what needs it", Code: 1, Log: g.log.Name()}
		}
	}
	for _, part := range g.t.Parts {
		switch {
		case said[part.Name] == "Updating", slices.Contains(g.volatile, part.Name):
		case said[part.Name] == "":
			return &Error{Doing: offline, Err: fmt.Errorf("part %s isn't updated", part.Name), Code: 1, Log: g.log.Name()}
		default:
			return &Error{Doing: offline, Err: fmt.Errorf("part %s (recipe %s) installs again although nothing changed", part.Name, part.Recipe),
				Tip: "if that is harmless on a server, allow it: volatile = " + part.Name, Code: 1, Log: g.log.Name()}
		}
	}
	return nil
}

// again gives the parts that the last run didn't just update.
func (g *gate) again() []string {
	var parts []string
	for _, line := range g.b.w.lines {
		if m := linePart.FindStringSubmatch(line); m != nil && m[1] != "Updating" && !slices.Contains(parts, m[2]) {
			parts = append(parts, m[2])
		}
	}
	return parts
}

func (g *gate) bad(doing string, err error) error {
	f := g.b.w.failure()
	if f.What != "" {
		doing += ", at " + f.What
	}
	hint := "the log says what was asked for; what the recipe needs on every run has to be in the tree"
	if again := g.again(); len(again) > 0 {
		hint = "parts that install again although nothing changed: " + strings.Join(again, ", ")
	}
	hint = cmp.Or(explain.Conda(f.Said), explain.OtherBuildout(g.t.Buildout, joined(g.b.w.lines)), hint)
	return &Error{Doing: doing, Err: fmt.Errorf("%w: %s", err, f.Why), Tip: hint, Code: 1, Log: g.log.Name()}
}

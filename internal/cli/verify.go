package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/verify"
	"github.com/binary-buildout/binary-buildout/pack"
	"github.com/binary-buildout/binary-buildout/target"
)

// verify lists the tree and holds what is there against what is expected.
func (p *packing) verify(ctx context.Context) error {
	list, err := pack.Scan(p.tree.Root, p.rules())
	if err != nil {
		return err
	}
	p.archive = list
	for _, w := range p.unmatched() {
		p.ui.warn(w)
		p.tree.Warnings = append(p.tree.Warnings, w)
	}
	in, err := p.verifyInput(ctx)
	if err != nil {
		return err
	}
	report, err := verify.Tree(ctx, in)
	if err != nil {
		return err
	}
	p.report = report
	if !p.ui.quiet {
		if err := report.WriteText(p.Stderr); err != nil {
			return err
		}
	}
	return report.Err()
}

func (p *packing) verifyInput(ctx context.Context) (verify.Input, error) {
	declared, compiles, err := verify.ReadLogs(p.tree.Declared, p.tree.Compiler)
	if err != nil {
		return verify.Input{}, err
	}
	p.declared = declared
	in := verify.Input{
		Source: verify.Dir(p.tree.Root), Roots: []string{p.tree.Root}, Skip: p.unverified(),
		Python: p.tree.Python, Platform: p.target.Platform,
		Witnessed: !p.flags.inPlace, Declared: declared, Compiles: compiles, Parts: verifyParts(p.tree),
		Expect: p.flags.expect, Waive: p.flags.waive, SystemLibraries: p.flags.systemLibraries, Floor: p.flags.floor,
	}
	in.IndexWheel = func(project, version string) []string { return p.tree.IndexWheel(ctx, project, version) }
	if !p.flags.noImport {
		in.Import, err = importOf(p.tree)
	}
	return in, err
}

// buildProducts is where distutils builds, below build/ of a source tree.
// Nothing imports the copies there.
var buildProducts = regexp.MustCompile(`(^|/)build/(lib|temp|bdist)[^/]*(/|$)`)

// unverified tells which files don't count: what doesn't travel, and what
// setuptools keeps in build/ for zc.buildout 1.x and 2.x.
func (p *packing) unverified() func(string) bool {
	leftOut := p.leftOut()
	return func(name string) bool { return leftOut(name) || buildProducts.MatchString(name) }
}

// leftOut tells which files of the tree don't travel.
func (p *packing) leftOut() func(string) bool {
	return func(name string) bool {
		_, ok := p.archive.Find(name)
		return !ok
	}
}

func verifyParts(t *buildout.Tree) []verify.Part {
	var parts []verify.Part
	for _, i := range t.Installed {
		parts = append(parts, verify.Part{Name: i.Part, Recipe: i.Recipe, Installed: i.Paths, Eggs: eggsOf(i)})
	}
	return parts
}

// requirement is a distribution's name at the start of a line or word.
var requirement = regexp.MustCompile(`(?m)(?:^|\s)([A-Za-z0-9][A-Za-z0-9._-]*)`)

// eggsOf are the distributions that a part asks for.
func eggsOf(i buildout.Installed) []string {
	var names []string
	for _, option := range []string{"eggs", "egg"} {
		for line := range strings.Lines(i.Options[option]) {
			if m := requirement.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			}
		}
	}
	if len(names) == 0 && strings.HasPrefix(i.Recipe, "zc.recipe.egg") {
		names = []string{i.Part} // its default
	}
	return names
}

// importOf says how the extensions of a tree are imported here.
func importOf(t *buildout.Tree) (*verify.Import, error) {
	paths, err := importPaths(t)
	if err != nil {
		return nil, err
	}
	return &verify.Import{Interpreter: t.Interpreter.Executable, Prefix: t.Interpreter.BasePrefix, Root: t.Root, Paths: paths}, nil
}

// importPaths are the groups of paths that the extensions are imported with:
// what each script puts on sys.path. What belongs to no script is imported with
// all distributions of the tree, the last group.
func importPaths(t *buildout.Tree) ([][]string, error) {
	groups, err := t.ScriptPaths()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, egg := range t.Eggs {
		all = append(all, egg.Path)
	}
	return append(groups, all), nil
}

func verifyCommand() command {
	return command{
		name: "verify", args: "DIR|ARCHIVE", summary: "the checks alone, of any platform's archive, on any platform",
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			flags := &packFlags{}
			flags.registerChecks(fs)
			return func(ctx context.Context, args []string) error {
				if len(args) != 1 {
					return usageError("verify takes one directory or archive", "binary-buildout verify dist/site-1.0-cp313-linux_x86_64.tar.gz")
				}
				return c.verifyAlone(ctx, c.abs(args[0]), flags, common)
			}
		},
	}
}

func (c *Command) verifyAlone(ctx context.Context, source string, flags *packFlags, common *common) error {
	info, err := os.Stat(source)
	if err != nil {
		return usageError("verifying: "+err.Error(), "name a directory or an archive")
	}
	in := verify.Input{
		Expect: flags.expect, Waive: flags.waive, SystemLibraries: flags.systemLibraries, Floor: flags.floor,
	}
	if info.IsDir() {
		err = c.verifyDir(ctx, source, flags, &in)
	} else {
		err = verifyArchive(ctx, source, &in)
	}
	if err != nil {
		return err
	}
	report, err := verify.Tree(ctx, in)
	if err != nil {
		return err
	}
	if common.json {
		err = c.writeJSON(report)
	} else {
		err = report.WriteText(plainWriter{c.Stdout})
	}
	if err != nil {
		return err
	}
	return report.Err()
}

func verifyArchive(ctx context.Context, source string, in *verify.Input) error {
	m, err := wholeArchive(ctx, source)
	if err != nil {
		return err
	}
	ofManifest(m, verify.Archive(source), in)
	return nil
}

// wholeArchive reads an archive to its end, and gives its manifest. What else is
// known of it is forgotten: a large one's files take memory.
func wholeArchive(ctx context.Context, source string) (*archive.Manifest, error) {
	r, err := archive.Open(source)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	// All of it against files.json first: the checks that follow read what
	// they need, by the headers, and would take an altered file for a good one.
	for {
		if _, _, err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	m := r.Manifest()
	return &m, nil
}

// ofManifest takes from a manifest what its files are for.
func ofManifest(m *archive.Manifest, source verify.Source, in *verify.Input) {
	_, in.Platform, _ = strings.Cut(m.Target, "-")
	in.Source, in.Python, in.Relocated = source, m.Python, true
}

// unpacked is the manifest of an archive that was unpacked in dir; nil if none was.
func unpacked(dir string) (*archive.Manifest, error) {
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(archive.ManifestName)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := &archive.Manifest{}
	if err == nil {
		err = json.Unmarshal(data, m)
	}
	if err == nil && m.Format > archive.Format {
		err = fmt.Errorf("its format is %d, and this program reads up to %d", m.Format, archive.Format)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", dir, err)
	}
	return m, nil
}

func (c *Command) verifyDir(ctx context.Context, source string, flags *packFlags, in *verify.Input) error {
	real, err := filepath.EvalSymlinks(source)
	if err != nil {
		return err
	}
	if m, err := unpacked(real); err != nil {
		return err
	} else if m != nil {
		ofManifest(m, verify.Dir(real), in)
		in.Roots, in.Skip = []string{real}, func(name string) bool { return strings.HasPrefix(name, archive.Dir+"/") }
		return nil
	}
	tree, err := buildout.Run(ctx, buildout.Options{Dir: real, InPlace: true, Python: flags.python, Config: flags.config, OS: c.OS, Launcher: target.Launcher()})
	if err != nil {
		return err
	}
	defer tree.Close()
	in.Source, in.Roots, in.Python, in.Parts = verify.Dir(real), []string{real}, tree.Python, verifyParts(tree)
	if !flags.noImport {
		in.Import, err = importOf(tree)
	}
	return err
}

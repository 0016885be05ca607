package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// packFlags are the settings of pack; each may stand under its flag's name in
// the section [binary-buildout] too.
type packFlags struct {
	python, config, name, version, out string
	buildoutVersion, defaultCfg        string
	before, smoke, exclude, include    []string
	since                              []string
	expect, waive, systemLibraries     []string
	floor                              string
	volatile, allowOutside             []string
	format, stage, label, reuse        string
	inPlace, requireIsolation          bool
	noImport, smallest                 bool
	bundlePython                       bundlePython
	target                             string
}

func (p *packFlags) register(fs *flag.FlagSet) {
	p.registerBuild(fs)
	p.registerArchive(fs)
	p.registerChecks(fs)
}

// registerBuild are the flags that say what is built, with what.
func (p *packFlags) registerBuild(fs *flag.FlagSet) {
	fs.StringVar(&p.buildoutVersion, "buildout-version", "", "the `VERSION` of zc.buildout (default from the pins, else the newest that fits)")
	fs.StringVar(&p.defaultCfg, "default-cfg", "", "a default.cfg `FILE` to read; the user's own is never read")
	fs.Var(lines(&p.before), "before", "a shell `CMD` that is run in the stage before the build; repeatable")
	fs.StringVar(&p.stage, "stage", "", "the `DIR` to build in (default a fixed one below /var/tmp/binary-buildout, or binary-buildout-UID)")
	fs.StringVar(&p.reuse, "reuse", "", "the `ARCHIVE` of an earlier version; build only what changed since")
	fs.BoolVar(&p.inPlace, "in-place", false, "pack DIR as it is: somebody else built it")
	fs.Var(lines(&p.volatile), "volatile", "a `PART` that may install itself again, or change what it made, on each run; repeatable")
}

// registerArchive are the flags that say what the archive is, and how it is proved.
func (p *packFlags) registerArchive(fs *flag.FlagSet) {
	fs.StringVar(&p.name, "name", "", "the application's `NAME` (default from GITHUB_REPOSITORY or the git remote)")
	fs.StringVar(&p.version, "version", "", "the application's `VERSION` (default from the git tag or commit)")
	fs.StringVar(&p.label, "label", "", "a `LABEL` in the archive's name that tells two distributions apart, such as debian12")
	fs.StringVar(&p.target, "target", "", "the planned `TARGET`, such as cp312-manylinux_2_28_x86_64 (default what the interpreter says)")
	fs.StringVar(&p.out, "out", "dist", "the `DIR` that archive, sidecar and report are written to")
	fs.StringVar(&p.format, "format", "", "the `FORMAT` of the archive: tar.gz, tar.zst or zip (default tar.gz; zip on Windows)")
	fs.BoolVar(&p.smallest, "smallest", false, "compress a tar.zst as far as the zstd program can, which takes minutes")
	fs.Var(lines(&p.since), "since", "the `ARCHIVE` of an earlier version; write a delta from it too; repeatable")
	fs.Var(&p.bundlePython, "bundle-python", "put the interpreter into the archive: the one that builds, or with `=DIR` the one in DIR, of the same version and ABI")
	fs.Var(lines(&p.exclude), "exclude", "a `GLOB` of paths to leave out; repeatable")
	fs.Var(lines(&p.include), "include", "a `GLOB` of paths to pack that are left out by default; repeatable")
	fs.Var(lines(&p.allowOutside), "allow-outside", "a `PART` that may install outside the tree; repeatable")
	fs.Var(lines(&p.smoke), "smoke", "a shell `CMD` that the proof runs in the installed tree; repeatable")
	fs.BoolVar(&p.requireIsolation, "require-isolation", false, "fail if the proof can't enforce all of: no network, no compiler, old place and interpreter hidden")
}

// registerChecks are the flags that verify has too.
func (p *packFlags) registerChecks(fs *flag.FlagSet) {
	fs.StringVar(&p.python, "python", "", "the `PATH` of the interpreter (default python3, then python, on PATH)")
	fs.StringVar(&p.config, "config", "buildout.cfg", "the configuration `FILE`")
	fs.Var(lines(&p.expect), "expect", "a `MODULE` that must be there as a compiled extension; repeatable")
	fs.Var(lines(&p.waive), "waive", "a `MODULE` that may be missing; repeatable")
	fs.Var(lines(&p.systemLibraries), "system-libraries", "a `LIBRARY` that the target brings, such as libldap-2.5.so.0; repeatable")
	fs.StringVar(&p.floor, "floor", "", "fail if the archive needs a newer system than `FLOOR`, such as 2.28 of glibc")
	fs.BoolVar(&p.noImport, "no-import", false, "don't import the extensions")
}

// floorPattern is what --floor takes: a version, perhaps with what it is a version of.
var floorPattern = regexp.MustCompile(`^([a-z]+[ =])?[0-9]+(\.[0-9]+)*$`)

// check refuses what the steps after the build would refuse, before anything is built.
func (p *packFlags) check() error {
	if p.format != "" && !slices.Contains(matrix.Formats(), p.format) {
		return usageError("pack: unknown format "+strconv.Quote(p.format), "formats: "+strings.Join(matrix.Formats(), ", "))
	}
	if err := checkSmallest("pack", p.smallest, p.format); err != nil {
		return err
	}
	if p.floor != "" && !floorPattern.MatchString(p.floor) {
		return usageError("pack: the floor "+strconv.Quote(p.floor)+" isn't a version", "give a version of glibc, musl or macOS, such as 2.28")
	}
	if p.label != "" {
		if err := matrix.CheckWord("the label", p.label); err != nil {
			return usageError(err.Error(), "")
		}
	}
	if p.target != "" {
		if _, err := matrix.ParseTarget(p.target); err != nil {
			return usageError(err.Error(), "a target is written as in cp312-manylinux_2_28_x86_64")
		}
	}
	return nil
}

// applySection sets what the section [binary-buildout] of the configuration
// says and no flag said. Values of a list of lines are added to the flags';
// a flag with words stands for itself, as `plan --pythons 3.13` does.
func applySection(fs *flag.FlagSet, path string, also ...*flag.FlagSet) error {
	known := flagNames(append(also, fs)...)
	section, err := buildout.ReadSection(path, known)
	if err != nil {
		return fmt.Errorf("reading %s: %w", filepath.Base(path), err)
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, key := range section.Keys() {
		values := section.List(key)
		f := fs.Lookup(key)
		if f == nil {
			continue // a setting of plan
		}
		l, isList := f.Value.(*list)
		if given[key] && (!isList || l.words) {
			continue
		}
		if !isList && len(values) != 1 {
			return usageError(fmt.Sprintf("reading %s: [binary-buildout] %s takes one value", filepath.Base(path), key), "")
		}
		for _, v := range values {
			if err := fs.Set(key, v); err != nil {
				return usageError(fmt.Sprintf("reading %s: [binary-buildout] %s = %s: %s", filepath.Base(path), key, strconv.Quote(v), err), "")
			}
		}
	}
	return nil
}

// flagNames are the names of all flags that may stand in the section.
func flagNames(sets ...*flag.FlagSet) []string {
	var names []string
	for _, fs := range sets {
		fs.VisitAll(func(f *flag.Flag) {
			if f.Name != "json" && f.Name != "quiet" && f.Name != "config" && !slices.Contains(names, f.Name) {
				names = append(names, f.Name)
			}
		})
	}
	slices.Sort(names)
	return names
}

// directory gives the absolute path of the one directory that args name, or
// the working directory.
func (c *Command) directory(args []string) (string, error) {
	if len(args) > 1 {
		return "", usageError("there is one directory too many: "+args[1], "a path with a space needs quotes")
	}
	dir := c.Dir
	if len(args) == 1 {
		dir = c.abs(args[0])
	}
	info, err := os.Stat(dir)
	if err != nil {
		return "", usageError("reading the buildout's directory: "+err.Error(), "give the directory that has the buildout.cfg; doctor and why take an installation's too")
	}
	if !info.IsDir() {
		return "", usageError(dir+" isn't a directory", "give the directory, and the configuration in it with --config FILE")
	}
	return dir, nil
}

func (c *Command) abs(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(c.Dir, p)
}

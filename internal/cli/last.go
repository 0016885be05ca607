package cli

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// lastAttempts is how often a request is tried: a build from nothing is the
// way out, so nobody has to wait for long.
const lastAttempts = 3

type lastFlags struct {
	config, name, version, python string
	target, label, repo, out      string
	archive                       string
	deltas                        int
	trust                         *trustFlags
}

func lastCommand() command {
	return command{
		name: "last", args: "[DIR]", group: groupRelease, summary: "download the last release's archive of a target, for pack --reuse and --since",
		examples: []string{"binary-buildout last --repo acme/site --out last"},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			f := &lastFlags{}
			fs.StringVar(&f.config, "config", "buildout.cfg", "the configuration `FILE`")
			fs.StringVar(&f.name, "name", "", "the application's `NAME` (default as pack's)")
			fs.StringVar(&f.version, "version", "", "the application's `VERSION` (default as pack's)")
			fs.StringVar(&f.python, "python", "", "the `PATH` of the interpreter that says what the target is (default python3, then python, on PATH)")
			fs.StringVar(&f.target, "target", "", "the planned `TARGET` (default what the interpreter says)")
			fs.StringVar(&f.label, "label", "", "the `LABEL` in the archive's name")
			fs.StringVar(&f.repo, "repo", "", "the repository `OWNER/REPO` (default GITHUB_REPOSITORY)")
			fs.StringVar(&f.out, "out", "last", "the `DIR` that the archive is written to")
			fs.StringVar(&f.archive, "archive", "", "an `ARCHIVE` to check against its attestation, instead of the last release's")
			fs.IntVar(&f.deltas, "deltas", 1, "the `NUMBER` of releases to download an archive of, counted back from the last one")
			f.trust = registerTrust(fs)
			return func(ctx context.Context, args []string) error { return c.last(ctx, f, common, args) }
		},
	}
}

// last fetches what the next pack can build on. That there is nothing, or that
// it can't be had, is a line and no failure.
func (c *Command) last(ctx context.Context, f *lastFlags, common *common, args []string) error {
	if f.deltas < 1 {
		return usageError(fmt.Sprintf("last --deltas=%d: at least the last release's archive is taken", f.deltas), "give a number from 1 on")
	}
	dir, err := c.directory(args)
	if err != nil {
		return err
	}
	if err := f.section(filepath.Join(dir, f.config)); err != nil {
		return err
	}
	id, err := c.identify(ctx, dir, f.name, f.version)
	if err != nil {
		return err
	}
	o := install.Options{Remote: fetch.Remote{Attempts: lastAttempts}}
	ui := c.surround(&o, common, f.out)
	if err := f.trust.settle(c, &o, ui); err != nil {
		return err
	}
	w := fetch.Wanted{Name: id.name, Version: id.version, Repo: orElse(f.repo, c.Getenv("GITHUB_REPOSITORY")), Label: f.label, Dir: o.Into, Deltas: f.deltas}
	var a *fetch.LastArchive
	if f.archive != "" {
		o.Source = c.abs(f.archive)
		a, err = fetch.Attested(ctx, o.Request(o.Into), w)
	} else if w.Target, err = f.settle(ctx, dir); err == nil {
		a, err = fetch.Last(ctx, o.Request(o.Into), w)
	} else {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && exitCode(err) == exitUsage:
		return err
	case err != nil:
		a = &fetch.LastArchive{None: err.Error()}
	}
	if a.Path == "" {
		ui.say("nothing is reused, and everything is built: %s", a.None)
		return nil
	}
	for _, w := range a.Warnings {
		ui.warn(w)
	}
	return c.showLast(a)
}

// section takes from [binary-buildout] what no flag said.
func (f *lastFlags) section(path string) error {
	p := &packFlags{}
	fs := flag.NewFlagSet("last", flag.ContinueOnError)
	p.register(fs)
	if err := applySection(fs, path, planFlagSet()); err != nil {
		return err
	}
	f.name, f.version, f.python = orElse(f.name, p.name), orElse(f.version, p.version), orElse(f.python, p.python)
	f.target, f.label = orElse(f.target, p.target), orElse(f.label, p.label)
	return nil
}

// settle gives the target that pack would build.
func (f *lastFlags) settle(ctx context.Context, dir string) (string, error) {
	if f.target != "" {
		return f.target, nil
	}
	in, err := buildout.FindPython(ctx, f.python, dir)
	if err != nil {
		return "", err
	}
	return matrix.Target{ABI: in.ABI, Platform: in.Platform}.String(), nil
}

// showLast prints the archives' paths, one a line, and gives them to a workflow's
// next step.
func (c *Command) showLast(a *fetch.LastArchive) error {
	since := strings.Join(append([]string{a.Path}, a.Earlier...), "\n")
	if c.underActions() && c.Getenv("GITHUB_OUTPUT") != "" {
		c.actions().SetOutput("reuse", a.Path)
		c.actions().SetOutput("since", since)
	}
	_, err := fmt.Fprintln(c.Stdout, since)
	return err
}

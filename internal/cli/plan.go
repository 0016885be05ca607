package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/binary-buildout/binary-buildout/matrix"
)

// planFlags declares the flags of plan; they fill what it returns.
func planFlags(fs *flag.FlagSet) (o *matrix.Options, runners *[]string) {
	o, runners = &matrix.Options{}, new([]string)
	fs.StringVar(&o.Name, "name", "", "the archives' `NAME`")
	fs.StringVar(&o.Version, "version", "", "the archives' `VERSION`")
	fs.StringVar(&o.Format, "format", "", "the archives' `FORMAT`: tar.gz, tar.zst or zip")
	fs.BoolVar(&o.Smallest, "smallest", false, "plan archives that pack --smallest makes: tar.zst, and zip on Windows")
	fs.Var(words(&o.Pythons), "pythons", "a `VERSION` of Python to build for, such as 3.12 or 3.13t; several are separated by commas")
	fs.Var(words(&o.Platforms), "platforms", "a `PLATFORM` to build for, such as linux_x86_64, macosx_arm64 or win_amd64; several are separated by commas")
	fs.Var(words(&o.Images), "images", "an `IMAGE` to build in on Linux, such as manylinux_2_28, musllinux_1_2, debian:12 or host; several are separated by commas")
	fs.Var(words(&o.Targets), "targets", "a `GLOB` of targets to build; several are separated by commas")
	fs.Var(words(&o.SkipTargets), "skip-targets", "a `GLOB` of targets to leave out; several are separated by commas")
	fs.StringVar(&o.Only, "only", "", "the one `TARGET` to build")
	fs.Var(words(runners), "runners", "a runner of your own, as `PLATFORM=RUNNER`; several are separated by commas")
	return o, runners
}

// readRunners reads PLATFORM=LABEL.
func readRunners(values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, v := range values {
		platform, label, ok := strings.Cut(v, "=")
		if !ok || label == "" {
			return nil, usageError(fmt.Sprintf("reading --runners %q: want PLATFORM=LABEL", v), "as in linux_x86_64=big-runner")
		}
		m[platform] = label
	}
	return m, nil
}

func planCommand() command {
	return command{
		name: "plan", args: "[DIR]", group: groupBuild, summary: "print the matrix, as JSON for strategy.matrix",
		examples: []string{"binary-buildout plan --pythons 3.12,3.13 --platforms linux_x86_64,macosx_arm64"},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o, runners := planFlags(fs)
			config := fs.String("config", "buildout.cfg", "the configuration `FILE`")
			return func(ctx context.Context, args []string) error {
				dir, err := c.directory(args)
				if err != nil {
					return err
				}
				if err := applySection(fs, filepath.Join(dir, *config), packFlagSet()); err != nil {
					return err
				}
				if err := checkSmallest("plan", o.Smallest, o.Format); err != nil {
					return err
				}
				if o.Runners, err = readRunners(*runners); err != nil {
					return err
				}
				return c.plan(ctx, dir, *o, common)
			}
		},
	}
}

// packFlagSet and planFlagSet are for the names of their flags alone.
func packFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("pack", flag.ContinueOnError)
	(&packFlags{}).register(fs)
	return fs
}

func planFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("plan", flag.ContinueOnError)
	planFlags(fs)
	return fs
}

// plan prints the plan: as JSON of one line, or as a table for people.
func (c *Command) plan(ctx context.Context, dir string, o matrix.Options, common *common) error {
	id, err := c.identify(ctx, dir, o.Name, o.Version)
	if err != nil {
		return err
	}
	o.Name, o.Version = id.name, id.version
	p, err := matrix.New(o)
	if err != nil {
		return err
	}
	c.summary(planMarkdown(p))
	if !common.json {
		return printPlan(c.Stdout, p)
	}
	// The JSON is the step's output, and the log is for people.
	if c.underActions() && !common.quiet {
		if err := printPlan(c.Stderr, p); err != nil {
			return err
		}
	}
	return json.NewEncoder(c.Stdout).Encode(p)
}

// planMarkdown is the matrix as a table.
func planMarkdown(p matrix.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### Plan of %s %s\n\n| archive | runner | built in | proved in | Python |\n| --- | --- | --- | --- | --- |\n", p.Name, p.Version)
	for _, t := range p.Targets {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", t.Archive, t.Runner, t.Image.Name, t.Prove.Name, t.Python.Version)
	}
	return b.String()
}

func printPlan(out io.Writer, p matrix.Plan) error {
	for _, t := range p.Targets {
		where := t.Image.Name
		if t.Image.Ref == "" {
			where = t.Runner
		}
		if _, err := fmt.Fprintf(out, "%-50s %-22s %s\n", t.Archive, where, t.Python.How); err != nil {
			return err
		}
	}
	return nil
}

// Package cli has one file a command.
package cli

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/binary-buildout/binary-buildout/matrix"
)

// words is a repeatable flag whose values are separated by commas or white space.
type words []string

func (w *words) String() string { return strings.Join(*w, " ") }

func (w *words) Set(s string) error {
	*w = append(*w, strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' || r == '\r' })...)
	return nil
}

// planFlags declares the flags of plan; they fill what it returns.
func planFlags(fs *flag.FlagSet) (o *matrix.Options, runners *words) {
	o, runners = &matrix.Options{}, &words{}
	fs.StringVar(&o.Name, "name", "", "the archives' `name`")
	fs.StringVar(&o.Version, "version", "", "the archives' `version`")
	fs.StringVar(&o.Format, "format", "", "of the archives: tar.gz, tar.zst or zip")
	fs.Var((*words)(&o.Pythons), "pythons", "`versions` of Python, as in 3.12 3.13t")
	fs.Var((*words)(&o.Platforms), "platforms", "`platforms`, as in linux_x86_64 macosx_arm64 win_amd64")
	fs.Var((*words)(&o.Images), "images", "`images` for Linux, as in manylinux_2_28 musllinux_1_2 debian:12 host")
	fs.Var((*words)(&o.Targets), "targets", "`globs` of targets to build")
	fs.Var((*words)(&o.SkipTargets), "skip-targets", "`globs` of targets to leave out")
	fs.StringVar(&o.Only, "only", "", "one `target` to build")
	fs.Var(runners, "runners", "own runners, as in linux_x86_64=`label`")
	return o, runners
}

// readRunners reads PLATFORM=LABEL.
func readRunners(values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, v := range values {
		platform, label, ok := strings.Cut(v, "=")
		if !ok || label == "" {
			return nil, usage(fmt.Sprintf("reading --runners %q: want PLATFORM=LABEL", v), "as in linux_x86_64=big-runner")
		}
		m[platform] = label
	}
	return m, nil
}

// RunPlan prints the plan: as JSON of one line, or as a table for people.
// fill gives name and version where flags don't: from the section, the
// repository and the tag.
func RunPlan(ctx context.Context, args []string, out io.Writer, fill func(dir string, o *matrix.Options) error) error {
	fs := flag.NewFlagSet("plan", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	o, runners := planFlags(fs)
	asJSON := fs.Bool("json", false, "print the plan as JSON")
	fs.String("config", "buildout.cfg", "the configuration `file`")
	if err := fs.Parse(args); err != nil {
		return usage("reading plan's flags: "+err.Error(), "binary-buildout plan --help lists them")
	}
	var err error
	if o.Runners, err = readRunners(*runners); err != nil {
		return err
	}
	if err := fill(fs.Arg(0), o); err != nil {
		return err
	}
	p, err := matrix.New(*o)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(out).Encode(p)
	}
	return printPlan(out, p)
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

// usageError is wrong usage: exit code 2.
type usageError struct{ text, hint string }

func (e *usageError) Error() string { return e.text }
func (e *usageError) Hint() string  { return e.hint }
func (e *usageError) ExitCode() int { return 2 }

func usage(text, hint string) error { return &usageError{text, hint} }

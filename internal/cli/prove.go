package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/prove"
)

func proveCommand() command {
	return command{
		name: "prove", args: "ARCHIVE", group: groupBuild, summary: "install an archive elsewhere and run it without compiler or network",
		examples: []string{"binary-buildout prove dist/site-1.0-cp313-linux_x86_64.tar.gz --smoke \"bin/instance --help\""},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o := prove.Options{}
			fs.StringVar(&o.Python, "python", "", "the `PATH` of the interpreter (default the newest that fits)")
			fs.Var(lines(&o.Smoke), "smoke", "a shell `CMD` that is run in the installed tree; repeatable")
			fs.Var(lines(&o.Volatile), "volatile", "a `PART` that may install itself again; repeatable")
			fs.Var(lines(&o.Hide), "hide", "a `DIR` to hide from the proof; repeatable")
			fs.BoolVar(&o.RequireIsolation, "require-isolation", false, "fail if the proof can't enforce all of: no network, no compiler, old place and interpreter hidden")
			return func(ctx context.Context, args []string) error {
				if len(args) != 1 {
					return usageError("prove takes one archive", "binary-buildout prove dist/site-1.0-cp313-linux_x86_64.tar.gz")
				}
				o.Archive = c.abs(args[0])
				if _, err := os.Stat(o.Archive); err != nil {
					return usageError("reading the archive: "+err.Error(), "name an archive, such as dist/site-1.0-cp313-linux_x86_64.tar.gz")
				}
				return c.proveAlone(ctx, o, common)
			}
		},
	}
}

func (c *Command) proveAlone(ctx context.Context, o prove.Options, common *common) error {
	ui := c.ui(common)
	proof, err := c.runProof(ctx, o, ui)
	if err != nil {
		return err
	}
	if common.json {
		if err := c.writeJSON(proof); err != nil {
			return err
		}
	}
	if err := proof.Err(); err != nil {
		return err
	}
	if !common.json {
		fmt.Fprintf(c.Stdout, "proved: %s\n", grades(proof))
	}
	return nil
}

// runProof fills in what is the same for every proof.
func (c *Command) runProof(ctx context.Context, o prove.Options, ui *ui) (*prove.Proof, error) {
	o.Env, o.OS, o.Arch = os.Environ(), c.OS, c.Arch
	o.Progress = func(step string) { ui.say("%s", step) }
	proof, err := prove.Run(ctx, o)
	if proof != nil && ctx.Err() == nil {
		c.showFailed(proof)
		for _, w := range proof.Warnings {
			ui.say("warning: %s", w)
		}
	}
	return proof, err
}

// showFailed shows what the steps said that a problem is about: the tree that
// they ran in is gone.
func (c *Command) showFailed(p *prove.Proof) {
	for _, s := range slices.Concat(p.Steps, p.Smoke) {
		about := func(problem prove.Problem) bool { return strings.HasPrefix(problem.Text, s.Command+": ") }
		if s.Code == 0 && !slices.ContainsFunc(p.Problems, about) {
			continue
		}
		fmt.Fprintf(c.Stderr, "  %s (exit code %d) said:\n", s.Command, s.Code)
		for line := range strings.Lines(s.Output) {
			// As of a log: "::" at the beginning would be a command to the runner.
			fmt.Fprintf(c.Stderr, "| %s\n", plain(strings.TrimRight(line, "\r\n")))
		}
	}
}

func grades(p *prove.Proof) string {
	return fmt.Sprintf("network %s, compiler %s, old place %s, interpreter %s", p.Network, p.Compiler, p.OldPlace, p.Interpreter)
}

// child is the entry of the helper process that internal/isolate starts.
func child(args []string) (handled bool, code int) {
	return isolate.Child(append([]string{"binary-buildout"}, args...))
}

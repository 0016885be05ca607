package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/plural"
	"github.com/binary-buildout/binary-buildout/internal/why"
)

func whyCommand() command {
	return command{
		name: "why", args: "PART [DIR]", group: groupLook, summary: "say why buildout would install a part again: what differs",
		examples: []string{"binary-buildout why instance", "binary-buildout why instance /srv/site"},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			config := fs.String("config", "", "the configuration `FILE` (default the one that bin/buildout reads by itself)")
			return func(ctx context.Context, args []string) error {
				if len(args) != 1 && len(args) != 2 {
					return usageError("why takes a part, and perhaps a directory", "binary-buildout why instance /srv/site")
				}
				dir, err := c.directory(args[1:])
				if err != nil {
					return err
				}
				a, err := why.Ask(ctx, why.Question{Dir: dir, Config: *config, Part: args[0], Env: os.Environ()})
				if err != nil {
					return err
				}
				if common.json {
					return c.writeJSON(a)
				}
				_, err = fmt.Fprintln(c.Stdout, plain(strings.Join(whyLines(a), "\n")))
				return err
			}
		},
	}
}

// whyLines are an answer for a person.
func whyLines(a *why.Answer) []string {
	part := fmt.Sprintf("part %s (recipe %s)", a.Part, a.Recipe)
	var out []string
	switch a.Does {
	case why.Installs:
		out = append(out, part+" is installed by the next run: .installed.cfg doesn't have it")
	case why.Removes:
		out = append(out, part+" is removed by the next run: buildout:parts doesn't name it")
	case why.Updates:
		out = append(out, part+" is only updated by the next run: its options and the eggs of its recipe are what they were")
	case why.InstallsAgain:
		out = append(out, part+" is installed again by the next run")
	}
	for _, o := range a.Options {
		out = append(out, "  option "+o.Name+":", "    was: "+valueLines(o.Old), "    is:  "+valueLines(o.New))
	}
	for _, s := range a.Signature {
		switch {
		case why.Hashed(s.Old) && why.Hashed(s.New):
			out = append(out, "  egg "+s.Name+": the files of its directory were changed")
		case s.Old == "":
			out = append(out, "  egg "+s.Name+": "+s.New+" is needed now")
		case s.New == "":
			out = append(out, "  egg "+s.Name+": "+s.Old+" is no longer needed")
		default:
			out = append(out, "  egg "+s.Name+":", "    was: "+s.Old, "    is:  "+s.New)
		}
	}
	if a.Does == why.InstallsAgain && len(a.Options)+len(a.Signature) == 0 {
		out = append(out, "  its recipe's eggs are in another order")
	}
	if n := len(a.Gone); n > 0 {
		out = append(out, fmt.Sprintf("  %s that it installed %s missing, for example %s; buildout doesn't check that", plural.Of(n, "path"), plural.Is(n), a.Gone[0]))
	}
	return out
}

// valueLines is an option's value: of several lines each under the first.
func valueLines(value string) string {
	if value == "" {
		return "(nothing)"
	}
	return strings.ReplaceAll(strings.TrimSpace(value), "\n", "\n         ")
}

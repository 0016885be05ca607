package cli

import (
	"context"
	"flag"

	"github.com/binary-buildout/binary-buildout/internal/install"
)

func rollbackCommand() command {
	return command{
		name: "rollback", args: "DIR", group: groupServer, summary: "go back to what was there before the last update",
		examples: []string{"binary-buildout rollback /srv/site --stop \"systemctl stop site\" --start \"systemctl start site\""},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o := install.UpdateOptions{}
			fs.StringVar(&o.Python, "python", "", "the `PATH` of the interpreter (default the one that it has)")
			registerRestart(fs, &o)
			return func(ctx context.Context, args []string) error { return c.rollback(ctx, o, common, args) }
		},
	}
}

func (c *Command) rollback(ctx context.Context, o install.UpdateOptions, common *common, args []string) error {
	if len(args) != 1 {
		return usageError("rollback takes the directory", "binary-buildout rollback /srv/site")
	}
	c.surround(&o.Options, common, args[0])
	if done, err := c.elsewhere(ctx, &o); done || err != nil {
		return err
	}
	was := sideOfTree(o.Into)
	result, err := install.Rollback(ctx, o)
	if err != nil {
		return err
	}
	return c.showUpdated(result, was, common, o.Start != "")
}

package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/changes"
	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

func updateCommand() command {
	return command{
		name: "update", args: "DIR [SOURCE]", group: groupServer, summary: "update an installed archive to another version",
		examples: []string{
			"binary-buildout update /srv/site",
			`binary-buildout update /srv/site site-1.1-cp313-linux_x86_64.tar.gz --stop "systemctl stop site" --start "systemctl start site"`,
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o := install.UpdateOptions{}
			fs.StringVar(&o.Python, "python", "", "the `PATH` of the interpreter, or its version (default the one that it has)")
			fs.StringVar(&o.SHA256, "sha256", "", "the `DIGEST` that the archive or delta must have")
			fs.StringVar(&o.Label, "label", "", "the `LABEL` that chooses between archives of one target")
			fs.BoolVar(&o.AllowDowngrade, "allow-downgrade", false, "go to a lower version too")
			trust := registerTrust(fs)
			registerRestart(fs, &o)
			return func(ctx context.Context, args []string) error { return c.update(ctx, o, trust, common, args) }
		},
	}
}

// registerRestart are the flags that update and rollback share.
func registerRestart(fs *flag.FlagSet, o *install.UpdateOptions) {
	fs.StringVar(&o.Stop, "stop", "", "a shell `CMD` that stops the application before it is changed")
	fs.StringVar(&o.Start, "start", "", "a shell `CMD` that starts the application afterwards; if it fails, the change is undone")
}

func (c *Command) update(ctx context.Context, o install.UpdateOptions, trust *trustFlags, common *common, args []string) error {
	if len(args) != 1 && len(args) != 2 {
		return usageError("update takes the directory, and perhaps a source", "binary-buildout update /srv/site site-1.1-cp313-linux_x86_64.tar.gz")
	}
	ui := c.surround(&o.Options, common, args[0])
	if len(args) == 2 {
		o.Source = c.source(args[1])
	}
	if done, err := c.elsewhere(ctx, &o, trust.handed(c)...); done || err != nil {
		return err
	}
	if err := trust.settle(c, &o.Options, ui); err != nil {
		return err
	}
	was := sideOfTree(o.Into)
	result, err := install.Update(ctx, o)
	if err != nil {
		return err
	}
	return c.showUpdated(result, was, common, o.Start != "")
}

// surround fills in what every command of package install needs.
func (c *Command) surround(o *install.Options, common *common, dir string) *ui {
	ui := c.ui(common)
	o.Into = c.abs(dir)
	if strings.ContainsAny(o.Python, `/\`) {
		o.Python = c.abs(o.Python)
	}
	c.parent.take(o)
	o.Env, o.OS, o.Arch = os.Environ(), c.OS, c.Arch
	o.Progress = func(e fetch.Event) {
		switch {
		case e.Text == "":
			ui.progress("%s", installProgress(e))
		case e.Total > 0:
			ui.say("%s: %s, %s", e.Step, e.Text, plural.Bytes(e.Total))
		default:
			ui.say("%s: %s", e.Step, e.Text)
		}
	}
	return ui
}

// source gives what is here by its whole path: it is remembered for the next update.
func (c *Command) source(s string) string {
	if c.parent != nil && c.parent.files[c.abs(s)] != nil {
		return c.abs(s)
	}
	if _, err := os.Stat(c.abs(s)); err == nil {
		return c.abs(s)
	}
	return s
}

// changedIn is what changed in a tree, where it is known what was there before.
func changedIn(r *install.Updated, was *changes.Side) *changes.Account {
	if !r.Changed || was == nil || was.Version != r.From {
		return nil
	}
	is := sideOfTree(r.Dir)
	if is == nil {
		return nil
	}
	return changes.Between(*was, *is)
}

func (c *Command) showUpdated(r *install.Updated, was *changes.Side, common *common, started bool) error {
	changed := changedIn(r, was)
	if common.json {
		return c.writeJSON(struct {
			*install.Updated
			Changes *changes.Account `json:"changes,omitempty"`
		}{r, changed})
	}
	for _, line := range append(r.Warnings, r.Report...) {
		fmt.Fprintf(c.Stdout, "note: %s\n", plain(line))
	}
	if !r.Changed {
		_, err := fmt.Fprintf(c.Stdout, "%s %s is there already\n", plain(r.Name), plain(r.Version))
		return err
	}
	_, err := fmt.Fprintf(c.Stdout, "%s %s is in %s; it was %s\n", plain(r.Name), plain(r.Version), r.Dir, plain(r.From))
	if err == nil && changed != nil {
		_, err = fmt.Fprintln(c.Stdout, plain(strings.Join(changed.Lines(shownEggs), "\n")))
	}
	if note := c.unitsChanged(r.Dir); err == nil && note != "" {
		_, err = fmt.Fprintf(c.Stdout, "note: %s\n", plain(note))
	}
	if err == nil && !started {
		_, err = fmt.Fprint(c.Stdout, "next: start the application again\n")
	}
	return err
}

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/fetch"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

func installCommand() command {
	return command{
		name: "install", args: "[SOURCE] --into DIR", group: groupServer, summary: "install an archive on this machine",
		examples: []string{
			"binary-buildout install site-1.0-cp313-linux_x86_64.tar.gz --into /srv/site",
			"binary-buildout install acme/site@v1.0 --into /srv/site --require-attestation",
			"binary-buildout install --into /srv/site --systemd /etc/systemd/system",
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			o := install.Options{}
			fs.StringVar(&o.Into, "into", "", "the `DIR` to install into; new, empty, or one that holds the same archive")
			fs.StringVar(&o.Python, "python", "", "the `PATH` of the interpreter, or its version (default the newest that fits)")
			fs.StringVar(&o.SHA256, "sha256", "", "the `DIGEST` that the archive must have")
			fs.StringVar(&o.Label, "label", "", "the `LABEL` that chooses between archives of one target")
			trust := registerTrust(fs)
			var owner, units string
			fs.StringVar(&owner, "owner", "", "the `USER[:GROUP]` to install as; for root only")
			fs.StringVar(&units, "systemd", "", "the `DIR` to write systemd units for the services of the tree to, as /etc/systemd/system, or - to print them; without SOURCE, of what is there already")
			return func(ctx context.Context, args []string) error {
				if len(args) == 0 && o.Into != "" && units != "" {
					return c.systemdOnly(ctx, o.Into, units, common)
				}
				return c.install(ctx, o, trust, owner, units, common, args)
			}
		},
	}
}

func (c *Command) install(ctx context.Context, o install.Options, trust *trustFlags, owner, units string, common *common, args []string) error {
	if len(args) != 1 || o.Into == "" {
		return usageError("install takes one SOURCE and --into DIR", "binary-buildout install site-1.0-cp313-linux_x86_64.tar.gz --into /srv/site")
	}
	ui := c.surround(&o, common, o.Into)
	o.Source = c.source(args[0])
	if owner != "" && c.parent == nil {
		a, undo, err := install.PrepareOwner(o.Into, owner)
		if err != nil {
			return err
		}
		defer undo()
		return c.as(ctx, a, append([]string{o.Source}, trust.handed(c)...), c.unitsHook(o.Into, units))
	}
	if err := trust.settle(c, &o, ui); err != nil {
		return err
	}
	result, err := install.Install(ctx, o)
	if err != nil {
		return err
	}
	written, err := c.systemd(ctx, result.Dir, units)
	if err != nil {
		return err
	}
	if common.json {
		return c.writeJSON(struct {
			*install.Result
			Systemd *unitsReport `json:"systemd,omitempty"`
		}{result, written})
	}
	for _, w := range result.Warnings {
		ui.warn(w)
	}
	if !result.Changed {
		_, err = fmt.Fprintf(c.Stdout, "%s %s is there already\n", plain(result.Name), plain(result.Version))
		return errors.Join(err, c.showUnits(written))
	}
	ui.say("with %s", result.Python)
	_, err = fmt.Fprintf(c.Stdout, "%s %s is in %s\nnext: %s\n", plain(result.Name), plain(result.Version), result.Dir, result.Next())
	return errors.Join(err, c.showUnits(written))
}

// installProgress says how far a step is, and where that is known how fast it
// goes and how long it takes yet.
func installProgress(e fetch.Event) string {
	text := fmt.Sprintf("%s: %s of %s", e.Step, plural.Bytes(e.Done), plural.Bytes(e.Total))
	if e.Rate > 0 {
		text += fmt.Sprintf(", %s/s", plural.Bytes(int64(e.Rate)))
	}
	if e.Left > 0 {
		text += fmt.Sprintf(", %s left", max(e.Left.Round(time.Second), time.Second))
	}
	return text
}

// writeJSON writes a report to standard output.
func (c *Command) writeJSON(v any) error {
	data, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err = fmt.Fprintf(c.Stdout, "%s\n", plainJSON(data))
	return err
}

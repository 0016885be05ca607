package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/doctor"
)

func doctorCommand() command {
	return command{
		name: "doctor", args: "[DIR]", group: groupLook, summary: "say what is missing or odd on this machine, or in an installed tree, and how to fix it",
		examples: []string{"binary-buildout doctor", "binary-buildout doctor /srv/site"},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			python := fs.String("python", "", "the `PATH` of the interpreter (default python3, then python, on PATH)")
			config := fs.String("config", defaultConfig, "the configuration `FILE`")
			return func(ctx context.Context, args []string) error {
				dir, err := c.directory(args)
				if err != nil {
					return err
				}
				return c.doctor(ctx, doctor.Patient{Env: os.Environ(), OS: c.OS, Arch: c.Arch, Dir: dir, Python: *python, Config: *config}, common)
			}
		},
	}
}

const defaultConfig = "buildout.cfg"

// doctor looks, and ends with 1 if something is missing.
func (c *Command) doctor(ctx context.Context, p doctor.Patient, common *common) error {
	if _, err := os.Lstat(filepath.Join(p.Dir, filepath.FromSlash(archive.ManifestName))); err == nil {
		p.Tree = true
	} else if _, err := os.Stat(filepath.Join(p.Dir, p.Config)); err != nil && p.Config != defaultConfig {
		return usageError("reading the configuration: "+err.Error(), "name the configuration file with --config FILE")
	} else if id, err := c.identify(ctx, p.Dir, "", ""); err == nil {
		p.Name = id.name
	}
	all := doctor.Look(ctx, p)
	if err := ctx.Err(); err != nil {
		return err
	}
	if common.json {
		if err := c.writeJSON(all); err != nil {
			return err
		}
	} else {
		for _, f := range all {
			fmt.Fprintf(c.Stdout, "%-8s %s: %s\n", f.State, plainLine(f.What), plainLine(f.Says))
			if f.Mend != "" {
				fmt.Fprintf(c.Stdout, "%-8s fix: %s\n", "", plainLine(f.Mend))
			}
		}
	}
	if doctor.Worst(all) == doctor.Missing {
		return &reported{exitFailed}
	}
	return nil
}

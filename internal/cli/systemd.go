package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/systemd"
)

// unitsReport is what --systemd did.
type unitsReport struct {
	*systemd.Difference
	units *systemd.Units
}

// printed is the value of --systemd that has the units printed.
const printed = "-"

// systemd makes the units of a tree, and writes them to a directory, or nowhere
// for "" and "-". As a process of the tree's user it asks root to write them.
func (c *Command) systemd(ctx context.Context, dir, to string) (*unitsReport, error) {
	if to == "" {
		return nil, nil
	}
	if c.OS != "linux" {
		return nil, usageError("--systemd: systemd is for Linux", "")
	}
	units, err := systemd.Of(dir)
	if err != nil {
		return nil, err
	}
	r := &unitsReport{units: units}
	switch {
	case to == printed:
	case c.parent != nil:
		if r.Difference, err = systemd.Compare(c.abs(to), units, c.unitsWriter()); err == nil {
			err = c.parent.hook(ctx, "systemd")
		}
	default:
		r.Difference, err = systemd.Write(c.abs(to), units)
	}
	return r, err
}

// unitsHook is what root does for a process of the tree's user: it writes the
// units, which it makes itself.
func (c *Command) unitsHook(dir, to string) func(what string) error {
	return func(what string) error {
		if what != "systemd" || to == "" || to == printed {
			return fmt.Errorf("there is no --%s", what)
		}
		units, err := systemd.Of(c.abs(dir))
		if err == nil {
			_, err = systemd.Write(c.abs(to), units)
		}
		return err
	}
}

// unitsWriter is the user who writes units: root for a process of the tree's user.
func (c *Command) unitsWriter() int {
	if c.parent != nil {
		return 0
	}
	return os.Geteuid()
}

// systemdOnly is install --systemd of a tree that is there already.
func (c *Command) systemdOnly(ctx context.Context, dir, to string, common *common) error {
	r, err := c.systemd(ctx, c.abs(dir), to)
	if err != nil {
		return err
	}
	if common.json && r.Difference != nil {
		return c.writeJSON(r.Difference)
	}
	return c.showUnits(r)
}

// showUnits prints the units, or what came of writing them.
func (c *Command) showUnits(r *unitsReport) error {
	if r == nil {
		return nil
	}
	if r.Difference == nil {
		for _, u := range r.units.List {
			// The texts are those of the files, less what a terminal could take for a command.
			if _, err := fmt.Fprintf(c.Stdout, "# %s\n%s\n", u.Name, plain(u.Text)); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := fmt.Fprintln(c.Stdout, plain(strings.Join(r.Lines(r.units), "\n")))
	return err
}

// unitsChanged says what an update means for the units that were written to
// where systemd looks first; "" without any.
func (c *Command) unitsChanged(dir string) string {
	if c.OS != "linux" {
		return ""
	}
	at, _, _ := strings.Cut(c.Getenv("SYSTEMD_UNIT_PATH"), ":")
	if at == "" {
		at = systemd.System
	}
	units, err := systemd.Of(dir)
	if err != nil {
		return ""
	}
	d, err := systemd.Compare(at, units, c.unitsWriter())
	if err != nil || len(d.Changed)+len(d.Same)+len(d.Old) == 0 {
		return ""
	}
	differ := slices.Concat(d.New, d.Changed, d.Old)
	if len(differ) == 0 {
		return ""
	}
	return fmt.Sprintf("what systemd has to start has changed (%s); to write it: binary-buildout install --into %s --systemd %s",
		strings.Join(differ, ", "), install.ShellWord(dir), install.ShellWord(at))
}

package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/plural"
)

func inspectCommand() command {
	return command{
		name: "inspect", args: "ARCHIVE [ARCHIVE]", group: groupLook, summary: "show what is in an archive, where it runs and what it needs, or how two archives differ",
		examples: []string{
			"binary-buildout inspect dist/site-1.0-cp313-linux_x86_64.tar.gz",
			"binary-buildout inspect last/site-1.0-cp313-linux_x86_64.tar.gz dist/site-1.1-cp313-linux_x86_64.tar.gz",
		},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			files := fs.Bool("files", false, "of two archives, list each file and each entry of the manifest that differs")
			return func(_ context.Context, args []string) error {
				for _, name := range args {
					if info, err := os.Stat(c.abs(name)); err != nil {
						return usageError("reading the archive: "+err.Error(), "name an archive, such as dist/site-1.0-cp313-linux_x86_64.tar.gz")
					} else if info.IsDir() {
						return usageError(name+" is a directory, no archive", "name an archive, such as dist/site-1.0-cp313-linux_x86_64.tar.gz")
					}
				}
				switch len(args) {
				case 1:
					return c.inspect(c.abs(args[0]), common)
				case 2:
					return c.compare(c.abs(args[0]), c.abs(args[1]), *files, common)
				}
				return usageError("inspect takes one archive or two", "binary-buildout inspect dist/site-1.0-cp313-linux_x86_64.tar.gz")
			}
		},
	}
}

// inspect shows one archive's manifest as a person reads it.
func (c *Command) inspect(file string, common *common) error {
	r, err := archive.Open(file)
	if err != nil {
		return err
	}
	defer r.Close()
	m := r.Manifest()
	if common.json {
		return c.writeJSON(m)
	}
	files, size := 0, int64(0)
	for _, e := range r.Files() {
		if e.Type == "" {
			files, size = files+1, size+e.Size
		}
	}
	w := tabwriter.NewWriter(plainWriter{c.Stdout}, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("application", "%s %s", m.Name, m.Version)
	row("target", "%s", m.Target)
	row("python", "%s %s (%s)", m.Python.Implementation, m.Python.Version, m.Python.ABI)
	if b := m.BundledPython; b != nil {
		row("interpreter", "in the archive, %s", b.Executable)
	}
	row("zc.buildout", "%s", m.Buildout)
	for _, f := range m.Floors {
		row("needs", "%s %s or newer, for %s", f.Kind, f.Version, f.File)
	}
	for _, l := range m.SystemLibraries {
		row("system library", "%s, for %s", strings.TrimSpace(l.Name+" "+l.Package), l.NeededBy)
	}
	if m.MaxRoot > 0 {
		row("path", "at most %d bytes, for %s", m.MaxRoot, m.MaxRootFile)
	}
	for _, r := range m.Relocations {
		if at := r.Splits["root"]; at != "" {
			row("path", "without a space, for %s (%s)", r.Path, at)
		}
	}
	row("content", "%s, %s, %d relocated on the target", plural.Of(files, "file"), plural.Bytes(size), len(m.Relocations))
	for _, p := range m.Parts {
		row("part", "%s (%s)", p.Name, p.Recipe)
	}
	for _, e := range m.Extensions {
		row("extension", "%s", e.Path)
	}
	for _, k := range m.Checkouts {
		row("checkout", "%s at %s", k.Path, k.Commit)
	}
	return w.Flush()
}

// compare says how two archives differ; 1 is the exit code if they do.
func (c *Command) compare(a, b string, files bool, common *common) error {
	differences, err := archive.Compare(a, b)
	if err != nil {
		return err
	}
	if len(differences) == 0 && !common.json {
		_, err = fmt.Fprintln(c.Stdout, "the archives have the same contents")
		return err
	}
	if files {
		err = c.showDifferences(differences, common)
	} else {
		err = c.showAccount(a, b, len(differences), common)
	}
	if err == nil && len(differences) > 0 {
		err = &reported{exitFailed}
	}
	return err
}

// showDifferences lists each file and each entry of the manifest that differs.
func (c *Command) showDifferences(differences []archive.Difference, common *common) error {
	if common.json {
		return c.writeJSON(differences)
	}
	w := tabwriter.NewWriter(plainWriter{c.Stdout}, 0, 0, 2, ' ', 0)
	for _, d := range differences {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", d.What, d.Path, shorten(d.A), shorten(d.B))
	}
	return w.Flush()
}

// showAccount says what changed, eggs first, and how much --files lists.
func (c *Command) showAccount(a, b string, differences int, common *common) error {
	changed, err := account(a, b)
	if err != nil {
		return err
	}
	if common.json {
		return c.writeJSON(changed)
	}
	lines := changed.Lines(0)
	if changed.Same() {
		lines = append(lines, "  nothing but what the manifest says")
	}
	lines = append(lines, "inspect --files lists "+plural.Of(differences, "difference"))
	_, err = fmt.Fprintln(c.Stdout, plain(strings.Join(lines, "\n")))
	return err
}

// shorten keeps a value to what fits beside another one.
func shorten(s string) string {
	const width = 40
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}

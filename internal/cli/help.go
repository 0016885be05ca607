package cli

import (
	"flag"
	"fmt"
	"io"
	"strings"
)

// group is what commands are for; the help lists them by it.
type group int

const (
	groupBuild group = iota
	groupRelease
	groupServer
	groupLook
)

// groups are the groups in the order of the help, each with its heading.
func groups() []string {
	return []string{
		groupBuild:   "Build",
		groupRelease: "Release",
		groupServer:  "On the server",
		groupLook:    "Look and ask",
	}
}

func (c *Command) usage(w io.Writer) {
	fmt.Fprint(w, "binary-buildout packs a built zc.buildout into an archive that runs elsewhere,\nwith no compiler and no network.\n\nCommands:\n")
	for g, heading := range groups() {
		fmt.Fprintf(w, "  %s\n", heading)
		for _, cmd := range commands() {
			if cmd.group == group(g) {
				fmt.Fprintf(w, "    %-28s %s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.summary)
			}
		}
	}
	fmt.Fprint(w, "\nbinary-buildout COMMAND --help lists a command's flags and shows examples.\n")
}

func (c *Command) commandUsage(w io.Writer, cmd command, fs *flag.FlagSet) {
	fmt.Fprintf(w, "binary-buildout %s\n\n%s.\n\nFlags:\n", strings.TrimSpace(cmd.name+" "+cmd.args), upperFirst(cmd.summary))
	fs.VisitAll(func(f *flag.Flag) {
		tag, usage := flagTag(f)
		fmt.Fprintf(w, "  %-30s %s\n", tag, usage)
	})
	fmt.Fprint(w, "\nExamples:\n")
	for _, e := range cmd.examples {
		fmt.Fprintf(w, "  %s\n", e)
	}
}

// help shows the help of the program, or of the commands that args name.
func (c *Command) help(args []string) error {
	if len(args) == 0 {
		c.usage(c.Stdout)
		return nil
	}
	for _, name := range args {
		cmd, err := commandNamed(name)
		if err != nil {
			return err
		}
		c.commandUsage(c.Stdout, cmd, flagsFor(cmd))
	}
	return nil
}

func upperFirst(s string) string {
	return strings.ToUpper(s[:1]) + s[1:]
}

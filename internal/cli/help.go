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
	fmt.Fprint(w, "binary-buildout builds a zc.buildout and packs it into an archive that runs elsewhere,\nwith no compiler and no network.\n\nCommands:\n")
	for g, heading := range groups() {
		fmt.Fprintf(w, "  %s\n", heading)
		for _, cmd := range commands() {
			if cmd.group == group(g) {
				columns(w, "    ", 26, strings.TrimSpace(cmd.name+" "+cmd.args), cmd.summary)
			}
		}
	}
	fmt.Fprint(w, "\nbinary-buildout COMMAND --help lists a command's flags and shows examples.\nbinary-buildout version says which version this is.\n")
}

func (c *Command) commandUsage(w io.Writer, cmd command, fs *flag.FlagSet) {
	fmt.Fprintf(w, "binary-buildout %s\n\n%s.\n\nFlags:\n", strings.TrimSpace(cmd.name+" "+cmd.args), upperFirst(cmd.summary))
	width := 0
	fs.VisitAll(func(f *flag.Flag) {
		tag, _ := flagTag(f)
		width = max(width, len(tag))
	})
	fs.VisitAll(func(f *flag.Flag) {
		tag, usage := flagTag(f)
		columns(w, "  ", width, tag, usage)
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
		if name == "help" || name == "version" { // they have no flags
			c.usage(c.Stdout)
			continue
		}
		cmd, err := commandNamed(name)
		if err != nil {
			return err
		}
		c.commandUsage(c.Stdout, cmd, flagsFor(cmd))
	}
	return nil
}

// lineWidth is how wide a help may be: the terminal's own width isn't asked.
const lineWidth = 100

// columns writes a word and what it means beside it, on several lines if need be.
func columns(w io.Writer, indent string, width int, word, text string) {
	room := lineWidth - len(indent) - width - 2
	for text != "" {
		line, rest := text, ""
		if len(text) > room {
			if at := strings.LastIndexByte(text[:room+1], ' '); at > 0 {
				line, rest = text[:at], text[at+1:]
			}
		}
		fmt.Fprintf(w, "%s%-*s  %s\n", indent, width, word, line)
		word, text = "", rest
	}
}

func upperFirst(s string) string {
	return strings.ToUpper(s[:1]) + s[1:]
}

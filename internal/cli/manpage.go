package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func manCommand() command {
	return command{
		name: "man", args: "[COMMAND]", group: groupLook, mute: true, summary: "print the man page of the program or a command, or write all pages",
		examples: []string{
			"binary-buildout man pack | man -l -",
			"binary-buildout man --out ~/.local/share/man/man1",
		},
		parse: func(c *Command, fs *flag.FlagSet, _ *common) func(context.Context, []string) error {
			out := fs.String("out", "", "the `DIR` to write all pages to, each as a file")
			return func(_ context.Context, args []string) error {
				switch {
				case len(args) > 1 || len(args) == 1 && *out != "":
					return usageError("man takes one command, or --out and none", "binary-buildout man pack | man -l -")
				case *out != "":
					return c.manPages(c.abs(*out))
				case len(args) == 0:
					_, err := fmt.Fprint(c.Stdout, programPage())
					return err
				}
				cmd, err := commandNamed(args[0])
				if err == nil {
					_, err = fmt.Fprint(c.Stdout, commandPage(cmd))
				}
				return err
			}
		},
	}
}

// manPages writes binary-buildout.1 and a page for each command.
func (c *Command) manPages(dir string) error {
	pages := map[string]string{"binary-buildout.1": programPage()}
	for _, cmd := range commands() {
		pages["binary-buildout-"+cmd.name+".1"] = commandPage(cmd)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the man pages: %w", err)
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("writing the man pages: %w", err)
		}
	}
	return nil
}

// page is a man page while it is written, in the macros of man(7).
type page struct{ strings.Builder }

func newPage(name, summary string) *page {
	p := &page{}
	fmt.Fprintf(p, ".TH %s 1 \"\" %s\n", roff(strings.ToUpper(name)), quoted(generator()))
	p.section("NAME")
	fmt.Fprintf(p, "%s \\- %s\n", roff(name), roff(summary))
	return p
}

func (p *page) section(title string) { fmt.Fprintf(p, ".SH %s\n", quoted(title)) }

// item is a paragraph with a tag: a flag and what it does.
func (p *page) item(tag, text string) { fmt.Fprintf(p, ".TP\n.B %s\n%s\n", roff(tag), roff(text)) }

func (p *page) example(lines []string) {
	p.section("EXAMPLES")
	fmt.Fprint(p, ".nf\n")
	for _, l := range lines {
		fmt.Fprintf(p, "%s\n", roff(l))
	}
	fmt.Fprint(p, ".fi\n")
}

func (p *page) codes() {
	p.section("EXIT STATUS")
	for _, c := range exitCodes {
		p.item(strconv.Itoa(c.code), c.means)
	}
}

func programPage() string {
	p := newPage("binary-buildout", "pack a zc.buildout into an archive that runs elsewhere, with no compiler and no network")
	p.section("SYNOPSIS")
	fmt.Fprint(p, ".B binary\\-buildout\n.I COMMAND\n[flags]\n")
	for g, heading := range groups() {
		p.section(strings.ToUpper(heading))
		for _, cmd := range commands() {
			if cmd.group == group(g) {
				p.item(strings.TrimSpace(cmd.name+" "+cmd.args), upperFirst(cmd.summary)+". See binary-buildout-"+cmd.name+"(1).")
			}
		}
	}
	p.section("VALUES")
	for _, k := range kinds() {
		text := upperFirst(k.says)
		if len(k.values) > 0 {
			text += ": " + strings.Join(k.values, ", ")
		}
		p.item(k.word, text+".")
	}
	p.codes()
	return p.String()
}

func commandPage(cmd command) string {
	name := "binary-buildout-" + cmd.name
	p := newPage(name, cmd.summary)
	p.section("SYNOPSIS")
	fmt.Fprintf(p, ".B %s\n%s\n[flags]\n", roff("binary-buildout "+cmd.name), roff(cmd.args))
	p.section("FLAGS")
	flagsFor(cmd).VisitAll(func(f *flag.Flag) {
		tag, usage := flagTag(f)
		p.item(tag, upperFirst(usage)+".")
	})
	p.example(cmd.examples)
	p.codes()
	p.section("SEE ALSO")
	fmt.Fprintf(p, ".BR %s (1)\n", roff("binary-buildout"))
	return p.String()
}

// roff is a line of text as troff takes it: its escapes are, a hyphen can be
// copied, and no line begins with what would be a request.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "~", `\(ti`, "^", `\(ha`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

// quoted is one argument of a macro.
func quoted(s string) string { return `"` + strings.ReplaceAll(roff(s), `"`, `\(dq`) + `"` }

// Package cli is the command line: one file a command, flags, and what a
// person or a workflow gets to read.
package cli

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"unicode"

	"github.com/binary-buildout/binary-buildout/internal/spelling"
)

// Command is the process as a value: what it reads, writes and knows of its
// surroundings. Tests make their own.
type Command struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	Getenv func(string) string
	Dir    string // the working directory
	OS     string // as runtime.GOOS
	Arch   string // as runtime.GOARCH

	args   []string
	parent *parent
}

// New gives the Command of this process. It is the one place that reads
// runtime.GOOS.
func New() *Command {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	return &Command{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Dir: dir, OS: runtime.GOOS, Arch: runtime.GOARCH,
	}
}

// command is one of the program's commands. args are the words for its
// arguments, examples lines for a shell. mute is a command without a report and
// progress, which takes neither --json nor --quiet. parse registers the flags and gives the
// function that runs with the arguments that are left.
type command struct {
	name, args, summary string
	group               group
	examples            []string
	mute                bool
	parse               func(c *Command, fs *flag.FlagSet, common *common) func(ctx context.Context, args []string) error
}

func commands() []command {
	return []command{
		initCommand(),
		planCommand(),
		packCommand(),
		verifyCommand(),
		proveCommand(),
		inspectCommand(),
		whyCommand(),
		doctorCommand(),
		lastCommand(),
		releaseCommand(),
		installCommand(),
		updateCommand(),
		rollbackCommand(),
		rebuildCommand(),
		completionCommand(),
		manCommand(),
	}
}

// common are the flags that every command has that reports.
type common struct {
	json, quiet bool
}

// Main runs the command that args name and gives the exit code: 0 done, 1 the
// buildout failed to build or a check, 2 wrong usage or not for this system,
// 3 the surroundings failed.
func (c *Command) Main(ctx context.Context, args []string) int {
	if handled, code := child(args); handled {
		return code
	}
	if len(args) == 1 && args[0] == asArg && c.parent == nil {
		return c.asked(ctx)
	}
	c.args = args
	if len(args) == 0 {
		c.usage(c.Stderr)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return c.exit(c.help(args[1:]))
	case "version", "-version", "--version":
		fmt.Fprintln(c.Stdout, generator())
		return 0
	}
	if completionRequest(args[0]) {
		return c.exit(c.complete(ctx, args))
	}
	cmd, err := commandNamed(args[0])
	if err != nil {
		return c.exit(err)
	}
	return c.exit(c.run(ctx, cmd, args[1:]))
}

// commandNamed finds a command by its name.
func commandNamed(name string) (command, error) {
	names := []string{"help", "version"}
	for _, cmd := range commands() {
		if cmd.name == name {
			return cmd, nil
		}
		names = append(names, cmd.name)
	}
	hint := "commands: " + strings.Join(names, ", ")
	if meant := spelling.Nearest(name, names); meant != "" && meant != name {
		hint = fmt.Sprintf("did you mean %q? %s", meant, hint)
	}
	return command{}, usageError(fmt.Sprintf("unknown command %q", name), hint)
}

// newFlags are the flags of a command and those that it shares, and what runs it.
func newFlags(c *Command, cmd command) (*flag.FlagSet, func(context.Context, []string) error) {
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	common := &common{}
	if cmd.mute {
		return fs, cmd.parse(c, fs, common)
	}
	fs.BoolVar(&common.json, "json", false, "write the report as JSON to standard output, and everything else to standard error")
	fs.BoolVar(&common.quiet, "quiet", false, "don't show progress")
	return fs, cmd.parse(c, fs, common)
}

func (c *Command) run(ctx context.Context, cmd command, args []string) error {
	fs, run := newFlags(c, cmd)
	rest, err := parseInterspersed(fs, args)
	if errors.Is(err, flag.ErrHelp) {
		c.commandUsage(c.Stdout, cmd, fs)
		return nil
	}
	if err != nil {
		return usageError(cmd.name+": "+err.Error(), flagHint(cmd, fs, err))
	}
	return run(ctx, rest)
}

// parseInterspersed lets flags stand before and after arguments, as in
// "pack DIR --python PATH"; package flag stops at the first argument.
func parseInterspersed(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		args = fs.Args()
		if len(args) == 0 {
			return rest, nil
		}
		rest = append(rest, args[0])
		args = args[1:]
	}
}

// list is a repeatable flag, one value a time, or words that commas or white
// space part. What is empty, or there already, adds nothing.
type list struct {
	values *[]string
	words  bool
}

// lines is the flag of a list whose values may hold spaces, as commands do.
func lines(values *[]string) *list { return &list{values: values} }

// words is the flag of a list of words.
func words(values *[]string) *list { return &list{values: values, words: true} }

func (l *list) String() string {
	if l.values == nil { // package flag asks a zero value for the default
		return ""
	}
	return strings.Join(*l.values, " ")
}

// Values are the list's values, each as it was given.
func (l *list) Values() []string { return *l.values }

func (l *list) Set(s string) error {
	values := []string{s}
	if l.words {
		values = strings.FieldsFunc(s, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	}
	for _, v := range values {
		if v != "" && !slices.Contains(*l.values, v) {
			*l.values = append(*l.values, v)
		}
	}
	return nil
}

// generator names this program and its version, as the manifest does.
func generator() string {
	version := strings.TrimSpace(released)
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && version == "devel" {
		version = strings.TrimPrefix(info.Main.Version, "v")
	}
	return "binary-buildout " + version
}

// released is the version that action/binaries.sh wrote into the sources, so
// that a released binary and one that is built of the same sources say the same.
//
//go:embed version.txt
var released string

package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/binary-buildout/binary-buildout/matrix"
)

func completionCommand() command {
	return command{
		name: "completion", args: "SHELL", group: groupLook, mute: true, summary: "print a completion script for bash, zsh, fish or PowerShell",
		examples: []string{
			"binary-buildout completion bash > ~/.local/share/bash-completion/completions/binary-buildout",
			"binary-buildout completion zsh > ~/.zsh/_binary-buildout    # ~/.zsh is in fpath before compinit",
			"binary-buildout completion fish > ~/.config/fish/completions/binary-buildout.fish",
			"binary-buildout completion powershell | Out-String | Invoke-Expression",
		},
		parse: func(c *Command, _ *flag.FlagSet, _ *common) func(context.Context, []string) error {
			return func(_ context.Context, args []string) error {
				shells, _ := kindOf("SHELL")
				hint := "shells: " + strings.Join(shells.values, ", ")
				if len(args) != 1 {
					return usageError("completion takes one shell", hint)
				}
				return c.completion(args[0], hint)
			}
		},
	}
}

// completion writes the script of one shell. It asks this program for each word.
func (c *Command) completion(shell, hint string) error {
	root := completionRoot()
	var err error
	switch shell {
	case "bash":
		err = root.GenBashCompletionV2(c.Stdout, true)
	case "zsh":
		err = root.GenZshCompletion(c.Stdout)
	case "fish":
		err = root.GenFishCompletion(c.Stdout, true)
	case "powershell":
		err = root.GenPowerShellCompletionWithDesc(c.Stdout)
	default:
		return usageError(fmt.Sprintf("completion: unknown shell %q", shell), hint)
	}
	if err != nil {
		return fmt.Errorf("writing the completion of %s: %w", shell, err)
	}
	return nil
}

// completionRequest reports whether a completion script asks.
func completionRequest(word string) bool {
	return word == cobra.ShellCompRequestCmd || word == cobra.ShellCompNoDescRequestCmd
}

// complete answers a completion script: the words that fit, one a line.
func (c *Command) complete(ctx context.Context, args []string) error {
	root := completionRoot()
	root.SetArgs(args)
	root.SetIn(c.Stdin)
	root.SetOut(c.Stdout)
	root.SetErr(io.Discard)
	if err := root.ExecuteContext(ctx); err != nil {
		return usageError("completing: "+err.Error(), "")
	}
	return nil
}

// completionRoot has the commands and flags as cobra sees them. It completes
// words and runs nothing: a command line is parsed by package flag.
func completionRoot() *cobra.Command {
	root := &cobra.Command{Use: "binary-buildout", SilenceErrors: true, SilenceUsage: true}
	root.CompletionOptions.DisableDefaultCmd = true
	add := func(name, summary, args string, fs *flag.FlagSet) {
		cmd := &cobra.Command{Use: name, Short: summary, Run: func(*cobra.Command, []string) {}, ValidArgsFunction: completeArguments(args)}
		fs.VisitAll(func(f *flag.Flag) { addFlag(cmd, f) })
		root.AddCommand(cmd)
	}
	for _, cmd := range commands() {
		add(cmd.name, cmd.summary, cmd.args, flagsFor(cmd))
	}
	add("version", "the program's version", "", flag.NewFlagSet("version", flag.ContinueOnError))
	help := &cobra.Command{Use: "help", Short: "the help of a command", Run: func(*cobra.Command, []string) {}, ValidArgsFunction: completeArguments("COMMAND")}
	root.SetHelpCommand(help)
	return root
}

// addFlag gives cobra a flag under its long name: package pflag takes one letter
// for the short name of another.
func addFlag(cmd *cobra.Command, f *flag.Flag) {
	word, usage := wordOf(f)
	p := pflag.PFlagFromGoFlag(f)
	p.Usage, p.Shorthand = usage, ""
	cmd.Flags().AddFlag(p)
	if word = strings.TrimPrefix(word, "="); word == "" {
		return
	}
	complete := func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return offered(word)
	}
	// The one error is a flag that isn't there, or has a function already.
	_ = cmd.RegisterFlagCompletionFunc(f.Name, complete)
}

// completeArguments offers what the next argument may be.
func completeArguments(args string) cobra.CompletionFunc {
	words := argumentWords(args)
	return func(_ *cobra.Command, given []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(given) >= len(words) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return offered(words[len(given)])
	}
}

// offered is what a shell shows for a value of a kind, or of several that a bar
// parts: then files, which each of several is in all of ours.
func offered(word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	k, known := kindOf(word)
	switch {
	case word == "COMMAND":
		var names []cobra.Completion
		for _, cmd := range commands() {
			names = append(names, cobra.CompletionWithDesc(cmd.name, cmd.summary))
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	case !known || k.shell == completesFiles:
		return nil, cobra.ShellCompDirectiveDefault
	case k.shell == completesDirectories:
		return nil, cobra.ShellCompDirectiveFilterDirs
	case k.shell == completesArchives:
		return matrix.Formats(), cobra.ShellCompDirectiveFilterFileExt
	}
	return k.values, cobra.ShellCompDirectiveNoFileComp
}

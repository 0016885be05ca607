package cli

import (
	"flag"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/spelling"
)

// flagHint helps with a flag that a command doesn't have: by the one that was
// meant, or by the command that has it.
func flagHint(cmd command, fs *flag.FlagSet, err error) string {
	lists := "binary-buildout " + cmd.name + " --help lists the flags"
	said, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		return lists
	}
	said, _, _ = strings.Cut(said, "=")
	var having []string
	for _, other := range commands() {
		if flagsFor(other).Lookup(said) != nil {
			having = append(having, other.name)
		}
	}
	if len(having) > 0 {
		return "--" + said + " is a flag of " + strings.Join(having, ", ") + "; " + lists
	}
	var names []string
	fs.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if meant := spelling.Nearest(said, names); meant != "" {
		return "did you mean --" + meant + "? " + lists
	}
	return lists
}

// flagsFor are the flags of a command as it registers them, for their names and
// what they say of themselves alone.
func flagsFor(cmd command) *flag.FlagSet {
	fs, _ := newFlags(&Command{}, cmd)
	return fs
}

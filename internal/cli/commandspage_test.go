package cli

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/commands.md anew")

// docs/commands.md is what the flag sets of the commands say.
func TestCommandsPage(t *testing.T) {
	const page = "../../docs/commands.md"
	want := commandsPage()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := text(t, page); got != want {
		t.Error("docs/commands.md isn't what the commands say of themselves, which go test -run TestCommandsPage -update ./internal/cli writes")
	}
}

// commandsPage is docs/commands.md.
func commandsPage() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nA test writes this page from the program's own flags. `COMMAND --help` and `binary-buildout man` say the same.\n" +
		"The flags of `plan` and `pack` can also be set in the section [`[binary-buildout]`](reference.md#the-section).\n")
	for g, heading := range groups() {
		fmt.Fprintf(&b, "\n## %s\n", heading)
		for _, cmd := range commands() {
			if cmd.group == group(g) {
				writeCommand(&b, cmd)
			}
		}
	}
	b.WriteString("\n## Values\n\n| word | what it is |\n| --- | --- |\n")
	for _, k := range kinds() {
		says := upperFirst(k.says)
		if len(k.values) > 0 {
			says += ": " + strings.Join(k.values, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", k.word, cell(says))
	}
	return b.String()
}

func writeCommand(b *strings.Builder, cmd command) {
	fmt.Fprintf(b, "\n### %s\n\n%s.\n\n```text\nbinary-buildout %s\n```\n\n| flag | what it does |\n| --- | --- |\n", cmd.name, upperFirst(cmd.summary), strings.TrimSpace(cmd.name+" "+cmd.args))
	flagsFor(cmd).VisitAll(func(f *flag.Flag) {
		tag, usage := flagTag(f)
		fmt.Fprintf(b, "| `%s` | %s |\n", cell(tag), cell(upperFirst(usage)))
	})
	fmt.Fprintf(b, "\n```text\n%s\n```\n", strings.Join(cmd.examples, "\n"))
}

// cell is a text as a cell of a table takes it.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(s)
}

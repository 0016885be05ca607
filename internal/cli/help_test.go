package cli

import (
	"flag"
	"strings"
	"testing"
)

// Each value and each argument has a word of the table of kinds, so that one
// word stands for one kind of value; and each word of the table is used.
func TestKinds(t *testing.T) {
	used := map[string]bool{}
	for _, cmd := range commands() {
		flagsFor(cmd).VisitAll(func(f *flag.Flag) {
			word, _ := wordOf(f)
			if b, ok := f.Value.(interface{ IsBoolFlag() bool }); ok && b.IsBoolFlag() {
				// A value may follow after =, as in --bundle-python=DIR.
				if of, ok := strings.CutPrefix(word, "="); ok {
					word = of
				} else if word != "" {
					t.Errorf("%s --%s takes no value, and its help has %q", cmd.name, f.Name, word)
				} else {
					return
				}
			}
			if _, ok := kindOf(word); !ok {
				t.Errorf("%s --%s takes %q, which is no kind of value", cmd.name, f.Name, word)
			}
			used[word] = true
		})
		for _, words := range argumentWords(cmd.args) {
			for word := range strings.SplitSeq(words, "|") {
				if _, ok := kindOf(word); !ok {
					t.Errorf("%s takes %q, which is no kind of value", cmd.name, word)
				}
				used[word] = true
			}
		}
	}
	for _, k := range kinds() {
		if !used[k.word] {
			t.Errorf("nothing takes %s", k.word)
		}
	}
}

// No line of a help, but for an example, is wider than it may be, and no word of it is lost.
func TestHelpWidth(t *testing.T) {
	var b strings.Builder
	c := &Command{Stdout: &b}
	c.usage(&b)
	for _, cmd := range commands() {
		if err := c.help([]string{cmd.name}); err != nil {
			t.Fatal(err)
		}
		words := strings.Join(strings.Fields(b.String()), " ")
		flagsFor(cmd).VisitAll(func(f *flag.Flag) {
			if tag, usage := flagTag(f); !strings.Contains(words, tag+" "+usage) {
				t.Errorf("%s doesn't say: %s %s", cmd.name, tag, usage)
			}
		})
	}
	for line := range strings.SplitSeq(b.String(), "\n") {
		if len(line) > lineWidth && !strings.HasPrefix(line, "  binary-buildout ") {
			t.Errorf("%d: %s", len(line), line)
		}
	}
}

// Each command has an example, and each example's flags are the command's.
func TestExamples(t *testing.T) {
	for _, cmd := range commands() {
		if len(cmd.examples) == 0 {
			t.Errorf("%s has no example", cmd.name)
		}
		for _, example := range cmd.examples {
			line, _, _ := strings.Cut(example, "    #")
			line, _, _ = strings.Cut(line, " | ")
			line, _, _ = strings.Cut(line, " > ")
			args, ok := strings.CutPrefix(line, "binary-buildout "+cmd.name)
			if !ok {
				t.Errorf("%s has the example %q", cmd.name, example)
				continue
			}
			fs := flagsFor(cmd)
			if _, err := parseInterspersed(fs, split(args)); err != nil {
				t.Errorf("%s: %v", example, err)
			}
		}
	}
}

// split parts a line at spaces that stand outside of double quotes.
func split(line string) []string {
	var words []string
	for i, text := range strings.Split(line, `"`) {
		if i%2 == 1 {
			words = append(words, text)
		} else {
			words = append(words, strings.Fields(text)...)
		}
	}
	return words
}

package cli

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestSectionLists sets every list of pack and plan in [binary-buildout] with two lines.
func TestSectionLists(t *testing.T) {
	config := filepath.Join(t.TempDir(), "buildout.cfg")
	for _, set := range []*flag.FlagSet{packFlagSet(), planFlagSet()} {
		set.VisitAll(func(f *flag.Flag) {
			l, ok := f.Value.(*list)
			if !ok {
				return
			}
			write(t, config, "[binary-buildout]\n"+f.Name+" =\n    one\n    two three\n")
			want := []string{"one", "two three"}
			if l.words {
				want = []string{"one", "two", "three"}
			}
			if err := applySection(set, config, packFlagSet(), planFlagSet()); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
			if !slices.Equal(*l.values, want) {
				t.Errorf("%s is %q, want %q", f.Name, *l.values, want)
			}
		})
	}
}

// What a flag says of plan's lists stands for itself; pack's lists add up.
func TestFlagBeforeSection(t *testing.T) {
	config := filepath.Join(t.TempDir(), "buildout.cfg")
	write(t, config, "[binary-buildout]\npythons =\n    3.12\n    3.13\nsmoke = bin/two\n")
	for _, c := range []struct {
		set        *flag.FlagSet
		name, flag string
		want       []string
	}{
		{planFlagSet(), "pythons", "3.11,3.14", []string{"3.11", "3.14"}},
		{planFlagSet(), "pythons", "", []string{"3.12", "3.13"}},
		{packFlagSet(), "smoke", "bin/one", []string{"bin/one", "bin/two"}},
	} {
		if c.flag != "" {
			if err := c.set.Parse([]string{"--" + c.name + "=" + c.flag}); err != nil {
				t.Fatal(err)
			}
		}
		if err := applySection(c.set, config, packFlagSet(), planFlagSet()); err != nil {
			t.Fatal(err)
		}
		if got := *c.set.Lookup(c.name).Value.(*list).values; !slices.Equal(got, c.want) {
			t.Errorf("%s by flag %q: %q, want %q", c.name, c.flag, got, c.want)
		}
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

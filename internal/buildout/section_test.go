package buildout

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

var knownKeys = []string{"name", "python", "smoke", "system-libraries", "volatile", "before"}

func TestReadSection(t *testing.T) {
	for _, c := range []struct{ name, text, want, hint string }{
		{"none", "[buildout]\nparts =\n", "", ""},
		{"values", "[buildout]\nname = no\n[binary-buildout] # ours\nname = site\nsmoke =\n  bin/a --x=1\n  # not this\n  bin/b\n; nor this\n[other]\nname = x\n",
			"name: site\nsmoke: bin/a --x=1|bin/b\n", ""},
		{"empty", "[binary-buildout]\nvolatile =\n", "volatile: \n", ""},
		{"unknown", "[binary-buildout]\nvolatle = x\n", "line 2: unknown setting \"volatle\"", "volatile"},
		{"substitution", "[binary-buildout]\nname = ${buildout:x}\n", "line 2: ${}", "value itself"},
		{"addition", "[binary-buildout]\nsmoke += x\n", "line 2: +=", "whole value"},
		{"macro", "[binary-buildout]\n<= other\n", "line 2: <=", "write the values"},
		{"condition", "[binary-buildout:python3]\nname = x\n", "line 1: a condition", "without"},
		{"twice", "[binary-buildout]\nname = x\nname = y\n", "set in line 2", "keep one"},
		{"stray", "[binary-buildout]\n  x\n", "continues no setting", "NAME = VALUE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := ReadSection(filepath.Join(write(t, map[string]string{"b.cfg": c.text}), "b.cfg"), knownKeys)
			got := ""
			for _, k := range s.Keys() {
				got += k + ": " + strings.Join(s.List(k), "|") + "\n"
			}
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || e.ExitCode() != 2 || !strings.Contains(e.Hint(), c.hint) || c.hint == "" {
					t.Fatalf("error %v, hint %q", err, e.Hint())
				}
				got = err.Error()
			}
			if (err == nil) != (c.hint == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestSectionGet(t *testing.T) {
	dir := write(t, map[string]string{"b.cfg": "[binary-buildout]\nname =\n  a\n  b\n"})
	s, err := ReadSection(filepath.Join(dir, "b.cfg"), knownKeys)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("name"); err == nil {
		t.Error("two values of a name pass")
	}
	if v, err := s.Get("smoke"); v != "" || err != nil || s.Has("smoke") {
		t.Errorf("smoke: %q, %v", v, err)
	}
}

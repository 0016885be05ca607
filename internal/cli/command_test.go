package cli

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// run calls the program as a process would be, with no environment, in a
// directory that holds an empty buildout.cfg.
func run(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "buildout.cfg"), []byte("[buildout]\nparts =\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	c := &Command{
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(string) string { return "" }, Dir: dir, OS: "linux", Arch: "amd64",
	}
	return c.Main(context.Background(), args), out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	tests := []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{nil, 2, "", "Commands:"},
		{[]string{"--help"}, 0, "Commands:", ""},
		{[]string{"pack", "--help"}, 0, "--python PATH", ""},
		{[]string{"version"}, 0, "binary-buildout ", ""},
		{[]string{"pakc"}, 2, "", "error: unknown command \"pakc\"\nhint: did you mean \"pack\"? commands: help, "},
		{[]string{"frobnicate"}, 2, "", "error: unknown command \"frobnicate\"\nhint: commands: help, "},
		{[]string{"help", "version"}, 0, "Commands:", ""},
		{[]string{"man", "version"}, 2, "", "error: unknown command \"version\"\nhint: commands: help, "},
		{[]string{"-version"}, 0, "binary-buildout ", ""},
		{[]string{"help", "rollback"}, 0, "binary-buildout rollback DIR\n", ""},
		{[]string{"pack", "--help"}, 0, "\nExamples:\n  binary-buildout pack\n", ""},
		{[]string{"pack", "--nonsense"}, 2, "", "error: pack: flag provided but not defined: -nonsense\nhint: binary-buildout pack --help lists the flags\n"},
		{[]string{"pack", "--pyhton", "x"}, 2, "", "-pyhton\nhint: did you mean --python? binary-buildout pack --help lists the flags\n"},
		{[]string{"pack", "--pythons=3.13"}, 2, "", "-pythons\nhint: --pythons is a flag of init, plan; binary-buildout pack --help lists the flags\n"},
		{[]string{"pack", "a", "b"}, 2, "", "error: there is one directory too many: b\nhint: "},
		{[]string{"pack", "--help"}, 0, "\n  --bundle-python[=DIR]       put", ""},
		{[]string{"init", "--json"}, 2, "", "error: init: flag provided but not defined: -json\nhint: "},
		{[]string{"doctor", "--config", "missing.cfg"}, 2, "", "error: reading the configuration: "},
		{[]string{"pack", "missing"}, 2, "", "error: reading the buildout's directory"},
		{[]string{"pack", "--format", "rar"}, 2, "", "error: pack: unknown format \"rar\"\nhint: formats: tar.gz, tar.zst, zip\n"},
		{[]string{"inspect", "missing.tar.gz"}, 2, "", "error: reading the archive: "},
		// It could be OWNER/REPO; GitHub isn't asked.
		{[]string{"install", "dist/site-1.0-cp313-linux_x86_64.tar.gz", "--into", "new"}, 2, "", "error: installing dist/site-1.0-cp313-linux_x86_64.tar.gz: there is no such file\nhint: give an archive, "},
		{[]string{"prove", "missing.tar.gz"}, 2, "", "no such file or directory\nhint: name an archive, "},
		{[]string{"release", "--tag", "v1", "--prepare", "--plan", "missing"}, 3, "", "no such file or directory\nhint: binary-buildout plan --json "},
		{[]string{"inspect", "."}, 2, "", "error: . is a directory, no archive\nhint: "},
		{[]string{"pack", "--floor", "abc"}, 2, "", "error: pack: the floor \"abc\" isn't a version\nhint: "},
		{[]string{"pack", "--label", "a b"}, 2, "", "error: reading the label \"a b\""},
		{[]string{"release", "--tag", "v1", "--prepare"}, 3, "", "no such file or directory\nhint: binary-buildout pack writes them into dist; "},
		{[]string{"pack", "--target", "x"}, 2, "", "hint: a target is written as in "},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			code, stdout, stderr := run(t, tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("stdout %q\nstderr %q\nwant %q and %q", stdout, stderr, tt.stdout, tt.stderr)
			}
		})
	}
}

func TestFlagsAfterArguments(t *testing.T) {
	fs := flag.NewFlagSet("x", flag.ContinueOnError)
	var l []string
	fs.Var(lines(&l), "smoke", "")
	rest, err := parseInterspersed(fs, []string{"dir", "--smoke", "a", "other", "--smoke=b", "--smoke", "a"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rest, []string{"dir", "other"}) || !slices.Equal(l, []string{"a", "b"}) {
		t.Errorf("arguments %q, flags %q", rest, l)
	}
}

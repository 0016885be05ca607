package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout"
	"github.com/binary-buildout/binary-buildout/internal/install"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
	"github.com/binary-buildout/binary-buildout/internal/workflow"
	"github.com/binary-buildout/binary-buildout/matrix"
)

func initCommand() command {
	return command{
		name: "init", args: "[DIR]", group: groupBuild, mute: true, summary: "write a buildout's GitHub workflow, or show how it would change",
		examples: []string{"binary-buildout init", "binary-buildout init --section --pythons 3.12,3.13"},
		parse: func(c *Command, fs *flag.FlagSet, common *common) func(context.Context, []string) error {
			i := &initing{Command: c}
			fs.StringVar(&i.config, "config", "buildout.cfg", "the configuration `FILE`")
			fs.StringVar(&i.name, "name", "", "the application's `NAME` (default from the git remote, or the directory)")
			fs.Var(words(&i.pythons), "pythons", "a `VERSION` of Python to build for (default from .python-version, or python3, then python, on PATH); several are separated by commas")
			fs.BoolVar(&i.section, "section", false, "add the section [binary-buildout] to the configuration too, if it has none")
			fs.BoolVar(&i.replace, "replace", false, "replace a workflow that differs")
			return func(ctx context.Context, args []string) error { return i.run(ctx, args) }
		},
	}
}

// initing is one run of init.
type initing struct {
	*Command
	config, name     string
	given            []string // the arguments that aren't flags
	pythons          []string
	section, replace bool

	dir, top string // of the buildout, and of the repository
	git      bool   // there is one
	guessed  bool   // the Python to build for, since nothing names one
}

func (i *initing) run(ctx context.Context, args []string) error {
	var err error
	i.given = args
	if i.dir, err = i.directory(args); err != nil {
		return err
	}
	file := filepath.Join(i.dir, i.config)
	if _, err := os.Stat(file); err != nil {
		return usageError("reading the configuration: "+err.Error(), "give the directory that has the buildout.cfg, and another name with --config FILE")
	}
	i.top = i.dir
	if top := gitOutput(ctx, i.dir, "rev-parse", "--show-toplevel"); top != "" {
		i.top, i.git = filepath.FromSlash(top), true
	}
	co, err := i.checkout(ctx, file)
	if err != nil {
		return err
	}
	wrote, err := i.write(co.Text())
	if err != nil {
		return err
	}
	if i.section && len(co.Settings) == 0 && !hasSection(file) {
		if err := appendTo(file, workflow.Section(i.applicationName(ctx))); err != nil {
			return err
		}
		wrote = append(wrote, file)
	}
	return i.next(wrote, co.Pythons)
}

// checkout looks at the buildout.
func (i *initing) checkout(ctx context.Context, file string) (workflow.Checkout, error) {
	section, err := buildout.ReadSection(file, flagNames(planFlagSet(), packFlagSet()))
	if err != nil {
		return workflow.Checkout{}, fmt.Errorf("reading %s: %w", i.config, err)
	}
	co := workflow.Checkout{Directory: ".", Config: filepath.ToSlash(i.config), Settings: section.Keys()}
	real, err := filepath.EvalSymlinks(i.dir)
	if err != nil {
		return co, err
	}
	if below, err := filepath.Rel(i.top, real); err == nil {
		co.Directory = filepath.ToSlash(below)
	}
	if co.Pythons, co.From, err = i.versions(ctx, section); err != nil {
		return co, err
	}
	if co.Image, err = imageFor(co.Pythons); err != nil {
		return co, err
	}
	manager, command := "dnf", "dnf install -y "
	if !strings.HasPrefix(co.Image, "manylinux") {
		manager, command = "apt", "apt-get update && apt-get install -y "
	}
	var needs []string
	for _, w := range buildout.Wants(file) {
		co.Compiled = append(co.Compiled, workflow.Compiled{Project: w.Project, Needs: w.Needs, Pinned: w.Pinned})
		needs = append(needs, w.Needs...)
	}
	if packages := syspackages.Of(manager, needs); len(packages) > 0 {
		co.Install = command + strings.Join(packages, " ")
	}
	co.SSH, co.Index = buildout.Private(file)
	return co, nil
}

var minorVersion = regexp.MustCompile(`^(?:cpython-?)?([23]\.[0-9]+)(?:\.[0-9]+)*(t?)$`)

// versions are the Pythons to build for, and what says so.
func (i *initing) versions(ctx context.Context, section buildout.Section) ([]string, string, error) {
	if given := section.List("pythons"); len(i.pythons) == 0 && len(given) > 0 {
		var all []string
		if err := words(&all).Set(strings.Join(given, " ")); err != nil {
			return nil, "", err
		}
		return all, "[binary-buildout]", nil
	}
	if len(i.pythons) > 0 {
		return i.pythons, "init --pythons", nil
	}
	for _, dir := range []string{i.dir, i.top} {
		data, err := os.ReadFile(filepath.Join(dir, ".python-version"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		var found []string
		for _, word := range strings.Fields(string(data)) {
			if m := minorVersion.FindStringSubmatch(word); m != nil {
				found = append(found, m[1]+m[2])
			}
		}
		if len(found) > 0 {
			return found, ".python-version", nil
		}
	}
	in, err := buildout.FindPython(ctx, "", "")
	if err != nil {
		return nil, "", usageError("choosing the Pythons: nothing says which, and there is no Python here: "+err.Error(), "name them: --pythons 3.13")
	}
	m := minorVersion.FindStringSubmatch(in.Version)
	if m == nil {
		return nil, "", usageError("choosing the Pythons: "+in.Executable+" has the version "+in.Version, "name them: --pythons 3.13")
	}
	if strings.HasSuffix(in.ABI, "t") { // free-threaded
		m[1] += "t"
	}
	i.guessed = true
	return []string{m[1]}, "the interpreter on PATH", nil
}

// imageFor is the image that runs on most systems of those that have all versions.
func imageFor(pythons []string) (string, error) {
	var first error
	for _, image := range []string{"manylinux_2_28", "debian:12", "debian:11", "debian:10"} {
		_, err := matrix.New(matrix.Options{Name: "site", Version: "1", Pythons: pythons, Images: []string{image}})
		if err == nil {
			return image, nil
		}
		if first == nil {
			first = err
		}
	}
	return "", first
}

// applicationName is what the section says of a configuration without one.
func (i *initing) applicationName(ctx context.Context) string {
	if i.name != "" {
		return i.name
	}
	if id, err := i.identify(ctx, i.dir, "", "1"); err == nil {
		return id.name
	}
	return filepath.Base(i.top)
}

// write writes the workflow, or shows in what the one that is there differs.
func (i *initing) write(text string) (wrote []string, err error) {
	path := filepath.Join(i.top, filepath.FromSlash(workflow.Path))
	old, err := os.ReadFile(path)
	switch {
	case err == nil && unixLines(string(old)) == text:
		fmt.Fprintf(i.Stdout, "%s is what init would write\n", workflow.Path)
		return nil, nil
	case err == nil && !i.replace:
		fmt.Fprint(i.Stdout, plain(workflow.Diff(workflow.Path, unixLines(string(old)), text)))
		fmt.Fprintf(i.Stderr, "hint: %s writes it\n", plain(i.again("--replace")))
		return nil, &reported{exitFailed}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("reading the workflow: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("writing the workflow: %w", err)
	}
	if err := writeWhole(path, []byte(text)); err != nil {
		return nil, fmt.Errorf("writing the workflow: %w", err)
	}
	return []string{path}, nil
}

// again is this command with more flags, as a shell reads it.
func (i *initing) again(flags string) string {
	words := append([]string{"binary-buildout", "init"}, i.given...)
	if i.config != "buildout.cfg" {
		words = append(words, "--config", i.config)
	}
	if len(i.pythons) > 0 {
		words = append(words, "--pythons", strings.Join(i.pythons, ","))
	}
	for n, word := range words {
		words[n] = install.ShellWord(word)
	}
	return strings.Join(words, " ") + " " + flags
}

// unixLines is a text as git keeps it: on Windows, a checkout may have CRLF.
func unixLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

var sectionLine = regexp.MustCompile(`(?m)^\[[ \t]*` + buildout.SectionName + `[ \t]*[:\]]`)

// hasSection tells whether a configuration has the section, be it empty.
func hasSection(file string) bool {
	data, err := os.ReadFile(file)
	return err == nil && sectionLine.Match(data)
}

// appendTo adds to a file's end.
func appendTo(file, text string) error {
	data, err := os.ReadFile(file)
	if err == nil {
		if len(data) > 0 && data[len(data)-1] != '\n' {
			text = "\n" + text
		}
		err = os.WriteFile(file, append(data, text...), 0o644)
	}
	if err != nil {
		return fmt.Errorf("writing the section: %w", err)
	}
	return nil
}

// next says what to commit, and for which Python that is if nobody said.
func (i *initing) next(wrote, pythons []string) error {
	if len(wrote) == 0 {
		return nil
	}
	base, before := i.base()
	var names, quoted []string
	for _, path := range wrote {
		path = nearer(base, path)
		names = append(names, path)
		quoted = append(quoted, install.ShellWord(path))
	}
	note := ""
	if i.guessed {
		note = "for Python " + pythons[0] + ", the interpreter on PATH; for another one: " + plain(i.again("--pythons VERSION --replace")) + "\n"
	}
	_, err := fmt.Fprintf(i.Stdout, "wrote %s\n%snext: %sgit add %s && git commit -m \"Release archives by binary-buildout\"\nthen: git tag v1.0 && git push origin HEAD v1.0\n",
		plain(strings.Join(names, ", ")), note, plain(before), plain(strings.Join(quoted, " ")))
	return err
}

// base is where a person can type git's commands: the working directory if that
// is in the repository, else the repository; and what is to be typed before them.
func (i *initing) base() (dir, before string) {
	if !i.git {
		before = "git init && "
	}
	dir = nearer("", i.Dir)
	if below, err := filepath.Rel(nearer("", i.top), dir); err == nil && filepath.IsLocal(below) && (i.git || below == ".") {
		return dir, before
	}
	return nearer("", i.top), "cd " + install.ShellWord(i.top) + " && " + before
}

// nearer is a path without links, as seen from a directory that isn't "".
func nearer(dir, path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if near, err := filepath.Rel(dir, path); dir != "" && err == nil {
		path = near
	}
	return filepath.ToSlash(path)
}

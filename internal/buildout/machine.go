package buildout

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
	"github.com/binary-buildout/binary-buildout/internal/syspackages"
)

// FindToolchain says what this machine has to compile extensions with for an
// interpreter: a path, or "" for the one that a build takes by itself.
func FindToolchain(ctx context.Context, python string, env []string, goos string) (Interpreter, syspackages.Toolchain, error) {
	in, err := FindPython(ctx, python, "")
	if err != nil {
		return in, syspackages.Toolchain{}, err
	}
	return in, toolchain(in, env, goos), nil
}

// StageHolder says which run builds an application of that name now; "" if none does.
func StageHolder(name, goos string) string {
	base, err := filepath.EvalSymlinks(varTmp(goos))
	if err != nil {
		return ""
	}
	s, err := defaultStage(base, stagesOf(base, os.Geteuid()), name, goos)
	if err != nil {
		return ""
	}
	if _, err := os.Lstat(s.lock); err != nil {
		return ""
	}
	lock, err := scratch.Lock(s.lock)
	if err != nil {
		return holderOf(s.lock).String()
	}
	lock.Close()
	return ""
}

// Want is a project that is compiled from its sources, with the headers and
// programs that this takes.
type Want struct {
	Project string
	Needs   []string // "ldap.h", "pg_config"
	// Pinned is whether [versions] alone names it: it is compiled if something
	// requires it.
	Pinned bool
}

// Wants reads a configuration, and what it extends here, as far as that can be
// done without zc.buildout, and gives the projects that no index has a wheel of.
func Wants(file string) []Want {
	var wants []Want
	c := literalConfig(file)
	c.Required = developRequires(c, filepath.Dir(file), nil) // there is no interpreter to ask about markers
	for _, w := range wishes(c) {
		if (w.custom || !w.wheels) && !w.optional && len(w.programs)+len(w.headers) > 0 {
			wants = append(wants, Want{Project: w.project, Needs: slices.Concat(w.programs, w.headers), Pinned: !w.asked})
		}
	}
	return wants
}

// PinnedBuildout is the version of zc.buildout that [versions] pins; "" without a pin.
func PinnedBuildout(file string) string {
	c := literalConfig(file)
	for name, version := range c.Versions {
		if pydist.PlainName(name) == "zc-buildout" {
			return strings.TrimSpace(strings.TrimLeft(version, "= "))
		}
	}
	return ""
}

// literalConfig is a configuration as far as it can be read without zc.buildout.
func literalConfig(file string) config {
	c := config{Raw: map[string]map[string]string{}}
	for _, section := range literalSections(file, map[string]bool{}) {
		c.Raw[section] = literalOptions(file, section)
	}
	c.Buildout = c.Raw["buildout"]
	c.Versions = c.Raw[versionsSection(c)]
	return c
}

// literalSections are the names of the sections of a file, and of what it extends here.
func literalSections(file string, seen map[string]bool) []string {
	data, err := os.ReadFile(file)
	if err != nil || seen[file] {
		return nil
	}
	seen[file] = true
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	_, extends := literalFile(string(data), "buildout")
	for _, name := range extends {
		if strings.Contains(name, "://") || strings.Contains(name, "$") {
			continue
		}
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(file), filepath.FromSlash(name))
		}
		for _, section := range literalSections(name, seen) {
			add(section)
		}
	}
	for line := range strings.Lines(string(data)) {
		if m := sectionHead.FindStringSubmatch(strings.TrimRight(line, " \t\r\n")); m != nil && m[2] == "" {
			add(m[1])
		}
	}
	return names
}

var (
	bySSH       = regexp.MustCompile(`(?m)(?:ssh://|\bgit@[\w.-]+:)`)
	publicIndex = regexp.MustCompile(`^https?://(?:[^/@]*@)?(?:pypi\.org|pypi\.python\.org|files\.pythonhosted\.org)(?:/|$)`)
)

// Private says whether a configuration, and what it extends here, checks
// something out by ssh, and which package index of one's own it names, without
// user and password; "" if none.
func Private(file string) (ssh bool, index string) {
	seen := map[string]bool{}
	literalSections(file, seen)
	for name := range seen {
		data, err := os.ReadFile(name)
		ssh = ssh || err == nil && bySSH.Match(data)
	}
	if i := strings.TrimSpace(literalConfig(file).Buildout["index"]); strings.Contains(i, "://") && !publicIndex.MatchString(i) {
		index = secrets.Shown(i)
	}
	return ssh, index
}

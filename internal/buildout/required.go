package buildout

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// developRequires gives the requirements of the packages that develop names, as
// far as their own files say them without being run: dependencies in
// pyproject.toml, install_requires in setup.cfg and, where it is a list that is
// written out, in setup.py. dir is the buildout's. A marker has to apply in env;
// if that is nil, what has one is left out.
func developRequires(c config, dir string, env pydist.Environment) []string {
	var all []string
	for _, pattern := range pathLines(substituted(c, "buildout", strings.ReplaceAll(c.Raw["buildout"]["develop"], "${buildout:directory}", "."), 8)) {
		if !filepath.IsAbs(pattern) {
			pattern = filepath.Join(globEscape(dir), filepath.FromSlash(pattern))
		}
		packages, _ := filepath.Glob(pattern)
		for _, p := range packages {
			for _, text := range requiresIn(p) {
				name, marker, _ := strings.Cut(text, ";")
				r, ok := pydist.ParseRequirement(text)
				if ok && (marker == "" || env != nil && r.AppliesTo(env, nil)) {
					all = append(all, name)
				}
			}
		}
	}
	return all
}

var (
	requiresName    = regexp.MustCompile(`\binstall_requires\s*=\s*([A-Za-z_]\w*)\s*[,)\n]`)
	requiresList    = regexp.MustCompile(`\binstall_requires\s*=\s*[\[(]`)
	projectTable    = regexp.MustCompile(`(?m)^\s*\[project\]\s*$`)
	anyTable        = regexp.MustCompile(`(?m)^\s*\[[A-Za-z"\[]`)
	dependenciesKey = regexp.MustCompile(`(?m)^\s*dependencies\s*=\s*\[`)
)

// requiresIn gives the requirements that a package's files write out.
func requiresIn(dir string) []string {
	read := func(name string) string {
		data, _ := os.ReadFile(filepath.Join(dir, name)) // what isn't there requires nothing
		return string(data)
	}
	var all []string
	project := read("pyproject.toml")
	if at := projectTable.FindStringIndex(project); at != nil {
		table := project[at[1]:]
		if end := anyTable.FindStringIndex(table); end != nil {
			table = table[:end[0]]
		}
		all = append(all, stringsAfter(table, dependenciesKey)...)
	}
	all = append(all, pathLines(literalOptions(filepath.Join(dir, "setup.cfg"), "options")["install_requires"])...)
	setup := read("setup.py")
	all = append(all, stringsAfter(setup, requiresList)...)
	if m := requiresName.FindStringSubmatch(setup); m != nil {
		all = append(all, stringsAfter(setup, regexp.MustCompile(`(?m)^\s*`+m[1]+`\s*=\s*[\[(]`))...)
	}
	return all
}

// stringsAfter gives the strings of a list or tuple that a match opens, as Python and TOML write them.
func stringsAfter(text string, opens *regexp.Regexp) []string {
	at := opens.FindStringIndex(text)
	if at == nil {
		return nil
	}
	var all []string
	for rest := text[at[1]:]; ; {
		rest = strings.TrimLeft(rest, " \t\r\n,")
		switch {
		case strings.HasPrefix(rest, "#"):
			_, rest, _ = strings.Cut(rest, "\n")
		case strings.HasPrefix(rest, `"`), strings.HasPrefix(rest, "'"):
			end := strings.Index(rest[1:], rest[:1])
			if end < 0 {
				return all
			}
			all, rest = append(all, rest[1:1+end]), rest[2+end:]
		default: // the list's end, or something that isn't a string
			return all
		}
	}
}

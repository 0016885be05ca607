package explain

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

var (
	noNetwork     = regexp.MustCompile(`Name or service not known|Temporary failure in name resolution|Connection refused|Network is unreachable|Connection timed out|getaddrinfo failed|Max retries exceeded|nodename nor servname`)
	notFound      = regexp.MustCompile(`Couldn't find a distribution for u?'([^']*)'`)
	oldNames      = regexp.MustCompile(`^([1-3]|4\.0)\.`) // versions that take a project's name for that of its files
	unknownEgg    = regexp.MustCompile(`The '([\w-]+\.[\w.-]+)' distribution was not found and is required by the application`)
	outside       = regexp.MustCompile(`No such file or directory: u?'(?:[^']*/)?\.\./[^']*'`)
	denied        = regexp.MustCompile(`HTTP Error 40[13]`) // an answer to extends
	otherBuildout = regexp.MustCompile(`(?:Getting distribution for |Requirement\.parse\()u?'zc\.buildout([^']*)'`)
	wrongPython   = regexp.MustCompile(`requires a different Python|requires Python '?([^']*)'? but`)
	// downloadError is zc.buildout's line for a page that it didn't get.
	downloadError = regexp.MustCompile(`Download error on (\S+?): (.*?)(?: -- Some packages.*)?\n`)
)

// unreachable is for a server that doesn't answer. A page of links that isn't
// the index's own is a cause only where the index has no such egg.
func unreachable(q question, _ []string) Advice {
	failed := downloadError.FindAllStringSubmatch(q.said, -1)
	wanted := notFound.FindStringSubmatch(q.said)
	if len(failed) == 0 || wanted == nil {
		return Advice{Tip: "the package index, or another server, can't be reached: check the network, HTTPS_PROXY, PIP_INDEX_URL and [buildout] index", Code: 3}
	}
	for _, page := range failed {
		if indexPage(page[1], Project(wanted[1])) {
			return Advice{Tip: secrets.Mask(fmt.Sprintf("%s can't be reached (%s): check the network, HTTPS_PROXY and [buildout] index", page[1], page[2])), Code: 3}
		}
	}
	a := noDistribution(q, wanted)
	a.Tip += secrets.Mask(fmt.Sprintf("; %s, which may have it, can't be reached (%s)", failed[0][1], failed[0][2]))
	return a
}

// indexPage reports whether a URL is an index's page of a project.
func indexPage(url, project string) bool {
	rest := strings.TrimRight(url, "/")
	return pydist.PlainName(rest[strings.LastIndexByte(rest, '/')+1:]) == pydist.PlainName(project)
}

// oldName is for a zc.buildout that looks for an egg by a name that its files don't have.
func oldName(q question, m []string) Advice {
	if !oldNames.MatchString(q.Buildout) {
		return Advice{}
	}
	return Advice{Tip: fmt.Sprintf("zc.buildout %s doesn't know %s by the name that its wheel has today (%s): pin a newer zc.buildout, or a version whose wheel has the old name",
		q.Buildout, m[1], strings.ReplaceAll(m[1], ".", "_"))}
}

// noDistribution is for an egg that no index has.
func noDistribution(q question, m []string) Advice {
	name := Project(m[1])
	if name == m[1] && strings.HasPrefix(q.Buildout, "5.") && slices.ContainsFunc(q.Develop, func(d string) bool { return pydist.PlainName(d) == pydist.PlainName(name) }) {
		return Advice{Tip: fmt.Sprintf("%s is under develop, but zc.buildout %s reads only the metadata that setuptools writes for develop packages: pin zc.buildout = 6.0.1 and zc.recipe.egg = 6.0.0 in [versions], or build %s with setuptools",
			name, q.Buildout, name)}
	}
	tip := fmt.Sprintf("no index or find-links has %s for Python %s: check the pin, and [buildout] index, find-links and allow-hosts (one a line)", m[1], q.Python)
	switch {
	case strings.Contains(q.said, "Installing recipe "+name+".\n"):
		tip = fmt.Sprintf("no index or find-links has a recipe's egg %s for Python %s: check recipe = in the part's section, the pin, and [buildout] index, find-links and allow-hosts (one a line)", m[1], q.Python)
	case strings.Contains(q.said, "Couldn't find index page for '"+name+"'"):
		tip = fmt.Sprintf("no index or find-links has a project %s: check how it is spelt, and [buildout] index, find-links and allow-hosts (one a line)", name)
	}
	if strings.Contains(name, ".") && oldNames.MatchString(q.Buildout) {
		tip += "; zc.buildout " + q.Buildout + " doesn't find files that are named " + strings.ReplaceAll(name, ".", "_") + ", as those of today are: pin an older version"
	}
	return Advice{Tip: tip}
}

// OtherBuildout is for an egg that wants another zc.buildout than the one
// that runs, mostly an unpinned zc.recipe.egg; "" if nothing of that was q.said.
func OtherBuildout(version, said string) string {
	m := otherBuildout.FindStringSubmatch(said)
	if m == nil {
		return ""
	}
	wants := m[1]
	for _, r := range []struct{ buildout, recipe string }{
		{"2.12.", "2.0.7"}, {"2.13.", "2.0.7"}, {"2.", "2.0.3"}, {"3.", "2.0.7"}, {"4.", "3.0.0"}, {"5.", "4.0.0"},
	} {
		if strings.HasPrefix(version, r.buildout) {
			return fmt.Sprintf("an egg requires zc.buildout%s, and this is %s: pin zc.recipe.egg = %s in [versions], or an older version of the egg that requires it", wants, version, r.recipe)
		}
	}
	return fmt.Sprintf("an egg requires zc.buildout%s, and this is %s: pin an older version of that egg in [versions]", wants, version)
}

// Project is the project of a requirement.
func Project(requirement string) string {
	if i := strings.IndexAny(requirement, "<>=!~;[ "); i > 0 {
		return requirement[:i]
	}
	return requirement
}

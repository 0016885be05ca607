package explain

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// cause is a reason for which builds fail: how it shows in what was said, and
// what helps, given the groups of that match. A tip of "" leaves it to the next cause.
type cause struct {
	shows *regexp.Regexp
	helps func(q question, m []string) Advice
}

// always is the advice that needs nothing of what was said.
func always(tip string, code int) func(question, []string) Advice {
	return func(question, []string) Advice { return Advice{Tip: tip, Code: code} }
}

// causes are looked at in this order: what is certain comes first, and what
// often shows beside another cause comes last.
var causes = []cause{
	{otherBuildout, func(q question, _ []string) Advice {
		return Advice{Tip: OtherBuildout(q.Buildout, q.said)}
	}},
	{regexp.MustCompile(`There is a version conflict\.\nWe already have: (\S+) (\S+)(?:\nbut (\S+) (\S+) requires '([^']+)')?`), conflict},
	{regexp.MustCompile(`Not found: /[\w.-]+/\n`), lostIndex},
	{regexp.MustCompile(`(?i)no space left on device|disk quota exceeded`), always("the disk is full: make room, or give --stage DIR on another one", 3)},
	{regexp.MustCompile(`(?i)CERTIFICATE_VERIFY_FAILED|certificate verify failed|server certificate verification failed`),
		always(notTrusted, 3)},
	{regexp.MustCompile(`(?i)407 Proxy|Tunnel connection failed|Cannot connect to proxy|from proxy after CONNECT`),
		always(noProxy, 3)},
	{regexp.MustCompile(`fatal: (?:unable to access '([^']+)': .*|Authentication failed for '([^']+)'|could not read (?:Username|Password) for '([^']+)'.*|repository '([^']+)' not found|'([^']+)' does not appear to be a git repository)|` +
		`Permission denied \(publickey|Host key verification failed|fatal: Could not read from remote repository`), noCheckout},
	{regexp.MustCompile(`(?i)MD5 checksum mismatch|hash mismatch|checksum mismatch|DO NOT MATCH THE HASHES|validation failed; expected`),
		always("the download doesn't have the checksum of the configuration: compare the URL and the checksum; a proxy may have answered in the server's place", 1)},
	{wrongPython, func(q question, _ []string) Advice {
		return Advice{Tip: "pin a version that runs on Python " + q.Python + ", or build with another --python"}
	}},
	{regexp.MustCompile(`The '([\w.-]+)' PyPI package is deprecated, use '([\w.-]+)'`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("the project %s is named %s now: use the new name in the configuration, or in the egg that needs it", m[1], m[2])}
	}},
	{regexp.MustCompile(`(?m)^Error: Picked: (\S+) = (\S+)$`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("allow-picked-versions is false: add %s = %s to [versions]", m[1], m[2])}
	}},
	{regexp.MustCompile(`The requirement \('([^']+)'\) is not allowed by your \[versions\] constraint`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("pin a version of %s that %s allows, or an older version of the egg that asks for it", Project(m[1]), m[1])}
	}},
	{regexp.MustCompile(`The referenced section, '([^']+)', was not defined`), func(_ question, m []string) Advice {
		return Advice{Tip: "the configuration has no section [" + m[1] + "]: correct parts, or the ${...} that names it"}
	}},
	{regexp.MustCompile(`(?:Missing option|The option): *'?([^\s:']+):([^\s:']+)`), missingOption},
	{regexp.MustCompile(`Referenced option does not exist: (\S+) (\S+)`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("[%s] has no option %s: set it there, or correct the ${%s:%s} that names it", m[1], m[2], m[1], m[2])}
	}},
	{regexp.MustCompile(`Circular reference in substitutions`), circle},
	{regexp.MustCompile(`(?:Entry point )?\('zc.buildout', '([^']+)'\)(?: not found)?`), func(_ question, m []string) Advice {
		return Advice{Tip: "the egg has no recipe " + m[1] + ": check recipe = in the part's section"}
	}},
	{regexp.MustCompile(`(?m)^(\S+) (\S+) does not provide the extra '([^']+)'`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("%s %s has no extra %s: correct %s[%s], or pin a version that has it", m[1], m[2], m[3], m[1], m[3])}
	}},
	{regexp.MustCompile(`(?m)InvalidRequirement: .*\n\s+(\S.*)$`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("%q isn't a requirement: check eggs = and the like; each line names one egg", m[1])}
	}},
	{regexp.MustCompile(`Couldn't develop u?'(?:[^']*/)?\.\./`), always(outsideTip, 0)},
	{regexp.MustCompile(`does not appear to be a Python project`), always("the directory that develop names has no setup.py and no pyproject.toml: check develop, and that its checkout is complete", 1)},
	{noConda, func(q question, _ []string) Advice { return Advice{Tip: Conda(q.said)} }},
	{noNetwork, unreachable},
	{unknownEgg, oldName},
	{notFound, noDistribution},
	{regexp.MustCompile(python2), func(q question, _ []string) Advice {
		return Advice{Tip: fmt.Sprintf("%s is written for Python 2: pin a version for Python %s, or build with --python python2.7", q.failing(), q.Python)}
	}},
	{regexp.MustCompile(`No module named '?(distutils|imp|asynchat|asyncore|lib2to3|cgi|pkg_resources)\b`), func(q question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("%s needs %s, which Python %s doesn't have: %s", q.failing(), m[1], q.Python, q.another())}
	}},
	{regexp.MustCompile(`Getting requirements to build (?s:.*)ModuleNotFoundError: No module named '([\w.]+)'`), func(q question, m []string) Advice {
		if q.egg != "" {
			return Advice{Tip: fmt.Sprintf("the build of %s imports %s, which isn't there: pin a version that is made for Python %s, and that names what its build needs", q.failing(), m[1], q.Python)}
		}
		return Advice{Tip: fmt.Sprintf("a build sees nothing but what it asks for: name %s under requires in [build-system] of the package's pyproject.toml", m[1])}
	}},
	{regexp.MustCompile(`No such file or directory: '([^']+)'`), func(q question, m []string) Advice {
		for _, c := range q.Compilers {
			if c.Program == m[1] {
				return Advice{Tip: c.Variable + " names " + m[1] + ", which isn't there: install it, or unset " + c.Variable, Code: 3}
			}
		}
		return Advice{}
	}},
	{regexp.MustCompile(`Permission denied: u?'(/[^']+)'`), func(q question, m []string) Advice {
		for _, own := range q.Own {
			if m[1] == own || strings.HasPrefix(m[1], own+"/") {
				return Advice{}
			}
		}
		return Advice{Tip: fmt.Sprintf("%s lies outside of the buildout: make what the build needs there before it, for the user that builds, or name a place that this user can write", m[1])}
	}},
	{regexp.MustCompile(`(?m)cannot find -l(\S+?):?(?: No such file or directory)?$`), func(_ question, m []string) Advice {
		return Advice{Tip: fmt.Sprintf("the linker doesn't find lib%s: install its development package on the build system", m[1])}
	}},
	{regexp.MustCompile(`(?i)Killed signal terminated program|signal 9|exit status -9\b|exit code: -9\b`),
		always("the system killed a program of the build, usually because it ran out of memory: build on a machine that has more", 3)},
	{regexp.MustCompile(`in fetch_build_egg\n\s+return cmd\.easy_install\(req\)`), func(q question, _ []string) Advice {
		return Advice{Tip: fmt.Sprintf("something that %s needs for its build (setup_requires) was fetched by a setuptools below 42, which takes the newest release even if that doesn't run on Python %s: run python%s -m pip install --upgrade setuptools wheel, with the Python that builds", q.failing(), q.Python, q.Python), Code: 3}
	}},
	{regexp.MustCompile(`error: .*\b_?Py[A-Z]\w*|` + goneHeader.String()), func(q question, _ []string) Advice {
		return Advice{Tip: fmt.Sprintf("the C sources of %s don't compile with Python %s: %s; %s", q.failing(), q.Python, q.another(), WholeLog)}
	}},
	{regexp.MustCompile(`invalid command 'bdist_wheel'`), func(q question, _ []string) Advice {
		return Advice{Tip: fmt.Sprintf("setuptools 42 and newer has pip make a wheel of what a setup.py wants (setup_requires), and this Python has no wheel: run python%s -m pip install wheel, with the Python that builds", q.Python), Code: 3}
	}},
	{compilerFailed, silentCompiler},
	{regexp.MustCompile(`meson\.build:\S+ ERROR: (?:Unable to (?:get|detect) .*|Unknown compiler.*|Compiler .* cannot compile programs)|is not able to compile a simple test program|compiler cannot create executables`),
		always("the compiler doesn't compile a program of one line: try it by hand, and check CC, CXX, CFLAGS and LDFLAGS", 1)},
	{regexp.MustCompile(`Getting requirements to build \S+ did not run successfully`), func(q question, _ []string) Advice {
		if q.egg == "" {
			return Advice{}
		}
		return Advice{Tip: fmt.Sprintf("the build of %s failed before it compiled anything, perhaps because the egg is too old for Python %s: %s; %s", q.failing(), q.Python, q.another(), WholeLog)}
	}},
}

// noConda is how birdhousebuilder.recipe.conda ends where there is no conda: it
// looks in anaconda-home, by default ~/anaconda (its __init__.py, version 0.4.0).
var noConda = regexp.MustCompile(`No such file or directory: '[^']*/bin/conda'`)

// Conda is what to do where conda is missing, and "" if what was said isn't about it.
func Conda(said string) string {
	if !noConda.MatchString(said) {
		return ""
	}
	return "set anaconda-home in [buildout] to conda's directory: by default it is ~/anaconda, and another user has another home; conda itself doesn't travel in the archive"
}

// What helps where a connection can't be made, whoever tried.
const (
	notTrusted = "the server's certificate isn't trusted here: install ca-certificates, or name your own authority's file with SSL_CERT_FILE and PIP_CERT"
	noProxy    = "the proxy refuses the connection, or can't be reached: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
)

// failing is the project whose egg didn't build, or what else there is to say.
func (q question) failing() string {
	if q.egg != "" {
		return Project(q.egg)
	}
	return "the package"
}

// another is what helps where an egg is too old for its Python.
func (q question) another() string {
	if q.unpinned(q.egg) {
		return "it has no pin, so this is the newest version that fits: build with an older --python"
	}
	return "pin a newer version of it, or build with an older --python"
}

// python2 is how Python 3 speaks of sources for Python 2.
const python2 = `(?i:only works (?:on|with) python 2)|Missing parentheses in call to 'print'|SyntaxError: multiple exception types must be parenthesized|use_2to3 is invalid|` +
	`NameError: name '(?:unicode|execfile|raw_input|xrange|basestring|file)' is not defined|` +
	`No module named '?(?:ConfigParser|urllib2|StringIO|cStringIO|__builtin__|commands|HTMLParser|Queue|httplib)\b`

func conflict(_ question, m []string) Advice {
	who := "the egg that needs another one"
	if m[3] != "" {
		who = m[3]
	}
	return Advice{Tip: fmt.Sprintf("pin in [versions] a version of %s that all of them allow, or another version of %s", m[1], who)}
}

// lostIndex is for a zc.buildout that has no index any more: version 6.0.1
// makes another one of "" at an egg with dependency_links (its easy_install.py,
// _add_dependency_links_from_dists; measured with plone.recipe.precompiler 0.7.2).
func lostIndex(q question, _ []string) Advice {
	return Advice{Tip: "zc.buildout " + q.Buildout + " loses its default index once an egg has dependency_links: set use-dependency-links = false in [buildout], or name the index there (index = URL)"}
}

// noCheckout is for a version-control program that didn't get what it asked for.
func noCheckout(_ question, m []string) Advice {
	for _, url := range m[1:] {
		if url != "" {
			return Advice{Tip: secrets.Mask("git can't get " + url + ": check that it is there, and that this build may read it (a deploy key, or a token)"), Code: 3}
		}
	}
	return Advice{Tip: "git can't get the repository: check that it is there, and that this build may read it (a deploy key, or a token)", Code: 3}
}

func missingOption(_ question, m []string) Advice {
	if m[2] == "recipe" {
		return Advice{Tip: fmt.Sprintf("[%s] is a part without a recipe: set recipe in [%s], or take it out of parts", m[1], m[1])}
	}
	return Advice{Tip: fmt.Sprintf("set %s in [%s], or correct the ${...} that names it", m[2], m[1])}
}

var gettingOption = regexp.MustCompile(`(?m)^  Getting option (\S+)\.$`)

// circle names the options that name each other.
func circle(q question, _ []string) Advice {
	var names []string
	all := gettingOption.FindAllStringSubmatch(q.said, -1)
	for i := len(all) - 1; i >= 0; i-- {
		name := "${" + all[i][1] + "}"
		if len(names) > 0 && names[0] == name {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return Advice{Tip: "options name each other in a circle: give one of them a value of its own"}
	}
	return Advice{Tip: strings.Join(names, " and ") + " name each other: give one of them a value of its own"}
}

// compilerFailed is how distutils says that a compiler failed: group 1 or 2 is its command.
var compilerFailed = regexp.MustCompile(`[Cc]ommand '?(?:\['([^']+)'[^\]]*\]|([^'\s]+))'? (?:returned non-zero exit|failed with exit)`)

// silentCompiler is for a compiler that failed, with or without a word.
func silentCompiler(q question, m []string) Advice {
	command := q.compilerNamed(m[1] + m[2])
	if !strings.Contains(q.said, "error: ") || !diagnosed.MatchString(q.said) {
		return Advice{Tip: fmt.Sprintf("%s failed at the sources of %s, and printed nothing: try it by hand, and check CC, CXX and CFLAGS", command, q.failing())}
	}
	return Advice{Tip: fmt.Sprintf("%s refused the sources of %s: the log has what it said of them, from its first error on", command, q.failing())}
}

// compilerNamed is a command as CC or CXX names it, which may be that of its wrapper in the build.
func (q question) compilerNamed(command string) string {
	for _, c := range q.Compilers {
		if command == "build-"+filepath.Base(c.Program) {
			return c.Variable + "=" + c.Program
		}
	}
	return command
}

// diagnosed is a compiler's own error: FILE:LINE.
var diagnosed = regexp.MustCompile(`:\d+(?::\d+)?: (?:fatal )?error|undefined reference|ld: `)

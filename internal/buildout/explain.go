package buildout

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/isolate"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/internal/secrets"
)

// explain makes the error of a build that failed, with what to do about it.
func (b *builder) explain(ctx context.Context, f failure, err error) error {
	what := f.what
	if what == "" {
		what = "the buildout"
	}
	e := &Error{Doing: "building " + b.relative(what), Err: fmt.Errorf("%w: %s", err, b.relative(f.why)), Code: 1, Log: b.log(), Tip: wholeLog}
	if ctx.Err() != nil {
		e.Err, e.Tip = ctx.Err(), ""
		return e
	}
	if egg, ok := strings.CutPrefix(f.what, "egg "); ok {
		b.egg = egg
	}
	b.hint(e, f.said)
	b.hintOfSubmodules(e, f.said)
	b.hintOfTaken(e)
	return e
}

const wholeLog = "the log has the whole output"

// relative names the stage's files as the checkout does.
func (b *builder) relative(said string) string {
	return strings.ReplaceAll(said, b.s.root+"/", "")
}

// hintOfCause sets the hint of the first cause that shows in what was said. An
// egg whose build failed for no known reason may just be too new.
func (b *builder) hintOfCause(e *Error, said string) {
	for _, c := range causes {
		m := c.shows.FindStringSubmatch(said)
		if m == nil {
			continue
		}
		if a := c.helps(b, m, said); a.tip != "" {
			e.Tip, e.Code = a.tip, max(a.code, 1)
			return
		}
	}
	if b.unpinned(b.egg) {
		e.Tip = fmt.Sprintf("%s has no pin, so the newest that fits was taken: if that one doesn't build on Python %s, pin another in [versions]; %s",
			projectOf(b.egg), b.in.Minor(), wholeLog)
	}
}

// unpinned reports whether neither the requirement nor the configuration says
// which version of an egg is taken.
func (b *builder) unpinned(requirement string) bool {
	if requirement == "" || strings.Contains(requirement, "==") {
		return false
	}
	for name := range b.pins {
		if pydist.PlainName(name) == pydist.PlainName(projectOf(requirement)) {
			return false
		}
	}
	return true
}

// advice is what a person can do about a failed build. A tip of "" leaves it to
// the next cause; code is the exit code if it isn't 1.
type advice struct {
	tip  string
	code int
}

// cause is a reason for which builds fail: how it shows in what was said, and
// what helps, given the groups of that match and all that was said.
type cause struct {
	shows *regexp.Regexp
	helps func(b *builder, m []string, said string) advice
}

// always is the advice that needs nothing of what was said.
func always(tip string, code int) func(*builder, []string, string) advice {
	return func(*builder, []string, string) advice { return advice{tip, code} }
}

// causes are looked at in this order: what is certain comes first, and what
// often shows beside another cause comes last.
var causes = []cause{
	{otherBuildout, func(b *builder, _ []string, said string) advice {
		return advice{tip: otherBuildoutHint(b.buildout, said)}
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
		always("what was downloaded isn't the file that the checksum was made of: compare the URL and its checksum in the configuration; a proxy may have answered in the server's place", 1)},
	{wrongPython, func(b *builder, _ []string, _ string) advice {
		return advice{tip: "pin a version that runs on Python " + b.in.Minor() + ", or build with another --python"}
	}},
	{regexp.MustCompile(`The '([\w.-]+)' PyPI package is deprecated, use '([\w.-]+)'`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("the project %s is named %s now: name that one where the configuration, or the egg that needs it, names the old one", m[1], m[2])}
	}},
	{regexp.MustCompile(`(?m)^Error: Picked: (\S+) = (\S+)$`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("allow-picked-versions is false: add %s = %s to [versions]", m[1], m[2])}
	}},
	{regexp.MustCompile(`The requirement \('([^']+)'\) is not allowed by your \[versions\] constraint`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("pin a version of %s that %s allows, or an older one of what asks for it", projectOf(m[1]), m[1])}
	}},
	{regexp.MustCompile(`The referenced section, '([^']+)', was not defined`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: "the configuration has no section [" + m[1] + "]: correct parts, or the ${...} that names it"}
	}},
	{regexp.MustCompile(`(?:Missing option|The option): *'?([^\s:']+):([^\s:']+)`), missingOption},
	{regexp.MustCompile(`Referenced option does not exist: (\S+) (\S+)`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("[%s] has no option %s: set it there, or correct the ${%s:%s} that names it", m[1], m[2], m[1], m[2])}
	}},
	{regexp.MustCompile(`Circular reference in substitutions`), circle},
	{regexp.MustCompile(`(?:Entry point )?\('zc.buildout', '([^']+)'\)(?: not found)?`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: "the egg has no recipe " + m[1] + ": check recipe = in the part's section"}
	}},
	{regexp.MustCompile(`(?m)^(\S+) (\S+) does not provide the extra '([^']+)'`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("%s %s has no extra %s: correct %s[%s], or pin a version that has it", m[1], m[2], m[3], m[1], m[3])}
	}},
	{regexp.MustCompile(`(?m)InvalidRequirement: .*\n\s+(\S.*)$`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("%q is no requirement: check eggs = and the like; each line names one egg", m[1])}
	}},
	{regexp.MustCompile(`Couldn't develop u?'(?:[^']*/)?\.\./`), always(outsideHint, 0)},
	{regexp.MustCompile(`does not appear to be a Python project`), always("the directory that develop names has no setup.py and no pyproject.toml: check develop, and that its checkout is complete", 1)},
	{noConda, func(_ *builder, _ []string, said string) advice { return advice{tip: hintOfConda(said)} }},
	{noNetwork, unreachable},
	{unknownEgg, oldName},
	{notFound, noDistribution},
	{regexp.MustCompile(python2), func(b *builder, _ []string, _ string) advice {
		return advice{tip: fmt.Sprintf("%s is written for Python 2: pin a version for Python %s, or build with --python python2.7", b.failing(), b.in.Minor())}
	}},
	{regexp.MustCompile(`No module named '?(distutils|imp|asynchat|asyncore|lib2to3|cgi|pkg_resources)\b`), func(b *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("%s needs %s, which Python %s doesn't have: %s", b.failing(), m[1], b.in.Minor(), b.another())}
	}},
	{regexp.MustCompile(`Getting requirements to build (?s:.*)ModuleNotFoundError: No module named '([\w.]+)'`), func(b *builder, m []string, _ string) advice {
		if b.egg != "" {
			return advice{tip: fmt.Sprintf("the build of %s imports %s, which isn't there: pin a version that is made for Python %s, and that names what its build needs", b.failing(), m[1], b.in.Minor())}
		}
		return advice{tip: fmt.Sprintf("a build sees nothing but what it asks for: name %s under requires in [build-system] of the package's pyproject.toml", m[1])}
	}},
	{regexp.MustCompile(`No such file or directory: '([^']+)'`), func(b *builder, m []string, _ string) advice {
		for _, name := range isolate.CompilerVariables() {
			if value := environ.Get(b.o.environ(), name); value != "" && compilerIn(value) == m[1] {
				return advice{name + " names " + m[1] + ", which isn't there: install it, or unset " + name, 3}
			}
		}
		return advice{}
	}},
	{regexp.MustCompile(`Permission denied: u?'(/[^']+)'`), func(b *builder, m []string, _ string) advice {
		if within(m[1], b.s.root) || within(m[1], b.s.tmp) {
			return advice{}
		}
		return advice{tip: fmt.Sprintf("%s lies outside of the buildout: make what the build needs there before it, for the user that builds, or name a place that this user can write", m[1])}
	}},
	{regexp.MustCompile(`(?m)cannot find -l(\S+?):?(?: No such file or directory)?$`), func(_ *builder, m []string, _ string) advice {
		return advice{tip: fmt.Sprintf("the linker doesn't find lib%s: install its development package on the build system", m[1])}
	}},
	{regexp.MustCompile(`(?i)Killed signal terminated program|signal 9|exit status -9\b|exit code: -9\b`),
		always("the system killed a program of the build, mostly for want of memory: build on a machine that has more", 3)},
	{regexp.MustCompile(`error: .*\b_?Py[A-Z]\w*|` + goneHeader.String()), func(b *builder, _ []string, _ string) advice {
		return advice{tip: fmt.Sprintf("the C sources of %s don't go with Python %s: %s; %s", b.failing(), b.in.Minor(), b.another(), wholeLog)}
	}},
	{compilerFailed, silentCompiler},
	{regexp.MustCompile(`meson\.build:\S+ ERROR: (?:Unable to (?:get|detect) .*|Unknown compiler.*|Compiler .* cannot compile programs)|is not able to compile a simple test program|compiler cannot create executables`),
		always("the compiler doesn't compile a program of one line: try it by hand, and check CC, CXX, CFLAGS and LDFLAGS", 1)},
	{regexp.MustCompile(`Getting requirements to build \S+ did not run successfully`), func(b *builder, _ []string, _ string) advice {
		if b.egg == "" {
			return advice{}
		}
		return advice{tip: fmt.Sprintf("the build of %s failed before it compiled anything, as that of an egg does that is too old for Python %s: %s; %s", b.failing(), b.in.Minor(), b.another(), wholeLog)}
	}},
}

// noConda is how birdhousebuilder.recipe.conda ends where there is no conda: it
// looks in anaconda-home, by default ~/anaconda (its __init__.py, version 0.4.0).
var noConda = regexp.MustCompile(`No such file or directory: '[^']*/bin/conda'`)

// hintOfConda is "" if what was said isn't about conda.
func hintOfConda(said string) string {
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
func (b *builder) failing() string {
	if b.egg != "" {
		return projectOf(b.egg)
	}
	return "the package"
}

// another is what helps where an egg is too old for its Python.
func (b *builder) another() string {
	if b.unpinned(b.egg) {
		return "it has no pin, so this is the newest version that fits: build with an older --python"
	}
	return "pin a newer version of it, or build with an older --python"
}

// python2 is how Python 3 speaks of sources for Python 2.
const python2 = `(?i:only works (?:on|with) python 2)|Missing parentheses in call to 'print'|SyntaxError: multiple exception types must be parenthesized|use_2to3 is invalid|` +
	`NameError: name '(?:unicode|execfile|raw_input|xrange|basestring|file)' is not defined|` +
	`No module named '?(?:ConfigParser|urllib2|StringIO|cStringIO|__builtin__|commands|HTMLParser|Queue|httplib)\b`

func conflict(_ *builder, m []string, _ string) advice {
	who := "what needs another one"
	if m[3] != "" {
		who = m[3]
	}
	return advice{tip: fmt.Sprintf("pin in [versions] a version of %s that all of them allow, or another version of %s", m[1], who)}
}

// lostIndex is for a zc.buildout that has no index any more: version 6.0.1
// makes another one of "" at an egg with dependency_links (its easy_install.py,
// _add_dependency_links_from_dists; measured with plone.recipe.precompiler 0.7.2).
func lostIndex(b *builder, _ []string, _ string) advice {
	return advice{tip: "zc.buildout " + b.buildout + " loses its default index once an egg has dependency_links: set use-dependency-links = false in [buildout], or name the index there (index = URL)"}
}

// noCheckout is for a version-control program that didn't get what it asked for.
func noCheckout(_ *builder, m []string, _ string) advice {
	for _, url := range m[1:] {
		if url != "" {
			return advice{secrets.Mask("git can't get " + url + ": check that it is there, and that this build may read it (a deploy key, or a token)"), 3}
		}
	}
	return advice{"git can't get the repository: check that it is there, and that this build may read it (a deploy key, or a token)", 3}
}

func missingOption(_ *builder, m []string, _ string) advice {
	if m[2] == "recipe" {
		return advice{tip: fmt.Sprintf("[%s] is a part without a recipe: set recipe in [%s], or take it out of parts", m[1], m[1])}
	}
	return advice{tip: fmt.Sprintf("set %s in [%s], or correct the ${...} that names it", m[2], m[1])}
}

var gettingOption = regexp.MustCompile(`(?m)^  Getting option (\S+)\.$`)

// circle names the options that name each other.
func circle(_ *builder, _ []string, said string) advice {
	var names []string
	all := gettingOption.FindAllStringSubmatch(said, -1)
	for i := len(all) - 1; i >= 0; i-- {
		name := "${" + all[i][1] + "}"
		if len(names) > 0 && names[0] == name {
			break
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return advice{tip: "options name each other in a circle: give one of them a value of its own"}
	}
	return advice{tip: strings.Join(names, " and ") + " name each other: give one of them a value of its own"}
}

// compilerFailed is how distutils says that a compiler failed: group 1 or 2 is its command.
var compilerFailed = regexp.MustCompile(`[Cc]ommand '?(?:\['([^']+)'[^\]]*\]|([^'\s]+))'? (?:returned non-zero exit|failed with exit)`)

// silentCompiler is for a compiler that failed, with or without a word.
func silentCompiler(b *builder, m []string, said string) advice {
	command := b.compilerNamed(m[1] + m[2])
	if !strings.Contains(said, "error: ") || !diagnosed.MatchString(said) {
		return advice{tip: fmt.Sprintf("%s failed without a word at the sources of %s: try it by hand, and check CC, CXX and CFLAGS", command, b.failing())}
	}
	return advice{tip: fmt.Sprintf("%s refused the sources of %s: the log has what it said of them, from its first error on", command, b.failing())}
}

// compilerNamed is a command as CC or CXX names it, which may be that of its wrapper in the build.
func (b *builder) compilerNamed(command string) string {
	for _, name := range isolate.CompilerVariables() {
		if word := compilerIn(environ.Get(b.o.environ(), name)); word != "" && command == "build-"+filepath.Base(word) {
			return name + "=" + word
		}
	}
	return command
}

// diagnosed is a compiler's own error: FILE:LINE.
var diagnosed = regexp.MustCompile(`:\d+(?::\d+)?: (?:fatal )?error|undefined reference|ld: `)

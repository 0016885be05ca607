package buildout

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/buildout/tools"
	"github.com/binary-buildout/binary-buildout/internal/environ"
	"github.com/binary-buildout/binary-buildout/internal/pydist"
	"github.com/binary-buildout/binary-buildout/target"
)

// toolNames are zc.buildout and what its versions need. Only these are taken
// from requirements and constraints files.
var toolNames = []string{"zc.buildout", "setuptools", "pip", "wheel", "packaging", "platformdirs", "importlib-metadata", "distribute"}

// pin is a version that somebody asks for.
type pin struct{ Name, Spec, Source string }

// limit is a combination that metadata doesn't forbid and that doesn't work.
type limit struct {
	buildout string // prefix of zc.buildout's version
	pin      pin
}

// limits, the first that fits counts: pkg_resources.extern went with setuptools 71, versions that aren't PEP 440
// with 66, package_index and easy_install's options with 80, pkg_resources with 82, SetuptoolsVersion and versions
// that are tuples with 39, pip's own six with 24.1.
var limits = []limit{
	{"1.", pin{"setuptools", "<39", ""}},
	{"2.1.", pin{"setuptools", "<39", ""}},
	{"2.2.", pin{"setuptools", "<39", ""}},
	{"2.10.", pin{"setuptools", "<39", ""}},
	{"2.", pin{"setuptools", "<52", ""}},
	{"3.0.", pin{"pip", "<24.1", ""}},
	{"3.0.", pin{"setuptools", "<66", ""}},
	{"3.", pin{"setuptools", "<71", ""}},
	{"4.0", pin{"setuptools", "<80", ""}},
	{"4.1.11", pin{"setuptools", "<82", ""}},
	{"4.1.12", pin{"setuptools", "<82", ""}},
	{"4.1", pin{"setuptools", "<80", ""}},
	{"4.", pin{"setuptools", "<82", ""}},
	{"5.", pin{"setuptools", "<82", ""}},
}

// limitsOf gives what goes with a version of zc.buildout, one limit a project.
func limitsOf(version string) []pin {
	var out []pin
	for _, l := range limits {
		named := func(p pin) bool { return p.Name == l.pin.Name }
		if strings.HasPrefix(version, l.buildout) && !slices.ContainsFunc(out, named) {
			out = append(out, l.pin)
		}
	}
	return out
}

// limitOf gives what a version of zc.buildout needs of a project; "" if that isn't known.
func limitOf(version, project string) string {
	for _, l := range limitsOf(version) {
		if l.Name == project {
			return l.Spec
		}
	}
	return ""
}

// demands gathers what is asked for of the tools: by --buildout-version, by
// the configuration's versions section, by requirements.txt and
// constraints.txt. Two that exclude each other are an error that names both.
func demands(ctx context.Context, p tools.Pip, root, flag string, versions map[string]string, section string) ([]pin, error) {
	var pins []pin
	if flag != "" {
		pins = append(pins, pin{"zc.buildout", flag, "--buildout-version"})
	}
	for name, spec := range versions {
		pins = append(pins, pin{name, spec, "[" + section + "]"})
	}
	slices.SortStableFunc(pins, func(a, b pin) int { return strings.Compare(a.Name, b.Name) })
	var files []string
	for _, name := range []string{"requirements.txt", "constraints.txt"} {
		if exists(filepath.Join(root, name)) {
			files = append(files, filepath.Join(root, name))
		}
	}
	triples := [][]string{}
	for _, p := range pins {
		triples = append(triples, []string{p.Name, p.Spec, p.Source})
	}
	var answer struct {
		Pins     [][]string
		Conflict []string
	}
	h := helper{python: p.Python, flags: []string{"-sE"}, before: target.Names(), script: "pins.py", env: withPath(p), dir: root,
		input: map[string]any{"names": toolNames, "pins": triples, "files": append([]string{}, files...)}}
	if p.Wheel != "" {
		h.flags = []string{"-s"}
	}
	if err := h.run(ctx, &answer); err != nil {
		return nil, failed("reading the pins of zc.buildout", "check requirements.txt and constraints.txt", "%w", err)
	}
	if c := answer.Conflict; c != nil {
		rel := func(s string) string { return strings.TrimPrefix(s, root+string(filepath.Separator)) }
		return nil, usage("choosing the version of "+c[0], "make the two agree",
			"%s asks for %s%s, %s for %s%s", rel(c[2]), c[0], c[1], rel(c[4]), c[0], c[3])
	}
	pins = nil
	for _, t := range answer.Pins {
		pins = append(pins, pin{t[0], t[1], t[2]})
	}
	return pins, nil
}

// ofTools are the pins of the tools alone, by plain name.
func ofTools(versions map[string]string) map[string]string {
	found := map[string]string{}
	for name, spec := range versions {
		if isTool(name) {
			found[pydist.PlainName(name)] = spec
		}
	}
	return found
}

// isTool is whether a distribution is one of toolNames, however it is spelt.
func isTool(name string) bool {
	return slices.ContainsFunc(toolNames, func(tool string) bool { return pydist.PlainName(tool) == pydist.PlainName(name) })
}

// withPath is the environment in which the interpreter imports pip.
func withPath(p tools.Pip) []string {
	if p.Wheel == "" {
		return p.Env
	}
	return environ.Set(p.Env, "PYTHONPATH="+p.Wheel)
}

// constraints writes pins as pip's constraints file has them, with the limits
// for zc.buildout's version, if that is known already. Who pins the other one
// exactly is believed.
func constraints(pins []pin, version string) string {
	var b strings.Builder
	for _, p := range pins {
		fmt.Fprintf(&b, "%s%s\n", p.Name, p.Spec)
	}
	for _, l := range limitsOf(version) {
		if exactly(pins, l.Name) == "" {
			fmt.Fprintf(&b, "%s%s\n", l.Name, l.Spec)
		}
	}
	return b.String()
}

var exactVersion = regexp.MustCompile(`^(?:===?)?\s*([0-9][A-Za-z0-9.]*)$`)

// exactly gives the one version that pins allow of name, or "".
func exactly(pins []pin, name string) string {
	for _, p := range pins {
		if strings.NewReplacer("-", ".", "_", ".").Replace(p.Name) != name {
			continue
		}
		if m := exactVersion.FindStringSubmatch(p.Spec); m != nil {
			return m[1]
		}
	}
	return ""
}

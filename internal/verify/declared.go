package verify

import (
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/pydist"
)

// adopt gives declarations of a name that no egg has to the project in whose source tree they were made.
func (c *checker) adopt() {
	named := func(name string) bool {
		return slices.ContainsFunc(c.eggs, func(e *egg) bool { return e.key() == pydist.PlainName(name) })
	}
	c.in.Declared = slices.Clone(c.in.Declared)
	for i := range c.in.Declared {
		if d := &c.in.Declared[i]; d.Outer != "" && !named(d.Project) && named(d.Outer) {
			d.Project, d.Version = d.Outer, ""
		}
	}
}

// declared: what each build of this run said that it would compile.
func (c *checker) declared() {
	for _, d := range c.in.Declared {
		for _, e := range c.eggs {
			if e.key() != pydist.PlainName(d.Project) || !sameVersion(e.version, d.Version) {
				continue
			}
			c.lost(e, &d)
			for _, module := range d.Modules {
				if has(e, module) || c.developed(d, module) || c.placeholder(e, d, module) {
					continue
				}
				item := Item{Path: e.base, Optional: slices.Contains(d.Optional, module), Lines: d.errorLines(module)}
				p := Problem{Kind: "missing", Message: "its build declares it, but it isn't there"}
				if item.Optional {
					p.Message = "its build declares it as optional, and it isn't there"
				}
				p.Hint = c.hintFor(item.Lines, e.name, module)
				item.Problems = []Problem{p}
				c.miss(e, module, orDefault(d.How[module], "ext_modules of its build by "+orDefault(d.Backend, "setuptools")), item)
			}
		}
	}
}

// placeholder says whether an extension without sources stands for one that another program compiles, as CMake does,
// under a name of its own.
func (c *checker) placeholder(e *egg, d Declaration, module string) bool {
	sources, ok := d.Sources[module]
	return ok && len(sources) == 0 && slices.ContainsFunc(e.extensions, func(x *extension) bool {
		return !slices.ContainsFunc(d.Modules, func(m string) bool { return sameModule(x, m) })
	})
}

// developed says whether a build in a directory of the tree left its
// extension there: a develop package's egg is no more than a link to it.
func (c *checker) developed(d Declaration, module string) bool {
	for _, root := range c.in.Roots {
		dir, ok := strings.CutPrefix(d.Directory, root+"/")
		if ok && slices.ContainsFunc(c.extensions, func(x *extension) bool {
			return strings.HasPrefix(x.file.path, dir+"/") && sameModule(x, module)
		}) {
			return true
		}
	}
	return false
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

var (
	leadingZeros  = regexp.MustCompile(`(^|\.)0+(\d)`)
	trailingZeros = regexp.MustCompile(`(\.0)+$`)
	versionTag    = regexp.MustCompile(`^(\.0)*\.?[a-z]`)
)

// sameVersion compares an egg's version with a declared one, as two tools may write them: 1.0 and 1.0.0, 1.0-1 and
// 1.0.1, 2020.01.05 and 2020.1.5. A build's tag, as .dev0, comes to the declared one only later.
func sameVersion(egg, declared string) bool {
	plain := func(s string) string {
		s = strings.ToLower(strings.NewReplacer("-", ".", "_", ".", "+", ".").Replace(s))
		return trailingZeros.ReplaceAllString(leadingZeros.ReplaceAllString(s, "$1$2"), "")
	}
	a, b := plain(egg), plain(declared)
	tag, ok := strings.CutPrefix(a, b)
	return egg == "" || declared == "" || a == b || ok && versionTag.MatchString(tag)
}

// errorLines are the compiler's lines for a module: its own errors first, else those of no module.
func (d *Declaration) errorLines(module string) []string {
	last := module[strings.LastIndex(module, ".")+1:]
	var own, any []string
	for _, e := range d.Errors {
		switch {
		case e.Module == module || e.Module != "" && strings.HasSuffix(module, "."+e.Module), e.Module == last:
			own = longer(own, e.Lines)
		case e.Module == "":
			any = longer(any, e.Lines)
		}
	}
	if own == nil {
		own = any
	}
	return own
}

func longer(a, b []string) []string {
	if len(b) > len(a) {
		return b
	}
	return a
}

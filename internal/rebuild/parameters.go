package rebuild

import (
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// recorded are the flags of pack that decide about an archive's bytes, and that
// no other field of the manifest says.
func recorded() []string {
	return []string{"allow-outside", "buildout-version", "bundle-python", "config", "default-cfg", "exclude", "expect", "floor", "in-place", "include",
		"no-import", "smallest", "system-libraries", "waive"}
}

// values is a flag that holds several values.
type values interface{ Values() []string }

// Parameters are the values of those flags of fs that aren't as by default. A
// file is named from dir, the buildout's directory, or by its base name alone
// where it lies outside: no archive names a directory of its build.
func Parameters(fs *flag.FlagSet, dir string) map[string][]string {
	found := map[string][]string{}
	for _, name := range recorded() {
		f := fs.Lookup(name)
		if f == nil || f.Value.String() == f.DefValue {
			continue
		}
		list := []string{f.Value.String()}
		if v, ok := f.Value.(values); ok {
			list = slices.Clone(v.Values())
		}
		switch name {
		case "config", "default-cfg":
			list = []string{fromDir(dir, list[0])}
		case "bundle-python":
			list = []string{ofCheckout(dir, list[0])}
		}
		found[name] = list
	}
	return found
}

// ofCheckout is a directory of the checkout, or "true", the build's own
// interpreter, for one outside of it: that has the same version.
func ofCheckout(dir, interpreter string) string {
	if interpreter == "true" {
		return interpreter
	}
	if !filepath.IsAbs(interpreter) {
		interpreter = filepath.Join(dir, interpreter)
	}
	rel, err := filepath.Rel(dir, interpreter)
	if err != nil || !filepath.IsLocal(rel) {
		return "true"
	}
	return filepath.ToSlash(rel)
}

func fromDir(dir, file string) string {
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.Base(file)
}

// Apply sets the flags of fs to recorded parameters. A file has to be one of
// the buildout's directory.
func Apply(fs *flag.FlagSet, parameters map[string][]string) error {
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if !slices.Contains(recorded(), name) {
			return usage("use the binary-buildout that built it, or a newer one", "the archive was built with --%s, which this program doesn't know", name)
		}
		for _, value := range parameters[name] {
			if (name == "config" || name == "default-cfg" || name == "bundle-python") && !filepath.IsLocal(filepath.FromSlash(value)) {
				return usage("", "the archive names a file outside of its checkout: --%s %s", name, value)
			}
			if err := fs.Set(name, value); err != nil {
				return usage("", "the archive was built with --%s %s: %w", name, value, err)
			}
		}
	}
	return nil
}

func usage(hint, format string, args ...any) error {
	return fault.Usage(fmt.Errorf("rebuilding: "+format, args...), hint)
}

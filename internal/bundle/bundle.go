// Package bundle puts an interpreter into a tree: it chooses which of its files
// go in, brings the libraries that they need along, and changes in the copies
// what would tie them to the place where they were built.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/pack"
)

// Interpreter is the Python that is copied. Paths are absolute.
type Interpreter struct {
	Executable string // of the interpreter itself, not of a virtualenv
	Prefix     string // its sys.base_prefix
	Stdlib     string // the directory of os.py
	Version    string // "3.13.9"
	Framework  string // PYTHONFRAMEWORK of a macOS framework build; empty for none
}

// Options say what is copied, from where, and where to.
type Options struct {
	Interpreter
	OS string // runtime.GOOS

	// Root is the tree's directory, as its files name it. The copies name
	// Root/python-VERSION where the interpreter named its prefix.
	Root string
	// Dir is an empty directory, where the copy is made. It has to stay until
	// the archive is written.
	Dir string

	// Included and Excluded tell which paths of the archive were asked for, or
	// not to be there. Included wins, and wins over what is left out by default.
	Included, Excluded func(path string) bool
	// Promised tells of a library's name whether every system of the target
	// has it. What isn't promised is brought along.
	Promised func(name string) bool
}

// Bundle is the copy of an interpreter.
type Bundle struct {
	Directory  string // "python-3.13.9", in the archive
	Executable string // "python-3.13.9/bin/python3.13", in the archive
	Files      []pack.File
	Omitted    []pack.Omission
	Libraries  []Library
	// Loader is the program interpreter that the executable names; empty for none.
	Loader string
	// Missing are the usual modules that the copy can't import, sorted.
	Missing []string
}

// Name is the name of the directory that an interpreter lies in.
func Name(version string) string { return "python-" + version }

// Make copies an interpreter, and runs the copy to see that it lives where it is.
func Make(ctx context.Context, o Options) (*Bundle, error) {
	if err := o.refused(); err != nil {
		return nil, err
	}
	c := &copier{o: o, name: Name(o.Version), taken: map[string]string{}}
	if err := c.collect(); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("copying the interpreter: %w", err), "")
	}
	if o.OS == "linux" {
		if err := c.bringLibraries(ctx); err != nil {
			return nil, err
		}
	}
	if err := c.mend(); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("copying the interpreter: %w", err), "")
	}
	b := &Bundle{Directory: c.name, Executable: c.executable(), Omitted: c.omitted, Libraries: c.libraries, Loader: c.loader}
	missing, err := check(ctx, filepath.Join(o.Dir, filepath.FromSlash(b.Executable)), filepath.Join(o.Dir, c.name), c.extensions())
	if err != nil {
		return nil, err
	}
	b.Missing = missing
	b.Files, err = c.files()
	return b, err
}

// refused says of an interpreter that can't be copied why, and what to give instead.
func (o Options) refused() error {
	const instead = "give one of python-build-standalone (uv python install, then its directory): --bundle-python=DIR"
	switch {
	case o.Framework != "":
		return fault.Usage(fmt.Errorf("bundling %s: it is a framework build of macOS, which runs only where it was installed", o.Executable), instead)
	case !slices.Contains([]string{"linux", "darwin", "windows"}, o.OS):
		return fault.Usage(fmt.Errorf("bundling an interpreter isn't supported on %s", o.OS), "pack without --bundle-python")
	}
	if _, ok := under(o.Stdlib, o.Prefix); !ok {
		return fault.Usage(fmt.Errorf("bundling %s: its standard library, %s, isn't below its prefix, %s", o.Executable, o.Stdlib, o.Prefix), instead)
	}
	return nil
}

// copier is a copy under way.
type copier struct {
	o         Options
	name      string            // the directory in the archive
	taken     map[string]string // what a path in the archive is a copy of
	links     map[string]string
	omitted   []pack.Omission
	rules     []rule // of what is left out
	libraries []Library
	loader    string // that the program names
}

// stdlib is the standard library's directory below the prefix, with slashes:
// "lib/python3.13", or "lib64/python3.9".
func (c *copier) stdlib() string {
	rel, _ := under(c.o.Stdlib, c.o.Prefix)
	return rel
}

// dynload is the directory of the extensions, in the archive.
func (c *copier) dynload() string { return path.Join(c.name, c.stdlib(), "lib-dynload") }

// executable is the interpreter's path in the archive.
func (c *copier) executable() string {
	if c.windows() {
		return path.Join(c.name, "python.exe")
	}
	return path.Join(c.name, "bin", path.Base(c.stdlib()))
}

func (c *copier) windows() bool { return c.o.OS == "windows" }

// put copies a file to a path of the archive.
func (c *copier) put(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data = binfmt.Strip(data) // debug information is most of some interpreters
	mode := os.FileMode(0o644)
	if info.Mode()&0o100 != 0 {
		mode = 0o755
	}
	full := c.place(to)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	c.taken[to] = from
	return writeNew(full, data, mode)
}

// writeNew writes a file whose mode doesn't depend on the umask.
func writeNew(file string, data []byte, mode os.FileMode) error {
	if err := os.WriteFile(file, data, mode); err != nil {
		return err
	}
	return os.Chmod(file, mode)
}

// place is where a path of the archive lies in the copy.
func (c *copier) place(p string) string { return filepath.Join(c.o.Dir, filepath.FromSlash(p)) }

func (c *copier) omit(p, reason string) {
	c.omitted = append(c.omitted, pack.Omission{Path: p, Reason: reason})
}

// files are the copies as pack lists them.
func (c *copier) files() ([]pack.File, error) {
	var all []pack.File
	if !c.windows() {
		all = append(all, pack.File{Path: c.dynload(), Type: archive.TypeDir, Mode: 0o755, Part: "interpreter"})
	}
	for p := range c.taken {
		info, err := os.Stat(c.place(p))
		if err != nil {
			return nil, fault.Surroundings(fmt.Errorf("copying the interpreter: %w", err), "")
		}
		all = append(all, pack.File{Path: p, Source: c.place(p), Mode: info.Mode().Perm(), Size: info.Size(), Part: "interpreter"})
	}
	for p, to := range c.links {
		all = append(all, pack.File{Path: p, Type: archive.TypeLink, Mode: 0o777, Link: to, Source: c.place(p), Part: "interpreter"})
	}
	slices.SortFunc(all, func(a, b pack.File) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// extensions are the names of the modules in machine code.
func (c *copier) extensions() []string {
	var names []string
	for p := range c.taken {
		if isExtension(p) {
			name, _, _ := strings.Cut(path.Base(p), ".")
			names = append(names, name)
		}
	}
	return names
}

// under gives what of a path follows a directory, with slashes.
func under(p, dir string) (string, bool) {
	rel, err := filepath.Rel(dir, p)
	if err != nil || !filepath.IsLocal(rel) {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// Free refuses a tree that has something of the interpreter's name, or of the
// program's that starts it.
func Free(list *pack.List, names ...string) error {
	for _, name := range names {
		if _, there := list.Find(name); there {
			return fault.Failed(errors.New("bundling the interpreter: the tree has "+name+" already"),
				"rename it, leave it out with --exclude "+name+", or pack without --bundle-python")
		}
	}
	return nil
}

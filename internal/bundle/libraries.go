package bundle

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// Library is a shared library that was brought along.
type Library struct {
	Name   string // as the loader looks for it: "libssl.so.3"
	Path   string // in the archive
	Source string // on the build machine, without links
	// Package and Version are those of the system's package, System what
	// os-release calls the system ("debian"), and Licenses as the package's
	// copyright file names them; empty where they aren't known.
	System, Package, Version string
	Licenses                 []string
}

// scarce are libraries that the policies promise and that a minimal system
// doesn't have: measured, Debian's minbase has no libexpat.
var scarce = []string{"libexpat.so.1", "libz.so.1"}

// bringLibraries copies the libraries that the interpreter needs into lib, and
// has each file find them there.
func (c *copier) bringLibraries(ctx context.Context) error {
	binaries, err := c.binaries()
	if err != nil {
		return fault.Surroundings(fmt.Errorf("copying the interpreter: %w", err), "")
	}
	if c.loader == "" {
		return nil // it is linked statically, and loads nothing
	}
	found := map[string]string{}
	for _, p := range binaries {
		list, err := loaded(ctx, c.loader, c.taken[p])
		if err != nil {
			return fault.Surroundings(fmt.Errorf("asking the loader what %s needs: %w", c.taken[p], err), "")
		}
		for name, at := range list {
			if found[name] == "" {
				found[name] = at
			}
		}
	}
	var names []string
	for name := range found {
		if slices.Contains(scarce, name) || libpython.MatchString(name) || !c.o.Promised(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if err := c.library(name, found[name]); err != nil {
			return fault.Surroundings(fmt.Errorf("copying %s: %w", found[name], err), "")
		}
		binaries = append(binaries, path.Join(c.name, "lib", name))
	}
	c.libraries = describe(ctx, c.libraries)
	if err := c.licenseTexts(); err != nil {
		return fault.Surroundings(fmt.Errorf("copying the libraries' licences: %w", err), "")
	}
	for _, p := range binaries {
		if err := c.setRunpath(p, names); err != nil {
			return err
		}
	}
	return nil
}

var libpython = regexp.MustCompile(`^libpython[0-9.a-z]*\.so`)

// library copies one.
func (c *copier) library(name, from string) error {
	real, err := filepath.EvalSymlinks(from)
	if err != nil {
		return err
	}
	to := path.Join(c.name, "lib", name)
	if err := c.put(real, to); err != nil {
		return err
	}
	c.libraries = append(c.libraries, Library{Name: name, Path: to, Source: real})
	return os.Chmod(c.place(to), 0o644)
}

// binaries are the ELF files of the copy that load others, by their paths in
// the archive. The loader that the program names is kept.
func (c *copier) binaries() ([]string, error) {
	var list []string
	for p := range c.taken {
		image, err := readELF(c.place(p))
		if err != nil {
			return nil, err
		}
		if image == nil || !image.HasDynamic {
			continue
		}
		list = append(list, p)
		if p == c.executable() {
			c.loader = image.Interp
		}
	}
	slices.Sort(list)
	return list, nil
}

// readELF gives nil for a file that is no ELF file.
func readELF(file string) (*binfmt.Image, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, binfmt.MagicLen)
	if n, _ := f.ReadAt(head, 0); binfmt.Magic(head[:n]) != binfmt.ELF {
		return nil, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	images, err := binfmt.Read(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return &images[0], nil
}

// loaded asks the loader itself which libraries a file would get here, by name.
// What it doesn't find isn't in the answer: verify says what that means.
func loaded(ctx context.Context, interp, file string) (map[string]string, error) {
	cmd := exec.CommandContext(ctx, interp, "--list", file)
	out, err := cmd.Output()
	if err != nil && len(out) == 0 && ctx.Err() != nil {
		return nil, err
	}
	// "\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007f...)". musl
	// ends with an error where symbols are the interpreter's, and lists all the same.
	found := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " => ")
		at, _, _ := strings.Cut(rest, " (")
		if ok && filepath.IsAbs(at) && !strings.Contains(name, "/") {
			found[name] = at
		}
	}
	return found, nil
}

// setRunpath has a file find what it needs of the libraries that were brought along.
func (c *copier) setRunpath(p string, brought []string) error {
	image, err := readELF(c.place(p))
	if err != nil {
		return fault.Surroundings(err, "")
	}
	if !slices.ContainsFunc(image.Needed, func(n string) bool { return slices.Contains(brought, n) }) {
		return nil // Relocate drops the directories of the build
	}
	rel, err := filepath.Rel(path.Dir(p), path.Join(c.name, "lib"))
	if err != nil {
		return fault.Surroundings(err, "")
	}
	data, err := os.ReadFile(c.place(p))
	if err != nil {
		return fault.Surroundings(err, "")
	}
	edits, err := binfmt.PutRunpath(bytes.NewReader(data), int64(len(data)), "$ORIGIN/"+filepath.ToSlash(rel))
	if err != nil {
		return fault.Failed(fmt.Errorf("having %s find its libraries: %w", p, err),
			"give an interpreter that finds its libraries by a run path, as python-build-standalone's: --bundle-python=DIR")
	}
	for _, e := range edits {
		copy(data[e.Offset:], e.New)
	}
	return rewrite(c.place(p), data)
}

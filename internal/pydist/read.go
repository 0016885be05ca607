package pydist

import (
	"fmt"
	"io/fs"
	"net/mail"
	"path"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

// Distribution is what one says of itself.
type Distribution struct {
	Name, Version string
	License       License
	Authors       []sbom.Person
	Supplier      *sbom.Person // who maintains it, where that is said
	Requires      []Requirement
	Contains      []sbom.Contained // what lies inside that others made
}

// Read reads the distribution of a project in a directory of sys.path, as an
// egg is one: dist-info, EGG-INFO, or egg-info beside its sources. It gives
// false where nothing there is of the project.
func Read(dir fs.FS, project string) (Distribution, bool, error) {
	for _, pattern := range []string{"*.dist-info/METADATA", "EGG-INFO/PKG-INFO", "*.egg-info/PKG-INFO"} {
		found, err := fs.Glob(dir, pattern)
		if err != nil {
			return Distribution{}, false, err
		}
		for _, file := range found {
			d, err := read(dir, file)
			if err != nil {
				return d, false, fmt.Errorf("reading %s: %w", file, err)
			}
			if PlainName(d.Name) == PlainName(project) {
				return d, true, nil
			}
		}
	}
	return Distribution{}, false, nil
}

func read(dir fs.FS, file string) (Distribution, error) {
	data, err := fs.ReadFile(dir, file)
	if err != nil {
		return Distribution{}, err
	}
	f := parseFields(string(data))
	d := Distribution{Name: f.first("name"), Version: f.first("version"), License: f.license(), Authors: f.people("author")}
	if maintainers := f.people("maintainer"); len(maintainers) > 0 {
		d.Supplier = &maintainers[0]
	}
	if d.Requires, err = requires(dir, path.Dir(file), f); err != nil {
		return d, err
	}
	d.Contains, err = contains(dir, path.Dir(file), d.Name)
	return d, err
}

// requires are Requires-Dist's, else requires.txt's: setuptools before 69
// writes none of its requirements into PKG-INFO.
func requires(dir fs.FS, info string, f fields) ([]Requirement, error) {
	var all []Requirement
	for _, text := range f["requires-dist"] {
		if r, ok := ParseRequirement(text); ok {
			all = append(all, r)
		}
	}
	if len(all) > 0 || strings.HasSuffix(info, ".dist-info") {
		return all, nil
	}
	data, err := fs.ReadFile(dir, info+"/requires.txt")
	if err != nil {
		return nil, nil // it has none
	}
	return parseRequiresTxt(string(data)), nil
}

// people are the names of a header and those of its "-email", which holds
// addresses, with names or without ("Ann <ann@example.org>, bob@example.org").
func (f fields) people(header string) []sbom.Person {
	name, emails := f.first(header), f.first(header+"-email")
	addresses, err := mail.ParseAddressList(emails)
	if err != nil {
		addresses = nil
	}
	if len(addresses) == 1 && name != "" && addresses[0].Name == "" {
		return []sbom.Person{{Name: name, Email: addresses[0].Address}}
	}
	var all []sbom.Person
	if name != "" {
		all = append(all, sbom.Person{Name: name})
	}
	for _, a := range addresses {
		if a.Name != "" || name == "" {
			all = append(all, sbom.Person{Name: a.Name, Email: a.Address})
		}
	}
	return slices.Compact(all)
}

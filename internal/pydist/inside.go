package pydist

import (
	"io/fs"
	"path"
	"regexp"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/sbom"
)

// contains are the libraries that auditwheel, delocate and delvewheel put into
// a wheel, and what the wheel's own bills of materials name (PEP 770).
func contains(dir fs.FS, info, project string) ([]sbom.Contained, error) {
	var all []sbom.Contained
	documents, err := fs.Glob(dir, info+"/sboms/*")
	if err != nil {
		return nil, err
	}
	for _, file := range documents {
		data, err := fs.ReadFile(dir, file)
		if err != nil {
			continue // a directory
		}
		all = append(all, sbom.ReadDocument("sboms/"+path.Base(file), data, PlainName(project))...)
	}
	for _, pattern := range []string{"*.libs/*", "*.dylibs/*", "*/*.libs/*", "*/.libs/*", "*/.dylibs/*"} {
		files, err := fs.Glob(dir, pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if !library.MatchString(file) {
				continue
			}
			sum, err := digestOf(dir, file)
			if err != nil {
				return nil, err
			}
			name := grafted.ReplaceAllString(path.Base(file), "$1")
			all = append(all, sbom.Contained{Ref: file + ":" + sum[:12], Name: name, SHA256: sum, From: file})
		}
	}
	return all, nil
}

var (
	library = regexp.MustCompile(`(?i)\.so(\.[0-9.]+)?$|\.dylib$|\.dll$`)
	// auditwheel adds eight digits of a digest to a library's name, delvewheel 32.
	grafted = regexp.MustCompile(`-(?:[0-9a-f]{8}|[0-9a-f]{32})(\.(?:so|dll))`)
)

func digestOf(dir fs.FS, file string) (string, error) {
	f, err := dir.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum, _, err := digest.Read(f)
	return sum, err
}

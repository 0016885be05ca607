package buildout

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// settleSBOMs takes the build's temporary directory out of the bills of
// materials (PEP 770) of eggs that were built here. Build backends name the
// directory that pip unpacked an sdist to, which has a random name: maturin
// 1.14.1 does, in each wheel that it makes. An SBOM that came with a wheel from
// an index names no directory of this build and stays as it is.
func (t *Tree) settleSBOMs() error {
	random := randomDirectory(t.stage.tmp)
	for _, dir := range []string{"eggs-directory", "develop-eggs-directory"} {
		documents, err := sboms(t.dir(dir))
		if err != nil {
			return surroundings("reading the SBOMs of the eggs", "", err)
		}
		for _, document := range documents {
			if err := settleSBOM(document, random); err != nil {
				return surroundings("writing an egg's SBOM without the build's paths", "", err)
			}
		}
	}
	return nil
}

// sboms gives the SBOMs of the distributions in a directory of eggs.
func sboms(dir string) ([]string, error) {
	if dir == "" {
		return nil, nil
	}
	var documents []string
	for _, below := range []string{"*.dist-info", filepath.Join("*.egg", "*.dist-info")} {
		found, err := filepath.Glob(filepath.Join(globEscape(dir), below, "sboms", "*.json"))
		if err != nil {
			return nil, err
		}
		documents = append(documents, found...)
	}
	return documents, nil
}

// randomDirectory matches a directory in the build's temporary directory, as
// a path or a URL has it: pip's own, and in that the one of a project, whose
// name ends with 32 hexadecimal digits.
func randomDirectory(tmp string) *regexp.Regexp {
	path := filepath.ToSlash(tmp)
	encoded := (&url.URL{Path: path}).EscapedPath()
	return regexp.MustCompile(`(?:` + regexp.QuoteMeta(path) + `|` + regexp.QuoteMeta(encoded) + `)(?:/[^/"#?\\]+(?:/[^/"#?\\]+_[0-9a-f]{32})?)?`)
}

// settleSBOM writes /build/tmp where a document names such a directory, as the
// compiler wrappers do, and its new digest in RECORD.
func settleSBOM(path string, random *regexp.Regexp) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	settled := random.ReplaceAll(data, []byte("/build/tmp"))
	if bytes.Equal(settled, data) {
		return nil
	}
	if err := os.WriteFile(path, settled, 0o644); err != nil {
		return err
	}
	info := filepath.Dir(filepath.Dir(path))
	return recordAgain(info, "sboms/"+filepath.Base(path), settled)
}

// recordAgain writes a file's digest and size into the RECORD of its
// dist-info, where that lists the file.
func recordAgain(info, name string, data []byte) error {
	sum := sha256.Sum256(data)
	return editRecord(info, func(line string) string {
		// zc.buildout gives the dist-info of an egg another name than RECORD has.
		if entry, _, ok := strings.Cut(line, ".dist-info/"+name+","); ok {
			return fmt.Sprintf("%s.dist-info/%s,sha256=%s,%d\n", entry, name, base64.RawURLEncoding.EncodeToString(sum[:]), len(data))
		}
		return line
	})
}

package main

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash/crc32"
	"os"
	"regexp"
	"strings"
)

// texts are what a wheel brings besides the binary.
type texts struct {
	readme, license []byte
	shared          []file // completions and man pages, below a prefix
}

func readTexts(version string) (texts, error) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return texts{}, fmt.Errorf("reading the description: %w", err)
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return texts{}, fmt.Errorf("reading the licence: %w", err)
	}
	files, err := shared(version)
	return texts{readme, license, files}, err
}

// file is one of a wheel.
type file struct {
	name string
	mode os.FileMode
	data []byte
}

// wheel gives a wheel's name and bytes. The program lies in .data/scripts, from
// where an installer copies it to where programs are, as it is: pip, pipx and
// uv need no Python code to start it. (Binary distribution format, PyPA.)
func wheel(version string, p platform, program []byte, t texts) (string, []byte, error) {
	stem := "binary_buildout-" + version
	info := stem + ".dist-info/"
	files := []file{
		{stem + ".data/scripts/" + p.program(), 0o755, program},
		{info + "METADATA", 0o644, metadata(version, t.readme)},
		{info + "WHEEL", 0o644, wheelText(version, p)},
		{info + "licenses/LICENSE", 0o644, t.license},
	}
	if p.uname != nil {
		// What lies in .data/data is installed below the prefix; pipx links man pages from there.
		for _, f := range t.shared {
			files = append(files, file{stem + ".data/data/" + f.name, f.mode, f.data})
		}
	}
	files = append(files, record(info+"RECORD", files))
	data, err := zipped(files)
	if err != nil {
		return "", nil, fmt.Errorf("writing the wheel of %s: %w", p.name, err)
	}
	return stem + "-py3-none-" + strings.Join(p.tags, ".") + ".whl", data, nil
}

// metadata is core metadata 2.4 (PEP 639 has the licence's fields).
func metadata(version string, readme []byte) []byte {
	const repository = "https://github.com/binary-buildout/binary-buildout"
	return []byte(`Metadata-Version: 2.4
Name: binary-buildout
Version: ` + version + `
Summary: Packs zc.buildout applications into relocatable archives with compiled extensions, proves and releases them
Author: the binary-buildout authors
License-Expression: MIT
License-File: LICENSE
Keywords: buildout,zope,plone,relocatable,deployment
Classifier: Development Status :: 4 - Beta
Classifier: Environment :: Console
Classifier: Framework :: Buildout
Classifier: Framework :: Plone
Classifier: Framework :: Zope
Classifier: Intended Audience :: System Administrators
Classifier: Operating System :: MacOS
Classifier: Operating System :: Microsoft :: Windows
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Go
Classifier: Programming Language :: Python
Classifier: Topic :: Software Development :: Build Tools
Classifier: Topic :: System :: Software Distribution
Project-URL: Repository, ` + repository + `
Project-URL: Changelog, ` + repository + `/blob/v` + version + `/CHANGELOG.md
Project-URL: Issues, ` + repository + `/issues
Requires-Python: >=3.6
Description-Content-Type: text/markdown

` + absolute(string(readme), repository+"/blob/v"+version+"/"))
}

var link = regexp.MustCompile(`\]\(([^)#:\s]+)\)`)

// absolute leads the description's relative links to the repository: PyPI has no files beside it.
func absolute(text, base string) string { return link.ReplaceAllString(text, "]("+base+"$1)") }

// wheelText has one tag a line, where the wheel's name has them all in one.
func wheelText(version string, p platform) []byte {
	text := "Wheel-Version: 1.0\nGenerator: binary-buildout distribute (" + version + ")\nRoot-Is-Purelib: false\n"
	for _, tag := range p.tags {
		text += "Tag: py3-none-" + tag + "\n"
	}
	return []byte(text)
}

func record(name string, files []file) file {
	var b bytes.Buffer
	for _, f := range files {
		sum := sha256.Sum256(f.data)
		fmt.Fprintf(&b, "%s,sha256=%s,%d\n", f.name, base64.RawURLEncoding.EncodeToString(sum[:]), len(f.data))
	}
	fmt.Fprintf(&b, "%s,,\n", name)
	return file{name, 0o644, b.Bytes()}
}

// zipped writes sizes and checksums before the data, since indexes refuse
// archives that say them after it, and one time, the first that zip can hold.
func zipped(files []file) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		var packed bytes.Buffer
		deflate, err := flate.NewWriter(&packed, flate.BestCompression)
		if err != nil {
			return nil, err
		}
		if _, err := deflate.Write(f.data); err != nil {
			return nil, err
		}
		if err := deflate.Close(); err != nil {
			return nil, err
		}
		const january1980 = 1<<5 | 1 // MS-DOS: years since 1980, month, day
		header := &zip.FileHeader{
			Name: f.name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(f.data),
			CompressedSize64: uint64(packed.Len()), UncompressedSize64: uint64(len(f.data)),
		}
		//lint:ignore SA1019 CreateRaw takes the date from this field alone
		header.ModifiedDate = january1980
		header.SetMode(f.mode)
		entry, err := w.CreateRaw(header)
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(packed.Bytes()); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

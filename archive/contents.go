package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// The types of a file, as they stand in files.json.
const (
	TypeFile = ""
	TypeDir  = "dir"
	TypeLink = "link"
)

// File is an entry of an archive that is to be written, with its content.
type File struct {
	Entry
	// Open gives the content of a regular file; it has Size bytes.
	Open func() (io.ReadCloser, error)
}

// FileOf is a regular file of the archive, of what is in memory.
func FileOf(path string, mode uint32, data []byte) File {
	return File{
		Entry: Entry{Path: path, Mode: mode, Size: int64(len(data)), SHA256: digest.Of(data)},
		Open:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	}
}

// Contents are all that is in an archive, as values.
type Contents struct {
	Manifest Manifest // whole: with the digest of files.json
	files    []File   // by path

	manifestJSON, filesJSON []byte
}

// Seal makes the documents of an archive. The files are sorted by path, parents
// before children, with the size and the digest of each; manifest.json and
// files.json aren't among them. Both formats and FilesSHA256 of the manifest are
// set here.
func Seal(m Manifest, files []File) (*Contents, error) {
	c := &Contents{Manifest: m, files: files}
	if why := ValidName(c.top()); why != "" || path.Base(c.top()) != c.top() {
		return nil, fail(exitUsage, "use letters, digits, dots and dashes", "writing the archive: %q can't be a directory's name", c.top())
	}
	list := Files{Format: Format, Files: make([]Entry, 0, len(files))}
	for i := range files {
		list.Files = append(list.Files, files[i].Entry)
	}
	var err error
	if c.filesJSON, err = marshalFiles(list); err != nil {
		return nil, err
	}
	c.Manifest.Format, c.Manifest.DeltaFormat, c.Manifest.FilesSHA256 = Format, DeltaFormat, digest.Of(c.filesJSON)
	if c.manifestJSON, err = marshalManifest(&c.Manifest); err != nil {
		return nil, err
	}
	return c, readable(c.manifestJSON, c.filesJSON)
}

// top is the name of the archive's one top directory.
func (c *Contents) top() string { return c.Manifest.Name + "-" + c.Manifest.Version }

// entries gives everything in the order of the archive.
func (c *Contents) entries() []File {
	out := make([]File, 0, len(c.files)+4)
	out = append(out,
		File{Entry: Entry{Path: "", Type: TypeDir, Mode: 0o755}},
		File{Entry: Entry{Path: Dir, Type: TypeDir, Mode: 0o755}},
		FileOf(ManifestName, 0o644, c.manifestJSON),
		FileOf(FilesName, 0o644, c.filesJSON))
	for _, f := range c.files {
		if f.Path != Dir {
			out = append(out, f)
		}
	}
	return out
}

// fileMode is the mode with the type's bits, as zip wants it.
func (f *File) fileMode() fs.FileMode {
	switch f.Type {
	case TypeDir:
		return fs.ModeDir | fs.FileMode(f.Mode)
	case TypeLink:
		return fs.ModeSymlink | 0o777
	}
	return fs.FileMode(f.Mode)
}

// marshalFiles writes files.json, one entry a line.
func marshalFiles(list Files) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"format\":%d,\"files\":[", list.Format)
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i := range list.Files {
		b.WriteString([]string{"\n", ","}[min(i, 1)])
		if err := enc.Encode(&list.Files[i]); err != nil {
			return nil, fmt.Errorf("writing %s: %w", FilesName, err)
		}
	}
	b.WriteString("]}\n")
	return b.Bytes(), nil
}

func marshalManifest(m *Manifest) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(m.filled()); err != nil {
		return nil, fmt.Errorf("writing %s: %w", ManifestName, err)
	}
	return b.Bytes(), nil
}

// filled is m with empty lists for those that are missing, so that readers find lists.
func (m Manifest) filled() Manifest {
	m.Floors = append([]Floor{}, m.Floors...)
	m.SystemLibraries = append([]SystemLibrary{}, m.SystemLibraries...)
	m.Relocations = append([]Relocation{}, m.Relocations...)
	m.Signatures = append([]Signature{}, m.Signatures...)
	m.Parts = append([]Part{}, m.Parts...)
	m.Extensions = append([]Extension{}, m.Extensions...)
	m.Checkouts = append([]Checkout{}, m.Checkouts...)
	return m
}

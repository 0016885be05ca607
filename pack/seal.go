package pack

import (
	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// Seal gives an archive of the list, to be written: its files with a manifest
// that says what they are.
func (a *List) Seal(m archive.Manifest) (*archive.Contents, error) {
	out := make([]archive.File, 0, len(a.Files))
	for _, f := range a.Files {
		if !f.InArchive() || f.Path == archive.ManifestName || f.Path == archive.FilesName {
			continue
		}
		if f.Type == archive.TypeFile && f.SHA256 == "" {
			if err := f.sumUp(); err != nil {
				return nil, err
			}
		}
		out = append(out, archive.File{Entry: f.Entry(), Open: f.Open})
	}
	return archive.Seal(m, out)
}

// sumUp sets size and digest of a file that Relocate didn't see.
func (f *File) sumUp() error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if f.SHA256, f.Size, err = digest.Read(r); err != nil {
		return fail(exitSurroundings, "", "reading %s: %w", archive.QuoteName(f.Path), err)
	}
	return nil
}

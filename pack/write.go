package pack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Write writes the archive of a list that Relocate and Check have seen.
func Write(ctx context.Context, w io.Writer, a *Archive, format string, epoch time.Time, progress func(done, total int64)) (archive.Digest, error) {
	files, err := a.contents()
	if err != nil {
		return archive.Digest{}, err
	}
	c, err := archive.Seal(a.Manifest, files)
	if err != nil {
		return archive.Digest{}, err
	}
	a.Manifest = c.Manifest
	return archive.Write(ctx, w, c, format, epoch, progress)
}

// contents gives the files of the list that are in the archive.
func (a *Archive) contents() ([]archive.File, error) {
	out := make([]archive.File, 0, len(a.Files))
	for i := range a.Files {
		f := &a.Files[i]
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
	return out, nil
}

// sumUp sets size and digest of a file that Relocate didn't see.
func (f *File) sumUp() error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	h := sha256.New()
	if f.Size, err = io.Copy(h, r); err != nil {
		return fail(exitSurroundings, "", "reading %s: %w", archive.QuoteName(f.Path), err)
	}
	f.SHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
}

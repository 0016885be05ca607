package install

import (
	"context"
	"os"

	"github.com/binary-buildout/binary-buildout/archive"
)

// readArchive gives what an install decides by: the manifest and the list of files.
func readArchive(file *os.File) (*archive.Manifest, *archive.Files, error) {
	r, err := archive.NewReader(file)
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	m := r.Manifest()
	return &m, &archive.Files{Format: archive.Format, Files: r.Files()}, nil
}

// extractArchive unpacks an archive: its top directory comes to lie in dir.
func extractArchive(ctx context.Context, file *os.File, dir string, progress func(done, total int64)) error {
	r, err := archive.NewReader(file)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Extract(ctx, dir, archive.ExtractOptions{Progress: progress})
}

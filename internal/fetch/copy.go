package fetch

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// Copied is an archive that Copy brought.
type Copied struct {
	Path     string
	SHA256   string
	Warnings []string
}

// Copy brings the archive that Get gives into the new directory dir, by way of
// one beside it, whose name is that and ".download". Digest and
// attestation are compared with what o says; nobody can change the copy afterwards.
func Copy(ctx context.Context, o Request, dir string) (*Copied, error) {
	digest, err := ParseDigest(o.SHA256)
	if err != nil {
		return nil, err
	}
	o.SHA256 = digest
	o.Look = func(Asset) (bool, error) { return false, nil }
	o.Dir = func() (string, error) {
		downloads := dir + ".download"
		if err := scratch.Make(downloads, 0o022); err != nil {
			return "", fault.Surroundings(fmt.Errorf("making a directory to download to: %w", err), "")
		}
		return downloads, nil
	}
	a, err := Get(ctx, o)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	c := &Copied{Path: filepath.Join(dir, a.Name), Warnings: a.Warnings}
	if c.SHA256, err = a.Sum(ctx); err != nil {
		return nil, err
	}
	if err := copyOpen(a.File, c.Path); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("copying %s: %w", a.Name, err), "")
	}
	return c, nil
}

// copyOpen copies an open file from its start to a new file.
func copyOpen(file *os.File, to string) error {
	if err := os.Mkdir(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return scratch.Fill(to, os.O_EXCL, 0o600, io.NewSectionReader(file, 0, info.Size()))
}

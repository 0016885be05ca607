package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// A wantedFile is an asset, and what writes it to a file.
type wantedFile struct {
	Asset
	get func(to string) error
}

// part is where a file lies until it is complete. The digest in its name says that
// an earlier run's part is of the same content.
func (w wantedFile) part(dir string) string { return filepath.Join(dir, w.SHA256+".part") }

// bring downloads files into the directory for downloads, and checks each one's
// digest. To close the last one removes them all.
func bring(ctx context.Context, o Request, files []wantedFile) ([]*Archive, error) {
	at, err := o.Dir()
	if err != nil {
		return nil, err
	}
	held, err := scratch.Hold(at)
	if err != nil {
		return nil, fault.Surroundings(fmt.Errorf("locking %s: %w", at, err), "another install into the same directory is running; wait for it to end")
	}
	if err := download(held, files); err != nil {
		return nil, err
	}
	var got []*Archive
	for _, w := range files {
		f, err := complete(ctx, at, w)
		if err != nil {
			for _, f := range got {
				f.Close()
			}
			held.Remove()
			return nil, err
		}
		got = append(got, f)
	}
	got[len(got)-1].remove = held.Remove
	return got, nil
}

// download has each file written. What an interrupted run left of them is kept.
func download(held *scratch.Held, files []wantedFile) error {
	var parts []string
	for _, w := range files {
		parts = append(parts, filepath.Base(w.part(held.Path)))
	}
	_ = held.Clear(parts...)
	for _, w := range files {
		part := w.part(held.Path)
		err := roomFor(part, w.Size)
		if err == nil {
			err = w.get(part)
		}
		if err == nil {
			continue
		}
		if begun(held.Path, parts) {
			held.Release() // the next run goes on with it
		} else {
			held.Remove()
		}
		return err
	}
	return nil
}

// begun is whether some of the files have content.
func begun(dir string, parts []string) bool {
	for _, part := range parts {
		if fi, err := os.Stat(filepath.Join(dir, part)); err == nil && fi.Size() > 0 {
			return true
		}
	}
	return false
}

// complete gives a file its name, and opens it.
func complete(ctx context.Context, dir string, w wantedFile) (*Archive, error) {
	to := filepath.Join(dir, w.Name)
	if err := os.Rename(w.part(dir), to); err != nil {
		return nil, fault.Surroundings(fmt.Errorf("downloading: %w", err), "")
	}
	f := &Archive{Name: w.Name, want: w.SHA256}
	var err error
	if f.File, err = os.Open(to); err == nil {
		_, err = f.Sum(ctx)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

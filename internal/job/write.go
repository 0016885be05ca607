package job

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/prove"
	"github.com/binary-buildout/binary-buildout/matrix"
)

// ArchiveName is the archive's file name in a format.
func (b *Built) ArchiveName(format string) string {
	return matrix.ArchiveName(b.Name, b.Version, b.Made, b.Label, format)
}

// Written is an archive that was written, and not proved.
type Written struct {
	*Planned
	File File
}

// File is an archive on disk.
type File struct {
	Path   string
	Digest archive.Digest
}

// Write writes the archive into a directory: in a format, or, as that format has it, by a
// compressor. compress and progress may be nil.
func Write(ctx context.Context, p *Planned, dir, format string, compress archive.Compressor, progress func(done, total int64)) (*Written, error) {
	file, err := WriteFile(filepath.Join(dir, p.ArchiveName(format)), func(w io.Writer) (archive.Digest, error) {
		if compress != nil {
			return archive.WriteTar(ctx, w, p.Contents, compress, p.Epoch, progress)
		}
		return archive.Write(ctx, w, p.Contents, format, p.Epoch, progress)
	})
	if err != nil {
		return nil, err
	}
	return &Written{p, file}, nil
}

// WriteFile writes an archive, or a delta, to a path, and has it on disk.
func WriteFile(path string, write func(io.Writer) (archive.Digest, error)) (File, error) {
	name := filepath.Base(path)
	f, err := os.Create(path)
	if err != nil {
		return File{}, fmt.Errorf("writing %s: %w", name, err)
	}
	digest, err := write(f)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return File{}, fmt.Errorf("packing %s: %w", name, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		return File{}, fmt.Errorf("writing %s: %w", name, err)
	}
	return File{path, digest}, nil
}

// ProofOptions are those of the proof of an archive: hide are directories that it
// must do without, beside the stage and HOME.
func (w *Written) ProofOptions(hide ...string) prove.Options {
	o := prove.Options{
		Archive: w.File.Path, Python: w.Tree.Interpreter.Executable, Smoke: w.Smoke, Volatile: w.Volatile,
		Hide: append(hide, w.Tree.Root), Origin: w.Origin(),
	}
	if home, err := os.UserHomeDir(); err == nil {
		o.Hide = append(o.Hide, home)
	}
	for _, item := range w.Plan.Report.Excepted {
		o.Excepted = append(o.Excepted, item.Path) // they name a place of the build, and were left by a rule
	}
	return o
}

package archive

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"path"
	"time"
)

// The formats of an archive, by the end of its name.
const (
	FormatTarGz  = "tar.gz"
	FormatTarZst = "tar.zst"
	FormatZip    = "zip"
)

// DefaultEpoch is the mtime of everything in an archive where
// SOURCE_DATE_EPOCH isn't set: 1980-01-01, the first that zip can hold.
const DefaultEpoch = 315532800

// Digest is what an archive is known by.
type Digest struct {
	SHA256 string // hexadecimal
	Size   int64  // bytes
}

// Write writes an archive: the top directory, manifest, files.json, then
// everything by path. The bytes depend on the contents, the format and the epoch
// alone, not on how many cores compress. Memory doesn't grow with the files' sizes.
//
// progress, if not nil, is told how many of the content's bytes are done.
func Write(ctx context.Context, w io.Writer, c *Contents, format string, epoch time.Time, progress func(done, total int64)) (Digest, error) {
	out := &countWriter{w: w, sum: sha256.New()}
	e, err := newEncoder(out, format, epoch)
	if err != nil {
		return Digest{}, err
	}
	return writeTo(ctx, out, e, c, progress)
}

// A Compressor gives what compresses into w some size bytes.
type Compressor func(ctx context.Context, w io.Writer, size int64) (io.WriteCloser, error)

// WriteTar writes the same with a compressor of the caller's. Reader reads what is gzip
// or zstd, of the latter with windows of at most 128 MiB.
func WriteTar(ctx context.Context, w io.Writer, c *Contents, compress Compressor, epoch time.Time, progress func(done, total int64)) (Digest, error) {
	out := &countWriter{w: w, sum: sha256.New()}
	var size int64
	for _, f := range c.entries() {
		size += f.Size + 1024 // header and padding
	}
	z, err := compress(ctx, out, size)
	if err != nil {
		return Digest{}, err
	}
	return writeTo(ctx, out, newTar(z, epoch.UTC().Truncate(time.Second)), c, progress)
}

func writeTo(ctx context.Context, out *countWriter, e encoder, c *Contents, progress func(done, total int64)) (Digest, error) {
	files := c.entries()
	p := newProgress(files, progress)
	err := writeAll(ctx, e, c.top(), files, p)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Digest{}, fmt.Errorf("writing the archive: %w", err)
	}
	return Digest{SHA256: hex.EncodeToString(out.sum.Sum(nil)), Size: out.n}, nil
}

// encoder writes entries in one format.
type encoder interface {
	// add writes one entry under its full name.
	add(name string, f *File, progress func(n int64)) error
	// Close ends the archive. It has to be called after an error too.
	Close() error
}

func newEncoder(w io.Writer, format string, epoch time.Time) (encoder, error) {
	epoch = epoch.UTC().Truncate(time.Second)
	switch format {
	case FormatTarGz:
		z, err := newGzip(w, gzipLevel)
		return newTar(z, epoch), err
	case FormatTarZst:
		z, err := newZstd(w)
		return newTar(z, epoch), err
	case FormatZip:
		return newZip(w, epoch), nil
	}
	return nil, fail(exitUsage, "use tar.gz, tar.zst or zip", "writing the archive: unknown format %q", format)
}

func writeAll(ctx context.Context, e encoder, top string, files []File, p *progress) error {
	for i := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		f := &files[i]
		if err := e.add(path.Join(top, f.Path), f, p.add); err != nil {
			return fmt.Errorf("%s: %w", QuoteName(f.Path), err)
		}
	}
	return nil
}

// tarEncoder writes a tar stream into a compressor.
type tarEncoder struct {
	t     *tar.Writer
	buf   *bufio.Writer
	z     io.WriteCloser
	epoch time.Time
	copy  []byte
}

func newTar(z io.WriteCloser, epoch time.Time) *tarEncoder {
	buf := bufio.NewWriterSize(z, 256<<10)
	return &tarEncoder{t: tar.NewWriter(buf), buf: buf, z: z, epoch: epoch, copy: make([]byte, 256<<10)}
}

func (e *tarEncoder) add(name string, f *File, progress func(int64)) error {
	h := &tar.Header{Name: name, Mode: int64(f.Mode), ModTime: e.epoch}
	switch f.Type {
	case TypeDir:
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
		return e.t.WriteHeader(h)
	case TypeLink:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, f.Link, 0o777
		return e.t.WriteHeader(h)
	}
	h.Typeflag, h.Size = tar.TypeReg, f.Size
	if err := e.t.WriteHeader(h); err != nil {
		return err
	}
	return copyContent(e.t, f, e.copy, progress)
}

// Close ends the tar stream and the compressor.
func (e *tarEncoder) Close() error {
	err := e.t.Close()
	if ferr := e.buf.Flush(); err == nil {
		err = ferr
	}
	if zerr := e.z.Close(); err == nil {
		err = zerr
	}
	return err
}

// copyContent copies a file's content as it goes into the archive, exactly Size bytes.
func copyContent(w io.Writer, f *File, buf []byte, progress func(int64)) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	n, err := io.CopyBuffer(&progressWriter{w, progress}, onlyReader{io.LimitReader(r, f.Size+1)}, buf)
	if err == nil && n != f.Size || err == tar.ErrWriteTooLong {
		return fail(exitCheck, "stop what runs in the tree, then pack again", "it changed while the tree was packed")
	}
	return err
}

type progressWriter struct {
	w        io.Writer
	progress func(int64)
}

func (p *progressWriter) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	p.progress(int64(n))
	return n, err
}

// progress adds up what is done and tells the caller now and then.
type progress struct {
	done, total, told int64
	tell              func(done, total int64)
}

func newProgress(files []File, tell func(done, total int64)) *progress {
	p := &progress{tell: tell}
	for i := range files {
		if files[i].Type == TypeFile {
			p.total += files[i].Size
		}
	}
	return p
}

func (p *progress) add(n int64) {
	p.done += n
	if p.tell != nil && (p.done-p.told >= 1<<20 || p.done == p.total) {
		p.told = p.done
		p.tell(p.done, p.total)
	}
}

// countWriter counts and hashes what goes through it.
type countWriter struct {
	w   io.Writer
	sum hash.Hash
	n   int64
}

func (c *countWriter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.n += int64(n)
	if err != nil {
		err = fail(exitSurroundings, "free some space, or name another directory with --out", "%w", err)
	}
	return n, err
}

// onlyReader and onlyWriter hide other methods, so that io.CopyBuffer takes its buffer.
type onlyReader struct{ io.Reader }
type onlyWriter struct{ io.Writer }

package pack

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"io/fs"
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

// Write writes the archive: the top directory, manifest, files.json, then
// everything by path. The bytes depend on the list, the format and the epoch
// alone, not on how many cores compress. Memory doesn't grow with the files' sizes.
//
// progress, if not nil, is told how many of the content's bytes are done.
func Write(ctx context.Context, w io.Writer, a *Archive, format string, epoch time.Time, progress func(done, total int64)) (Digest, error) {
	files, err := a.documents()
	if err != nil {
		return Digest{}, err
	}
	out := &countWriter{w: w, sum: sha256.New()}
	e, err := newEncoder(out, format, epoch)
	if err != nil {
		return Digest{}, err
	}
	p := newProgress(files, progress)
	err = writeAll(ctx, e, a.top(), files, p)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return Digest{}, fmt.Errorf("writing the archive: %w", err)
	}
	return Digest{SHA256: hex.EncodeToString(out.sum.Sum(nil)), Size: out.n}, nil
}

// top is the name of the archive's one top directory.
func (a *Archive) top() string { return a.Manifest.Name + "-" + a.Manifest.Version }

// documents makes manifest.json and files.json, and gives all entries in the order of the archive.
func (a *Archive) documents() ([]File, error) {
	if why := validName(a.top()); why != "" || path.Base(a.top()) != a.top() {
		return nil, fail(exitUsage, "use letters, digits, dots and dashes", "writing the archive: %q is no name for a directory", a.top())
	}
	list := Files{Format: Format, Files: []Entry{}}
	rest := make([]File, 0, len(a.Files)+3)
	for i := range a.Files {
		f := &a.Files[i]
		if !f.InArchive() || f.Path == ManifestName || f.Path == FilesName {
			continue
		}
		if f.Type == TypeFile && f.SHA256 == "" {
			if err := f.sumUp(); err != nil {
				return nil, err
			}
		}
		e := f.Entry()
		if f.Type != TypeFile {
			e.Size, e.SHA256 = 0, ""
		}
		list.Files = append(list.Files, e)
		if f.Path != Dir {
			rest = append(rest, *f)
		}
	}
	filesJSON, err := marshalFiles(list)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(filesJSON)
	a.Manifest.Format = Format
	a.Manifest.FilesSHA256 = hex.EncodeToString(sum[:])
	manifest, err := marshalManifest(&a.Manifest)
	if err != nil {
		return nil, err
	}
	if err := readable(manifest, filesJSON); err != nil {
		return nil, err
	}
	out := []File{
		{Path: "", Type: TypeDir, Mode: 0o755},
		{Path: Dir, Type: TypeDir, Mode: 0o755},
		{Path: ManifestName, Mode: 0o644, Data: manifest, Size: int64(len(manifest))},
		{Path: FilesName, Mode: 0o644, Data: filesJSON, Size: int64(len(filesJSON))},
	}
	return append(out, rest...), nil
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
		return fail(exitSurroundings, "", "reading %s: %w", quoteName(f.Path), err)
	}
	f.SHA256 = hex.EncodeToString(h.Sum(nil))
	return nil
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
		z, err := newGzip(w)
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
			return fmt.Errorf("%s: %w", quoteName(f.Path), err)
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
	h := &tar.Header{Name: name, Mode: int64(f.Mode.Perm()), ModTime: e.epoch}
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

// fileMode is the mode with the type's bits, as zip wants it.
func (f *File) fileMode() fs.FileMode {
	switch f.Type {
	case TypeDir:
		return fs.ModeDir | f.Mode.Perm()
	case TypeLink:
		return fs.ModeSymlink | 0o777
	}
	return f.Mode.Perm()
}

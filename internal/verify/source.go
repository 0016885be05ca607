package verify

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// Source is what is verified: a directory, or an archive made for any platform.
type Source interface {
	// Walk calls visit for every file, link and directory, perhaps from several
	// goroutines at once. A zip may lack directories that aren't empty.
	Walk(ctx context.Context, visit func(Entry) error) error
}

// Entry is a file, a link or a directory of a Source.
type Entry struct {
	Path string // relative to the source, with slashes
	Dir  bool
	Link string // what a symbolic link points to; empty for a file
	Open func() (File, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.Closer
	Size() (int64, error)
}

// Both is two sources as one. What they hold has to have different paths.
func Both(a, b Source) Source { return both{a, b} }

type both [2]Source

func (s both) Walk(ctx context.Context, visit func(Entry) error) error {
	if err := s[0].Walk(ctx, visit); err != nil {
		return err
	}
	return s[1].Walk(ctx, visit)
}

// Dir is a directory of this machine. Version control's own directories are left out.
func Dir(root string) Source { return dir(root) }

type dir string

type osFile struct{ *os.File }

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Walk lists directories in one goroutine, and visits files in as many as there are processors.
func (d dir) Walk(ctx context.Context, visit func(Entry) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan Entry, 1024)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for e := range jobs {
				if ctx.Err() != nil {
					continue
				}
				if err := visit(e); err != nil {
					cancel(fmt.Errorf("reading %s: %w", e.Path, err))
				}
			}
		})
	}
	err := d.list(ctx, "", jobs)
	close(jobs)
	group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

func (d dir) list(ctx context.Context, rel string, jobs chan<- Entry) error {
	entries, err := os.ReadDir(filepath.Join(string(d), filepath.FromSlash(rel)))
	if err != nil {
		return err
	}
	for _, e := range entries {
		p := path.Join(rel, e.Name())
		full := filepath.Join(string(d), filepath.FromSlash(p))
		switch typ := e.Type(); {
		case typ.IsDir():
			if e.Name() == ".git" || e.Name() == ".hg" || e.Name() == ".svn" {
				continue
			}
			if err = send(ctx, jobs, Entry{Path: p, Dir: true}); err == nil {
				err = d.list(ctx, p, jobs)
			}
		case typ&fs.ModeSymlink != 0:
			var to string
			if to, err = os.Readlink(full); err == nil {
				err = send(ctx, jobs, Entry{Path: p, Link: filepath.ToSlash(to)})
			}
		case typ.IsRegular():
			err = send(ctx, jobs, Entry{Path: p, Open: func() (File, error) {
				f, err := os.Open(full)
				return osFile{f}, err
			}})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func send(ctx context.Context, jobs chan<- Entry, e Entry) error {
	select {
	case jobs <- e:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// memory is a file, or its first bytes, in memory.
type memory struct {
	*bytes.Reader
	size int64
}

func (m memory) Close() error         { return nil }
func (m memory) Size() (int64, error) { return m.size, nil }

// maxMember is the largest binary file of an archive that is read, and
// inMemory the largest that is read into memory; others become temporary files.
const maxMember, inMemory = 4 << 30, 16 << 20

// spooled is a file of an archive that is a temporary file while it is looked at.
type spooled struct {
	*os.File
	size int64
}

func (s spooled) Close() error         { return nil }
func (s spooled) Size() (int64, error) { return s.size, nil }

func (s spooled) remove() {
	s.File.Close()
	os.Remove(s.Name())
}

// spool writes a file of an archive to a temporary one.
func spool(head []byte, size int64, r io.Reader) (spooled, error) {
	f, err := os.CreateTemp("", "binary-buildout-verify-")
	if err != nil {
		return spooled{}, err
	}
	s := spooled{f, size}
	n, err := io.Copy(f, io.MultiReader(bytes.NewReader(head), io.LimitReader(r, size-int64(len(head)))))
	if err == nil && n != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		s.remove()
		return spooled{}, err
	}
	return s, nil
}

// Archive is an archive as pack writes it: .tar.gz, .tar.zst or .zip, with one
// top directory. A wheel or an egg is a .zip without one.
func Archive(name string) Source { return archiveFile(name) }

type archiveFile string

func (a archiveFile) Walk(ctx context.Context, visit func(Entry) error) error {
	f, err := os.Open(string(a))
	if err != nil {
		return err
	}
	defer f.Close()
	name := strings.ToLower(string(a))
	switch {
	case strings.HasSuffix(name, ".zip"), strings.HasSuffix(name, ".whl"), strings.HasSuffix(name, ".egg"):
		return walkZip(ctx, f, strings.HasSuffix(name, ".zip"), visit)
	case strings.HasSuffix(name, ".zst"):
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxMemory(1<<40), zstd.WithDecoderMaxWindow(8<<20), zstd.WithDecoderConcurrency(2))
		if err != nil {
			return err
		}
		defer z.Close()
		return walkTar(ctx, tar.NewReader(z), visit)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("reading %s: %w", a, err)
	}
	return walkTar(ctx, tar.NewReader(z), visit)
}

func walkTar(ctx context.Context, t *tar.Reader, visit func(Entry) error) error {
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		p, err := inside(h.Name, true)
		switch {
		case err != nil || p == "":
		case h.Typeflag == tar.TypeDir:
			err = visit(Entry{Path: p, Dir: true})
		case h.Typeflag == tar.TypeSymlink:
			err = visit(Entry{Path: p, Link: h.Linkname})
		case h.Typeflag == tar.TypeReg:
			var m File
			var done func()
			if m, done, err = member(p, h.Size, t); err == nil {
				err = visit(Entry{Path: p, Open: func() (File, error) { return m, nil }})
				done()
			}
		}
		if err != nil {
			return err
		}
	}
}

func walkZip(ctx context.Context, f *os.File, top bool, visit func(Entry) error) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	for _, e := range z.File {
		p, err := inside(e.Name, top)
		if err != nil {
			return err
		}
		if p == "" {
			continue
		}
		if e.FileInfo().IsDir() {
			if err := visit(Entry{Path: p, Dir: true}); err != nil {
				return err
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := e.Open()
		if err != nil {
			return err
		}
		m, done, err := member(p, int64(e.UncompressedSize64), r)
		if err != nil {
			return fmt.Errorf("reading %s: %w", p, err)
		}
		entry := Entry{Path: p, Open: func() (File, error) { return m, nil }}
		if e.Mode()&fs.ModeSymlink != 0 {
			b, _ := io.ReadAll(io.NewSectionReader(m, 0, 4096))
			entry = Entry{Path: p, Link: string(b)}
		}
		err = visit(entry)
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

// inside is an entry's path, without the top directory; empty for that directory
// itself, and an error for one that would leave the archive.
func inside(name string, top bool) (string, error) {
	p := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if !fs.ValidPath(p) {
		return "", fmt.Errorf("the entry %q has no place in an archive", name)
	}
	if top {
		_, p, _ = strings.Cut(p, "/")
	}
	return p, nil
}

// member reads what is needed of an archive's file: all of a binary, a source or
// metadata as far as it is read, else the first bytes. done ends its use.
func member(p string, size int64, r io.Reader) (m File, done func(), err error) {
	head := make([]byte, min(max(size, 0), binfmt.SniffLen))
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, nil, err
	}
	_, binary := binfmt.Sniff(head)
	need := int64(len(head))
	switch {
	case binary:
		need = size
	case wanted(p):
		need = min(size, maxOf(p))
	}
	if need > maxMember {
		return nil, nil, fmt.Errorf("%d bytes are more than a binary file may have", size)
	}
	if need > inMemory {
		s, err := spool(head, need, r)
		return s, s.remove, err
	}
	// Grows as bytes come: a header may lie about the size.
	w := bytes.NewBuffer(head)
	if n, err := io.Copy(w, io.LimitReader(r, need-int64(len(head)))); err != nil {
		return nil, nil, err
	} else if n != need-int64(len(head)) {
		return nil, nil, io.ErrUnexpectedEOF
	}
	return memory{bytes.NewReader(w.Bytes()), size}, func() {}, nil
}

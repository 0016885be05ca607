package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/scratch"
)

// ExtractOptions may be zero.
type ExtractOptions struct {
	// Progress is told how many bytes of content are written.
	Progress func(done, total int64)
	// Epoch is the mtime of everything; zero is that of the archive's top directory, which all of it has.
	Epoch time.Time
	// Skip, if not nil, tells what of the archive isn't wanted. With a
	// directory, all below it is left out too.
	Skip func(Entry) bool
}

// Extract unpacks an archive into dir, without its top directory. dir must not
// exist, or be empty. All is written into a new directory beside it, which
// takes its name when every entry was there and had its size and digest; on
// any error it is removed.
//
// Nothing is written outside, whatever the archive holds: files are made by
// os.Root, none through a link, and links come last. Modes are those of
// files.json, whatever the umask.
func Extract(ctx context.Context, archive, dir string, o ExtractOptions) error {
	r, err := Open(archive)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Extract(ctx, dir, o)
}

// Extract is [Extract] for an archive that is open already, and of which no
// entry was read.
func (r *Reader) Extract(ctx context.Context, dir string, o ExtractOptions) (err error) {
	if err := vacant(dir); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), "."+filepath.Base(dir)+".unpacking-")
	if err != nil {
		return fail(exitSurroundings, "create the directory above it, and make it writable", "unpacking: %w", err)
	}
	defer func() {
		if err != nil {
			_ = scratch.RemoveAll(tmp)
		}
	}()
	if err := extractInto(ctx, r, tmp, o); err != nil {
		return err
	}
	if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(exitSurroundings, "", "unpacking: %w", err)
	}
	if err := os.Rename(tmp, dir); err != nil {
		return fail(exitSurroundings, "", "unpacking: %w", err)
	}
	return nil
}

// vacant tells whether dir can be made: it isn't there, or is an empty directory.
func vacant(dir string) error {
	info, err := os.Lstat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fail(exitSurroundings, "", "unpacking: %w", err)
	}
	list, err := os.ReadDir(dir)
	if !info.IsDir() || err != nil || len(list) > 0 {
		return &Error{Path: dir, Kind: ErrExists}
	}
	return nil
}

// extractInto writes everything into an empty directory.
func extractInto(ctx context.Context, r *Reader, dir string, o ExtractOptions) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fail(exitSurroundings, "", "unpacking: %w", err)
	}
	defer root.Close()
	x := &extractor{root: root, r: r, epoch: o.Epoch, skip: o.Skip, skipped: map[string]bool{}, buf: make([]byte, 256<<10)}
	defer x.leave()
	if x.epoch.IsZero() {
		x.epoch = r.epoch
	}
	x.progress = progress{tell: o.Progress, total: int64(len(r.manifestData) + len(r.filesData))}
	for _, e := range r.Files() {
		x.progress.total += e.Size
	}
	if err := x.documents(); err != nil {
		return x.surroundings(err)
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, body, err := r.Next()
		if err == io.EOF {
			return x.surroundings(x.finish())
		}
		if err != nil {
			return err
		}
		if x.unwanted(e) {
			x.progress.add(e.Size)
			continue
		}
		if err := x.entry(e, body); err != nil {
			return x.surroundings(err)
		}
	}
}

type extractor struct {
	root     *os.Root
	r        *Reader
	epoch    time.Time
	skip     func(Entry) bool
	skipped  map[string]bool // directories
	dirs     []Entry
	links    []Entry
	buf      []byte
	progress progress

	// The directory that was written in last, open. Files come by their paths,
	// and os.Root opens each directory on the way to a name anew: without this
	// a Plone takes four hundred thousand calls more.
	dir string
	at  *os.Root
}

// in gives a directory to write in, and the name there, of a path.
func (x *extractor) in(name string) (*os.Root, string, error) {
	dir, base := path.Split(name)
	if dir == "" {
		return x.root, base, nil
	}
	if x.at == nil || x.dir != dir {
		x.leave()
		at, err := x.root.OpenRoot(filepath.FromSlash(path.Clean(dir)))
		if err != nil {
			return nil, "", err
		}
		x.dir, x.at = dir, at
	}
	return x.at, base, nil
}

// leave closes the directory that was written in last.
func (x *extractor) leave() {
	if x.at != nil {
		x.at.Close()
		x.at = nil
	}
}

// surroundings marks errors of the file system; those of the archive stay what they are.
func (x *extractor) surroundings(err error) error {
	var a *Error
	if err == nil || errors.As(err, &a) {
		return err
	}
	return fail(exitSurroundings, "free some space, or choose another directory", "unpacking: %w", err)
}

// documents writes manifest.json and files.json as they were read.
func (x *extractor) documents() error {
	if err := x.root.Mkdir(Dir, 0o700); err != nil {
		return err
	}
	x.dirs = append(x.dirs, Entry{Path: Dir, Mode: 0o755})
	for _, d := range []struct {
		name string
		data []byte
	}{{ManifestName, x.r.manifestData}, {FilesName, x.r.filesData}} {
		if err := x.file(Entry{Path: d.name, Mode: 0o644, Size: int64(len(d.data))}, bytes.NewReader(d.data)); err != nil {
			return err
		}
	}
	return nil
}

// unwanted tells whether an entry is to be left out.
func (x *extractor) unwanted(e Entry) bool {
	if x.skip == nil || !x.skipped[path.Dir(e.Path)] && !x.skip(e) {
		return false
	}
	if e.Type == TypeDir {
		x.skipped[e.Path] = true
	}
	return true
}

func (x *extractor) entry(e Entry, body io.Reader) error {
	switch e.Type {
	case TypeDir:
		x.dirs = append(x.dirs, e)
		at, name, err := x.in(e.Path)
		if err != nil {
			return err
		}
		return at.Mkdir(name, 0o700)
	case TypeLink:
		x.links = append(x.links, e)
		return nil
	}
	return x.file(e, body)
}

func (x *extractor) file(e Entry, body io.Reader) error {
	at, name, err := x.in(e.Path)
	if err != nil {
		return err
	}
	f, err := at.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyBuffer(onlyWriter{&progressWriter{f, x.progress.add}}, body, x.buf)
	if err == nil {
		err = f.Chmod(fs.FileMode(e.Mode) & fs.ModePerm)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("%s: %w", QuoteName(e.Path), err)
	}
	return at.Chtimes(name, x.epoch, x.epoch)
}

// finish makes the links, and sets modes and times of the directories, the deepest first.
func (x *extractor) finish() error {
	for _, l := range x.links {
		if err := x.root.Symlink(filepath.FromSlash(l.Link), filepath.FromSlash(l.Path)); err != nil {
			return err
		}
	}
	sort.Slice(x.dirs, func(i, j int) bool { return x.dirs[i].Path > x.dirs[j].Path })
	for _, d := range x.dirs {
		at, name, err := x.in(d.Path)
		if err != nil {
			return err
		}
		if err := at.Chmod(name, fs.FileMode(d.Mode)&fs.ModePerm); err != nil {
			return err
		}
		if err := at.Chtimes(name, x.epoch, x.epoch); err != nil {
			return err
		}
	}
	if err := x.root.Chmod(".", 0o755); err != nil {
		return err
	}
	return x.root.Chtimes(".", x.epoch, x.epoch)
}

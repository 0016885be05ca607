package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/digest"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/klauspost/compress/zstd"
	"github.com/klauspost/pgzip"
)

// Limits on what is read into memory before anything is known of an archive.
const (
	maxManifest = 24 << 20
	maxFiles    = 96 << 20  // of half a million files, which take 145 to 175 bytes each, and some more
	maxWindow   = 128 << 20 // of a zstd frame: what zstd(1) takes too; Write's are 4 MiB
	maxPad      = 1 << 20   // zeros after a tar's end

	readAhead, readBlocks = 256 << 10, 8
)

// Reader reads an archive once, from the start to the end, and trusts nothing:
// each entry is compared with files.json, which manifest.json has the digest of.
type Reader struct {
	path     string
	file     *os.File
	own      bool // whether Close closes the file
	src      entrySource
	top      string
	manifest Manifest
	digest   string
	epoch    time.Time
	files    []Entry

	// as they stand in the archive, for Extract
	manifestData, filesData []byte

	seen []bool
	cur  *body
	done bool
}

// entrySource gives the entries of a tar or zip file. next gives io.EOF after the last.
type entrySource interface {
	next() (rawEntry, error)
	// trailing checks what follows the last entry.
	trailing() error
	Close() error
}

// rawEntry is an entry as it stands in the file, before any check.
type rawEntry struct {
	name string
	typ  string // TypeFile, TypeDir, TypeLink
	mode uint32
	size int64
	link string
	time time.Time
	body io.Reader
}

// ReadManifest reads an archive's manifest alone, as Open checks it.
func ReadManifest(path string) (Manifest, error) {
	r, err := Open(path)
	if err != nil {
		return Manifest{}, err
	}
	defer r.Close()
	return r.Manifest(), nil
}

// Open opens an archive of any format, known by its first bytes, and
// reads manifest.json and files.json. Its errors are *Error where the
// archive is at fault.
func Open(path string) (*Reader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fail(exitSurroundings, "", "opening the archive: %w", err)
	}
	r, err := NewReader(file)
	if err != nil {
		file.Close()
		return nil, err
	}
	r.own = true
	return r, nil
}

// NewReader is [Open] for a file that is open already, so that what is
// read is what was checked before. It reads from the file's start, wherever the
// file stands, and leaves it open.
func NewReader(file *os.File) (*Reader, error) {
	var err error
	r := &Reader{path: file.Name(), file: file}
	if r.src, err = openSourceOf(file); err == nil {
		err = r.start()
	}
	if err != nil {
		err = r.wrap("", err)
		r.Close()
		return nil, err
	}
	return r, nil
}

func openSourceOf(file *os.File) (entrySource, error) {
	head := make([]byte, 4)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch head = head[:n]; {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		// It decompresses ahead of what is read. A byte reader, so that nothing
		// after the last member is missed.
		z, err := pgzip.NewReaderN(fromStart(file), readAhead, readBlocks)
		if err != nil {
			return nil, err
		}
		return newTarSource(z, z), nil
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(fromStart(file), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderConcurrency(2), zstd.WithDecoderMaxMemory(1<<40))
		if err != nil {
			return nil, err
		}
		return newTarSource(z, z.IOReadCloser()), nil
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return newZipSource(file)
	case n < 4:
		return nil, &Error{Kind: ErrTruncated}
	}
	return nil, &Error{Kind: ErrNotOurs, Detail: "neither gzip, zstd nor zip"}
}

// fromStart reads a file from its start, wherever it stands.
func fromStart(file *os.File) *bufio.Reader {
	return bufio.NewReaderSize(io.NewSectionReader(file, 0, math.MaxInt64), 256<<10)
}

// wrap makes an error of reading into an Error that names the archive and the entry.
func (r *Reader) wrap(entry string, err error) error {
	var a *Error
	var own *fault.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &a):
		a.Archive = r.path
		if a.Path == "" {
			a.Path = entry
		}
		return a
	case errors.As(err, &own):
		return err
	}
	kind := ErrCorrupt
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		kind = ErrTruncated
	}
	return &Error{Archive: r.path, Path: entry, Kind: kind, Detail: detail(err)}
}

func detail(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return ""
	}
	return err.Error()
}

// Close ends reading. It closes the file that Open opened.
func (r *Reader) Close() error {
	if r.src != nil {
		r.src.Close()
	}
	if !r.own {
		return nil
	}
	return r.file.Close()
}

// Manifest gives manifest.json.
func (r *Reader) Manifest() Manifest { return r.manifest }

// ManifestSHA256 is the digest of manifest.json, by which state.json knows the archive.
func (r *Reader) ManifestSHA256() string { return r.digest }

// Files gives files.json: all entries but manifest.json and files.json themselves, by path.
func (r *Reader) Files() []Entry { return r.files }

// Top is the name of the top directory.
func (r *Reader) Top() string { return r.top }

// start reads the first four entries.
func (r *Reader) start() error {
	e, err := r.src.next()
	if err != nil {
		return err
	}
	top := strings.TrimSuffix(e.name, "/")
	if e.typ != TypeDir || ValidName(top) != "" || strings.Contains(top, "/") {
		return &Error{Kind: ErrNotOurs, Detail: "it doesn't start with a top directory"}
	}
	r.top, r.epoch = top, e.time
	if e, err = r.src.next(); err != nil {
		return err
	}
	if e.typ != TypeDir || strings.TrimSuffix(e.name, "/") != top+"/"+Dir {
		return &Error{Kind: ErrNotOurs, Detail: "no " + Dir + " directory"}
	}
	manifest, err := r.document(ManifestName, maxManifest)
	if err != nil {
		return err
	}
	if err := parseManifest(manifest, &r.manifest); err != nil {
		return err
	}
	if want := r.manifest.Name + "-" + r.manifest.Version; want != top {
		return &Error{Kind: ErrUnsafe, Detail: fmt.Sprintf("the top directory is %q, the manifest says %q", top, want)}
	}
	r.manifestData = manifest
	r.digest = digest.Of(manifest)
	files, err := r.document(FilesName, maxFiles)
	if err != nil {
		return err
	}
	if digest.Of(files) != r.manifest.FilesSHA256 {
		return &Error{Path: FilesName, Kind: ErrCorrupt, Detail: "its digest is not the manifest's"}
	}
	r.filesData = files
	if r.files, err = parseFiles(files); err != nil {
		return err
	}
	r.seen = make([]bool, len(r.files))
	r.mark(Dir)
	return nil
}

func (r *Reader) mark(name string) {
	if i, ok := r.find(name); ok {
		r.seen[i] = true
	}
}

func (r *Reader) find(name string) (int, bool) {
	i := sort.Search(len(r.files), func(i int) bool { return r.files[i].Path >= name })
	return i, i < len(r.files) && r.files[i].Path == name
}

func (r *Reader) document(name string, limit int64) ([]byte, error) {
	e, err := r.src.next()
	if err != nil {
		return nil, err
	}
	if e.typ != TypeFile || e.name != r.top+"/"+name {
		return nil, &Error{Kind: ErrNotOurs, Detail: fmt.Sprintf("%s is not where it belongs", name)}
	}
	if e.size > limit {
		return nil, &Error{Path: name, Kind: ErrTooBig, Detail: "it is larger than any can be"}
	}
	data := make([]byte, max(e.size, 0))
	if _, err := io.ReadFull(e.body, data); err != nil {
		return nil, err
	}
	if n, err := e.body.Read(make([]byte, 1)); n > 0 || err != nil && err != io.EOF {
		return nil, &Error{Path: name, Kind: ErrCorrupt, Detail: "it is longer than it says"}
	}
	return data, nil
}

// Next gives the next entry, and for a file its content. It is io.EOF when all
// that files.json lists was there, and nothing else. Each content is checked
// as it is read: what has not been read by the next call of Next is read then.
func (r *Reader) Next() (Entry, io.Reader, error) {
	e, body, err := r.next()
	if err != nil && err != io.EOF {
		err = r.wrap("", err)
	}
	return e, body, err
}

func (r *Reader) next() (Entry, io.Reader, error) {
	if r.done {
		return Entry{}, nil, io.EOF
	}
	if r.cur != nil {
		if _, err := io.Copy(io.Discard, r.cur); err != nil {
			return Entry{}, nil, err
		}
		r.cur = nil
	}
	raw, err := r.src.next()
	if err == io.EOF {
		return Entry{}, nil, r.finish()
	}
	if err != nil {
		return Entry{}, nil, err
	}
	e, err := r.match(raw)
	if err != nil || e.Type != TypeFile {
		return e, nil, err
	}
	r.cur = &body{r: r, e: e, src: raw.body, sum: sha256.New()}
	return e, r.cur, nil
}

// match compares an entry with files.json.
func (r *Reader) match(raw rawEntry) (Entry, error) {
	name := strings.TrimSuffix(raw.name, "/")
	bad := func(kind error, format string, args ...any) (Entry, error) {
		return Entry{}, &Error{Path: name, Kind: kind, Detail: fmt.Sprintf(format, args...)}
	}
	if why := ValidName(name); why != "" {
		return bad(ErrUnsafe, "%s", why)
	}
	rel, ok := strings.CutPrefix(name, r.top+"/")
	if !ok && name != r.top {
		return bad(ErrUnsafe, "it is outside of the top directory %s", r.top)
	}
	if rel == ManifestName || rel == FilesName || name == r.top {
		return bad(ErrDuplicate, "")
	}
	i, ok := r.find(rel)
	if !ok {
		return bad(ErrUnlisted, "")
	}
	if r.seen[i] {
		return bad(ErrDuplicate, "")
	}
	r.seen[i] = true
	e := r.files[i]
	switch {
	case raw.typ != e.Type:
		return bad(ErrUnsafe, "its type is %q, files.json says %q", raw.typ, e.Type)
	case raw.typ == TypeLink && raw.link != e.Link:
		return bad(ErrUnsafe, "it links to %q, files.json says %q", raw.link, e.Link)
	case raw.typ != TypeLink && raw.mode != e.Mode:
		return bad(ErrUnsafe, "its mode is %#o, files.json says %#o", raw.mode, e.Mode)
	case raw.typ == TypeFile && raw.size > e.Size:
		return bad(ErrTooBig, "%d bytes, files.json says %d", raw.size, e.Size)
	case raw.typ == TypeFile && raw.size < e.Size:
		return bad(ErrCorrupt, "%d bytes, files.json says %d", raw.size, e.Size)
	}
	return e, nil
}

// finish checks that nothing is missing, and nothing follows.
func (r *Reader) finish() error {
	for i, ok := range r.seen {
		if !ok {
			return &Error{Path: r.files[i].Path, Kind: ErrMissing}
		}
	}
	if err := r.src.trailing(); err != nil {
		return err
	}
	r.done = true
	return io.EOF
}

// body is the content of a file, checked for size and digest at its end.
type body struct {
	r    *Reader
	e    Entry
	src  io.Reader
	sum  hash.Hash
	n    int64
	done bool
}

// Read gives io.EOF only if size and digest are as files.json says.
func (b *body) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	n, err := b.src.Read(p)
	b.sum.Write(p[:n])
	b.n += int64(n)
	if b.n > b.e.Size {
		return 0, b.r.wrap(b.e.Path, &Error{Kind: ErrTooBig, Detail: fmt.Sprintf("files.json says %d bytes", b.e.Size)})
	}
	if err == io.EOF {
		if err := b.check(); err != nil {
			return n, b.r.wrap(b.e.Path, err)
		}
		b.done = true
		return n, io.EOF
	}
	if err != nil {
		return n, b.r.wrap(b.e.Path, err)
	}
	return n, nil
}

func (b *body) check() error {
	if b.n < b.e.Size {
		return &Error{Kind: ErrTruncated, Detail: fmt.Sprintf("%d of %d bytes", b.n, b.e.Size)}
	}
	if got := hex.EncodeToString(b.sum.Sum(nil)); got != b.e.SHA256 {
		return &Error{Kind: ErrCorrupt, Detail: "its content doesn't have the digest of files.json"}
	}
	return nil
}

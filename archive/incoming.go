package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// maxDelta bounds delta.json, bytes.
const maxDelta = 32 << 20

// An Incoming is what LayDelta and LayArchive left for bootstrap.py.
type Incoming struct {
	Digest string // of the new manifest.json; the directory's name
	Delta  Delta
}

// ReadDelta reads the document of a delta, and the digest of the manifest that
// it leads to. ErrNotOurs is its error for any other file.
func ReadDelta(file *os.File) (*Incoming, error) {
	var in *Incoming
	err := walkDelta(file, func(first *Incoming, _ string, _ *rawEntry) error {
		in = first
		return errEnough
	})
	return in, err
}

var errEnough = errors.New("enough was read")

// LayDelta unpacks a delta into an installed tree: what bootstrap.py finds in
// IncomingDir then is what tar would have left. If source isn't empty, it is
// noted, and bootstrap.py holds the way back that is there (HeldDir).
func LayDelta(ctx context.Context, file *os.File, dir, source string) (*Incoming, error) {
	var in *Incoming
	err := lay(dir, func(root *os.Root) error {
		return walkDelta(file, func(first *Incoming, name string, e *rawEntry) error {
			if in == nil {
				in = first
				if source != "" {
					in.Delta.Source, in.Delta.Hold = source, true
				}
				if err := layDocument(root, in); err != nil {
					return err
				}
			}
			if err := ctx.Err(); err != nil || e == nil {
				return err
			}
			return layFile(root, path.Join(IncomingDir, in.Digest, name), e.mode, e.body, in.Delta.Epoch)
		})
	})
	return in, err
}

// LayArchive puts into an installed tree what bootstrap.py needs of a whole
// archive: the files that aren't there as the archive has them. source is as
// in LayDelta.
func LayArchive(ctx context.Context, file *os.File, name, sha256sum, dir, source string) (*Incoming, error) {
	r, err := NewReader(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	manifest, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ManifestName)))
	if err != nil {
		return nil, fail(exitSurroundings, "", "looking at %s: %w", dir, err)
	}
	files, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(FilesName)))
	if err != nil {
		return nil, fail(exitSurroundings, "", "looking at %s: %w", dir, err)
	}
	var old Manifest
	if err := parseManifest(manifest, &old); err != nil {
		return nil, err
	}
	in := &Incoming{Digest: r.digest, Delta: *r.delta()}
	in.Delta.byLines(r, manifest, files)
	in.Delta.Base, in.Delta.BaseVersion = digest.Of(manifest), old.Version
	in.Delta.Archive, in.Delta.SHA256, in.Delta.Source = name, sha256sum, source
	in.Delta.Hold = source != ""
	return in, lay(dir, func(root *os.Root) error {
		if err := layDocument(root, in); err != nil {
			return err
		}
		return r.each(ctx, notIn(root, r.files), func(e Entry, body io.Reader) error {
			return layFile(root, path.Join(IncomingDir, in.Digest, wholeDir, e.Path), e.Mode, body, in.Delta.Epoch)
		})
	})
}

// notIn gives the files that a tree has neither at their place nor under
// origin/ as the archive has them.
func notIn(root *os.Root, files []Entry) map[string]bool {
	out := map[string]bool{}
	for _, e := range files {
		if e.Type == TypeFile && !holds(root, e.Path, e) && !holds(root, path.Join(OriginDir, e.Path), e) {
			out[e.Path] = true
		}
	}
	return out
}

// Lacks gives a file of a tree that isn't as it was installed, neither at its
// place nor under origin/, and that the delta may need: the base of a patch, or one
// that may have moved. It is "" if there is none.
func (in *Incoming) Lacks(dir string, base *Manifest) (string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", fail(exitSurroundings, "", "looking at %s: %w", dir, err)
	}
	defer root.Close()
	data, err := root.ReadFile(filepath.FromSlash(FilesName))
	if err != nil {
		return "", fail(exitSurroundings, "", "looking at %s: %w", dir, err)
	}
	files, err := parseFiles(data)
	if err != nil {
		return "", err
	}
	patched := map[int]bool{}
	for _, row := range in.Delta.Patches {
		patched[row[1]] = true
	}
	stays := unchanged(base)
	for i, e := range files {
		moves := e.Type == TypeFile && stays(e.Path) && path.Ext(e.Path) != ".pyc" && path.Ext(e.Path) != ".pyo"
		if (moves || patched[i]) && !holds(root, e.Path, e) && !holds(root, path.Join(OriginDir, e.Path), e) {
			return e.Path, nil
		}
	}
	return "", nil
}

func holds(root *os.Root, name string, e Entry) bool {
	info, err := root.Lstat(filepath.FromSlash(name))
	if err != nil || !info.Mode().IsRegular() || info.Size() != e.Size {
		return false
	}
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return false
	}
	defer f.Close()
	sum, _, err := digest.Read(f)
	return err == nil && sum == e.SHA256
}

// lay empties IncomingDir and fills it; on an error it is empty again.
func lay(dir string, fill func(*os.Root) error) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fail(exitSurroundings, "", "writing the update: %w", err)
	}
	defer root.Close()
	incoming := filepath.FromSlash(IncomingDir)
	if err := root.RemoveAll(incoming); err != nil {
		return fail(exitSurroundings, "", "removing what an earlier update left: %w", err)
	}
	if err := fill(root); err != nil {
		_ = root.RemoveAll(incoming)
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			return fail(exitSurroundings, "free some space, or make the directory writable", "writing the update: %w", err)
		}
		return err
	}
	return nil
}

// layDocument writes delta.json. A source may have the password of a mirror in it,
// which is for nobody else to read.
func layDocument(root *os.Root, in *Incoming) error {
	mode := uint32(0o644)
	if in.Delta.Source != "" {
		mode = 0o600
	}
	data, err := marshalDelta(&in.Delta)
	if err != nil {
		return err
	}
	return layFile(root, path.Join(IncomingDir, in.Digest, deltaName), mode, bytes.NewReader(data), in.Delta.Epoch)
}

func layFile(root *os.Root, name string, mode uint32, body io.Reader, epoch int64) error {
	name = filepath.FromSlash(name)
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, body)
	if err == nil {
		err = f.Chmod(fs.FileMode(mode) & fs.ModePerm)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	when := time.Unix(epoch, 0)
	return root.Chtimes(name, when, when)
}

// walkDelta reads a delta's entries. each gets the document first, without an
// entry, and then every file by its name beside the document; whether their
// contents are right is for bootstrap.py, which has the list.
func walkDelta(file *os.File, each func(in *Incoming, name string, e *rawEntry) error) error {
	wrong := func(kind error, format string, args ...any) error {
		return &Error{Archive: file.Name(), Kind: kind, Detail: fmt.Sprintf(format, args...)}
	}
	z, err := gzip.NewReader(fromStart(file))
	if err != nil {
		return wrong(ErrNotOurs, "not a gzip file")
	}
	src := newTarSource(z, z)
	defer src.Close()
	in, err := firstOfDelta(src)
	if err != nil {
		return wrong(ErrNotOurs, "%v", err)
	}
	for name, entry := "", (*rawEntry)(nil); ; {
		if err := each(in, name, entry); err == errEnough {
			return nil
		} else if err != nil {
			return err
		}
		e, err := src.next()
		if err == io.EOF {
			return src.trailing()
		}
		if err != nil {
			return wrong(ErrTruncated, "%v", err)
		}
		rest, ok := strings.CutPrefix(e.name, path.Join(IncomingDir, in.Digest)+"/")
		if !ok || !in.has(rest) || e.typ != TypeFile {
			return wrong(ErrUnsafe, "%q isn't a file of a delta", e.name)
		}
		name, entry = rest, &e
	}
}

// has says whether a delta can have a file of that name beside its document.
func (in *Incoming) has(name string) bool {
	switch name {
	case documentsDir + "/steps", documentsDir + "/diff", documentsDir + "/new", patchesDir + "/steps", patchesDir + "/diff", patchesDir + "/new":
		return in.Delta.Format > 1
	}
	file, ok := strings.CutPrefix(name, wholeDir+"/")
	return ok && ValidName(file) == ""
}

// firstOfDelta reads delta.json, whose place names the digest.
func firstOfDelta(src entrySource) (*Incoming, error) {
	e, err := src.next()
	if err != nil {
		return nil, err
	}
	dir, base := path.Split(e.name)
	digest := path.Base(dir)
	if raw, err := hex.DecodeString(digest); err != nil || len(raw) != sha256.Size || base != deltaName ||
		path.Clean(dir) != path.Join(IncomingDir, digest) || e.typ != TypeFile || e.size > maxDelta {
		return nil, errors.New("no delta")
	}
	data := make([]byte, e.size)
	if _, err := io.ReadFull(e.body, data); err != nil {
		return nil, err
	}
	if err := checkFormat(deltaName, data, DeltaFormat); err != nil {
		return nil, err
	}
	in := &Incoming{Digest: digest}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&in.Delta); err != nil {
		return nil, err
	}
	return in, nil
}

package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

// IncomingDir holds a new version until bootstrap.py applies it: below it lies
// one directory, whose name is the digest of the new manifest.json.
const IncomingDir = Dir + "/incoming"

// DeltaFormat is the number of the format of a delta that this program writes
// and reads, and that the bootstrap.py of its archives applies. In format 1 each
// file whose content the base doesn't have at its path is whole. In format 2
// what the base has anywhere isn't there, and what is like a file of the base is
// said by that one (Delta.Patches).
const DeltaFormat = 2

// deltaName is the document of a delta, and its first file. Beside it lie
// directories: files for what is whole, and what patches of the documents and of
// the other files are made of, which target/src/binpatch.py reads.
const (
	deltaName    = "delta.json"
	wholeDir     = "files"
	documentsDir = "documents"
	patchesDir   = "patches"
)

// Delta is delta.json: what an incoming version is for, and what it is.
type Delta struct {
	Format int `json:"format"`

	Name        string `json:"name"`
	Version     string `json:"version"`
	Base        string `json:"base"` // SHA-256 of the base's manifest.json, `archive` in state.json
	BaseVersion string `json:"base_version"`

	Archive string `json:"archive"`          // file name of the new archive
	SHA256  string `json:"sha256"`           // of that file
	Source  string `json:"source,omitempty"` // what update was given
	Hold    bool   `json:"hold,omitempty"`   // update says when the way back before this one can go
	Epoch   int64  `json:"epoch"`            // the new archive's one mtime

	// Manifest and Files are the new documents. In format 1 each is texts and
	// [line, count]: lines that are those of the base's document. In format 2 it is
	// two numbers: its size, and the number of steps that make it of the base's. In
	// them lies what would be most of a small delta.
	Manifest any `json:"manifest.json"`
	Files    any `json:"files.json"`

	// Patches are the files that are said by files of the base, in the order of
	// files.json: the number of each there, that of the base's file in its
	// files.json, and the number of steps.
	Patches [][3]int `json:"patches,omitempty"`

	// Removed lists what the new version no longer has, for people, in format 1.
	Removed []string `json:"removed,omitempty"`
}

// DeltaName is the file name of a delta from a version to an archive.
func DeltaName(archive, baseVersion string) string {
	for _, format := range []string{FormatTarGz, FormatTarZst, FormatZip} {
		archive = strings.TrimSuffix(archive, "."+format)
	}
	return archive + ".from-" + baseVersion + ".delta.tar.gz"
}

// WriteDelta writes what an archive has and its base doesn't, as a tar.gz
// without a top directory: all of it lies in IncomingDir, so that unpacking it
// over an installed base changes nothing that runs. name and sha256 are the
// archive file's.
func WriteDelta(ctx context.Context, w io.Writer, base, archive, name, sha256sum string) (Digest, error) {
	b, err := Open(base)
	if err != nil {
		return Digest{}, err
	}
	defer b.Close()
	a, err := Open(archive)
	if err != nil {
		return Digest{}, err
	}
	defer a.Close()
	if err := sameApplication(b, a); err != nil {
		return Digest{}, err
	}
	send, err := gather(ctx, b, a)
	if err != nil {
		return Digest{}, fmt.Errorf("making the delta: %w", err)
	}
	defer send.Close()
	d := a.delta()
	d.Base, d.BaseVersion, d.Archive, d.SHA256 = b.digest, b.manifest.Version, name, sha256sum
	if d.Format = deltaFormat(&b.manifest); d.Format == 1 {
		d.byLines(a, b.manifestData, b.filesData)
		d.Removed = removed(b.files, a.files)
	} else if err := d.byPatches(send, a, b); err != nil {
		return Digest{}, err
	}
	out := &countWriter{w: w, sum: sha256.New()}
	if err := writeDelta(ctx, out, a.digest, d, send); err != nil {
		return Digest{}, fmt.Errorf("writing the delta: %w", err)
	}
	return Digest{SHA256: hex.EncodeToString(out.sum.Sum(nil)), Size: out.n}, nil
}

func sameApplication(b, a *Reader) error {
	bm, am := b.manifest, a.manifest
	if bm.Name != am.Name || bm.Target != am.Target || bm.Label != am.Label {
		return fail(exitUsage, "a delta is between two versions of one target",
			"making a delta: %s is %s for %s%s, and %s is %s for %s%s", b.path, bm.Name, bm.Target, bm.Label, a.path, am.Name, am.Target, am.Label)
	}
	if b.digest == a.digest {
		return fail(exitUsage, "give the archive of an earlier version", "making a delta: %s and %s are the same", b.path, a.path)
	}
	return nil
}

// deltaFormat is what the base's bootstrap.py applies.
func deltaFormat(base *Manifest) int { return max(1, min(base.DeltaFormat, DeltaFormat)) }

// delta fills in what is known of the new archive.
func (r *Reader) delta() *Delta {
	return &Delta{Format: 1, Name: r.manifest.Name, Version: r.manifest.Version, Epoch: r.epoch.Unix()}
}

// byLines says the documents as format 1 does.
func (d *Delta) byLines(r *Reader, baseManifest, baseFiles []byte) {
	d.Manifest, d.Files = patch(baseManifest, r.manifestData), patch(baseFiles, r.filesData)
}

// byPatches says the documents as format 2 does.
func (d *Delta) byPatches(send *sending, next, base *Reader) error {
	var err error
	d.Patches = send.rows
	if d.Manifest, err = send.document(base.manifestData, next.manifestData); err == nil {
		d.Files, err = send.document(base.filesData, next.filesData)
	}
	return err
}

// newIn gives the paths of files whose content the base doesn't have there.
func newIn(base, files []Entry) map[string]bool {
	have := map[string]string{}
	for _, e := range base {
		if e.Type == TypeFile {
			have[e.Path] = e.SHA256
		}
	}
	out := map[string]bool{}
	for _, e := range files {
		if e.Type == TypeFile && have[e.Path] != e.SHA256 {
			out[e.Path] = true
		}
	}
	return out
}

func removed(base, files []Entry) []string {
	have := map[string]bool{}
	for _, e := range files {
		have[e.Path] = true
	}
	out := []string{}
	for _, e := range base {
		if !have[e.Path] {
			out = append(out, e.Path)
		}
	}
	return out
}

// patch says a text by the lines of another one: each element is a string, or
// [first line, number of lines].
func patch(base, text []byte) []any {
	lines := map[string]int{}
	baseLines := bytes.SplitAfter(base, []byte("\n"))
	for i, line := range baseLines {
		if _, ok := lines[string(line)]; !ok {
			lines[string(line)] = i
		}
	}
	out := []any{}
	var own strings.Builder
	start, count := 0, 0
	flush := func() {
		if own.Len() > 0 {
			out = append(out, own.String())
			own.Reset()
		}
		if count > 0 {
			out = append(out, [2]int{start, count})
			count = 0
		}
	}
	for _, line := range bytes.SplitAfter(text, []byte("\n")) {
		if count > 0 && start+count < len(baseLines) && bytes.Equal(baseLines[start+count], line) {
			count++
			continue
		}
		i, ok := lines[string(line)]
		if count > 0 || ok {
			flush()
		}
		if ok {
			start, count = i, 1
		} else {
			own.Write(line)
		}
	}
	flush()
	return out
}

func writeDelta(ctx context.Context, w io.Writer, digest string, d *Delta, send *sending) error {
	z, err := newGzip(w, deltaLevel)
	if err != nil {
		return err
	}
	e := newTar(z, time.Unix(d.Epoch, 0).UTC())
	err = addDelta(ctx, e, path.Join(IncomingDir, digest), d, send)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	return err
}

func addDelta(ctx context.Context, e *tarEncoder, top string, d *Delta, send *sending) error {
	document, err := marshalDelta(d)
	if err != nil {
		return err
	}
	add := func(name string, mode uint32, size int64, content io.Reader) error {
		f := &File{Entry: Entry{Mode: mode, Size: size}, Open: func() (io.ReadCloser, error) { return io.NopCloser(content), nil }}
		if err := ctx.Err(); err != nil {
			return err
		}
		return e.add(path.Join(top, name), f, func(int64) {})
	}
	if err := add(deltaName, 0o644, int64(len(document)), bytes.NewReader(document)); err != nil {
		return err
	}
	for name, stream := range send.streams() {
		if err := add(name, 0o644, stream.size, stream.all()); err != nil {
			return err
		}
	}
	for _, f := range send.whole {
		if err := add(path.Join(wholeDir, f.entry.Path), f.entry.Mode, f.entry.Size, send.files.section(f.at)); err != nil {
			return err
		}
	}
	return nil
}

// each gives the files that are asked for, and reads the archive to its end,
// so that nothing of it goes unchecked.
func (r *Reader) each(ctx context.Context, want map[string]bool, do func(Entry, io.Reader) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entry, body, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if entry.Type == TypeFile && want[entry.Path] {
			if err := do(entry, body); err != nil {
				return fmt.Errorf("%s: %w", QuoteName(entry.Path), err)
			}
		}
	}
}

func marshalDelta(d *Delta) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("writing %s: %w", deltaName, err)
	}
	return b.Bytes(), nil
}

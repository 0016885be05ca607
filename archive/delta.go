package archive

import (
	"archive/tar"
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

// deltaName is the document of a delta, and its first file.
const deltaName = "delta.json"

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

	// Manifest and Files are the new documents, each as texts and as
	// [line, count]: lines that are those of the base's document. In them lies
	// what would be most of a small delta.
	Manifest []any `json:"manifest.json"`
	Files    []any `json:"files.json"`

	// Removed lists what the new version no longer has, for people.
	Removed []string `json:"removed"`
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
	d := a.delta(b.manifestData, b.filesData)
	d.Base, d.BaseVersion, d.Archive, d.SHA256 = b.digest, b.manifest.Version, name, sha256sum
	d.Removed = removed(b.files, a.files)
	out := &countWriter{w: w, sum: sha256.New()}
	if err := writeDelta(ctx, out, a, d, newIn(b.files, a.files)); err != nil {
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

// delta fills in what is known of the new archive and of the base's documents.
func (r *Reader) delta(baseManifest, baseFiles []byte) *Delta {
	return &Delta{
		Format: Format, Name: r.manifest.Name, Version: r.manifest.Version, Epoch: r.epoch.Unix(),
		Manifest: patch(baseManifest, r.manifestData), Files: patch(baseFiles, r.filesData), Removed: []string{},
	}
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

func writeDelta(ctx context.Context, w io.Writer, a *Reader, d *Delta, payload map[string]bool) error {
	z, err := newGzip(w)
	if err != nil {
		return err
	}
	e := newTar(z, time.Unix(d.Epoch, 0).UTC())
	err = addDelta(ctx, e, a, d, payload)
	if cerr := e.Close(); err == nil {
		err = cerr
	}
	return err
}

func addDelta(ctx context.Context, e *tarEncoder, a *Reader, d *Delta, payload map[string]bool) error {
	top := path.Join(IncomingDir, a.digest)
	document, err := marshalDelta(d)
	if err != nil {
		return err
	}
	none := func(int64) {}
	f := FileOf(deltaName, 0o644, document)
	if err := e.add(path.Join(top, deltaName), &f, none); err != nil {
		return err
	}
	return a.each(ctx, payload, func(entry Entry, body io.Reader) error {
		h := &tar.Header{Name: path.Join(top, "files", entry.Path), Typeflag: tar.TypeReg, Mode: int64(entry.Mode), Size: entry.Size, ModTime: e.epoch}
		if err := e.t.WriteHeader(h); err != nil {
			return err
		}
		_, err := io.CopyBuffer(e.t, onlyReader{body}, e.copy)
		return err
	})
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

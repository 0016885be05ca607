package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
)

// A revision is what the documents of an archive say.
type revision struct {
	manifest, files []byte
	digest          string // of manifest
	parsed          Manifest
	entries         []Entry
}

func readRevision(manifest, files []byte) (revision, error) {
	v := revision{manifest: manifest, files: files, digest: digestOf(manifest)}
	if err := parseManifest(manifest, &v.parsed); err != nil {
		return v, err
	}
	if digestOf(files) != v.parsed.FilesSHA256 {
		return v, &Error{Path: FilesName, Kind: ErrCorrupt, Detail: "it is not the one that " + ManifestName + " names"}
	}
	var err error
	v.entries, err = parseFiles(files)
	return v, err
}

// digestOf is a SHA-256 in lower-case hex, as the documents have it.
func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// document makes a document of the one before: of the streams, or of its lines.
func document(p *patcher, base []byte, said any, most int) ([]byte, error) {
	parts, _ := said.([]any)
	row, ok := numbers(parts)
	if !ok {
		return unpatch(base, parts, most)
	}
	if row[0] > most {
		return nil, errSteps
	}
	var out bytes.Buffer
	err := p.make(&out, bytes.NewReader(base), int64(len(base)), row[1], int64(row[0]))
	return out.Bytes(), err
}

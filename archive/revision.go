package archive

import (
	"bytes"

	"github.com/binary-buildout/binary-buildout/internal/digest"
)

// A revision is what the documents of an archive say.
type revision struct {
	manifest, files []byte
	digest          string // of manifest
	parsed          Manifest
	entries         []Entry
}

func readRevision(manifest, files []byte) (revision, error) {
	v := revision{manifest: manifest, files: files, digest: digest.Of(manifest)}
	if err := parseManifest(manifest, &v.parsed); err != nil {
		return v, err
	}
	if digest.Of(files) != v.parsed.FilesSHA256 {
		return v, &Error{Path: FilesName, Kind: ErrCorrupt, Detail: "it is not the one that " + ManifestName + " names"}
	}
	var err error
	v.entries, err = parseFiles(files)
	return v, err
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

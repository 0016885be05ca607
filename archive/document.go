package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// largestDocument is how large the document of a name may be in a tree, in bytes.
func largestDocument(name string) int64 {
	if name == FilesName {
		return maxFiles
	}
	return 64 << 20
}

// Document reads a JSON document of the tree in dir, by its name with slashes
// (StateName). It has to be a regular file, of 64 MiB at most (files.json: 96), and no more than
// memory has room for once it is decoded: a tree may belong to another user, who
// may have put a pipe or a device there.
func Document[T any](dir, name string) (*T, error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		err = errors.New("it isn't a regular file")
	case info.Size() > largestDocument(name):
		err = fmt.Errorf("it is larger than %d MiB", largestDocument(name)>>20)
	}
	v := new(T)
	if err == nil {
		err = readDocument(path, name, v)
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return v, nil
}

func readDocument(path, name string, into any) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = CheckDocument(name, data)
	}
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	return err
}

// TreeManifest is the manifest of the tree in dir. One of a format that this
// program doesn't know is an error.
func TreeManifest(dir string) (*Manifest, error) {
	m, err := Document[Manifest](dir, ManifestName)
	if err != nil {
		return nil, err
	}
	if m.Format < 1 || m.Format > Format {
		return nil, fmt.Errorf("reading %s: its format is %d, and this program knows up to %d", ManifestName, m.Format, Format)
	}
	return m, nil
}

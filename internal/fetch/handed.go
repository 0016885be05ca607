package fetch

import (
	"io"
	"io/fs"
	"os"
)

// open opens a file, or takes the one that was handed.
func (o Request) open(path string) (*os.File, error) {
	f, ok := o.Handed[path]
	if !ok {
		return os.Open(path)
	}
	if f == nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return f, nil
}

// stat is os.Stat, of a file that was handed too.
func (o Request) stat(path string) (fs.FileInfo, error) {
	if f := o.Handed[path]; f != nil {
		return f.Stat()
	}
	return os.Stat(path)
}

// readFile is os.ReadFile, of a file that was handed too.
func (o Request) readFile(path string) ([]byte, error) {
	f, err := o.open(path)
	if err != nil {
		return nil, err
	}
	if o.Handed[path] == nil {
		defer f.Close()
	}
	return io.ReadAll(io.NewSectionReader(f, 0, maxSmall))
}

package scratch

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// Fill copies what r gives into the file at path, which is opened with os's flags
// (os.O_EXCL: it must be new; os.O_TRUNC: what is there is replaced) and, if it
// is new, gets this mode. On an error, a part of it may be there.
func Fill(path string, flags int, mode fs.FileMode, r io.Reader) error {
	file, err := os.OpenFile(path, flags|os.O_CREATE|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, r)
	return errors.Join(err, file.Close())
}

// Copy makes the file to a copy of the file from, as Fill does.
func Copy(from, to string, flags int, mode fs.FileMode) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return Fill(to, flags, mode, in)
}

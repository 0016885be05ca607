package archive

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// A spool keeps content in one temporary file, so that it costs no memory.
type spool struct {
	file *os.File
	size int64
}

// A span is where some content lies in a spool.
type span struct{ from, size int64 }

func newSpool() (*spool, error) {
	f, err := os.CreateTemp("", "binary-buildout-delta-")
	if err != nil {
		return nil, fail(exitSurroundings, "set TMPDIR to a directory with space", "making a temporary file: %w", err)
	}
	return &spool{file: f}, nil
}

// spoolIn is a spool in a file of that name, whatever was there before. Where the
// system allows it, the name goes at once, so that a kill leaves nothing.
func spoolIn(name string) (*spool, error) {
	err := os.RemoveAll(name)
	if err != nil {
		return nil, fail(exitSurroundings, "", "making a temporary file: %w", err)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fail(exitSurroundings, "make the directory writable for this user", "making a temporary file: %w", err)
	}
	_ = os.Remove(name)
	return &spool{file: f}, nil
}

func (s *spool) add(content io.Reader) (span, error) {
	at := span{from: s.size}
	n, err := io.Copy(s.file, content)
	at.size, s.size = n, s.size+n
	if err != nil {
		return at, fmt.Errorf("writing a temporary file: %w", err)
	}
	return at, nil
}

func (s *spool) section(at span) *io.SectionReader {
	return io.NewSectionReader(s.file, at.from, at.size)
}

func (s *spool) all() *io.SectionReader { return s.section(span{size: s.size}) }

func (s *spool) read(at span) ([]byte, error) {
	data := make([]byte, at.size)
	if _, err := io.ReadFull(s.section(at), data); err != nil {
		return nil, fmt.Errorf("reading a temporary file: %w", err)
	}
	return data, nil
}

// Close removes the file.
func (s *spool) Close() error {
	err := s.file.Close()
	if rerr := os.Remove(s.file.Name()); err == nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = rerr
	}
	return err
}

package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// tarSource reads a decompressed tar stream.
type tarSource struct {
	t *tar.Reader
	r io.Reader
	c io.Closer
}

func newTarSource(r io.Reader, c io.Closer) *tarSource {
	return &tarSource{t: tar.NewReader(r), r: r, c: c}
}

func (s *tarSource) next() (rawEntry, error) {
	h, err := s.t.Next()
	if err != nil {
		return rawEntry{}, err
	}
	e := rawEntry{name: h.Name, mode: uint32(h.Mode), size: h.Size, link: h.Linkname, time: h.ModTime, body: s.t}
	bad := func(format string, args ...any) (rawEntry, error) {
		return e, &Error{Path: h.Name, Kind: ErrUnsafe, Detail: fmt.Sprintf(format, args...)}
	}
	switch h.Typeflag {
	case tar.TypeReg:
		e.typ = TypeFile
	case tar.TypeDir:
		e.typ = TypeDir
	case tar.TypeSymlink:
		e.typ = TypeLink
	case tar.TypeLink:
		return bad("it is a hard link")
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		return bad("it is a device")
	default:
		return bad("its type is %q", h.Typeflag)
	}
	for k := range h.PAXRecords {
		switch k {
		case "path", "linkpath", "size":
		default:
			return bad("it has the extended header %q", k)
		}
	}
	return e, nil
}

// trailing reads the rest: the padding of a tar stream, zeros.
func (s *tarSource) trailing() error {
	buf := make([]byte, 64<<10)
	total := 0
	for {
		n, err := s.r.Read(buf)
		total += n
		if total > maxPad || len(bytes.Trim(buf[:n], "\x00")) > 0 {
			return &Error{Kind: ErrTrailing}
		}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return &Error{Kind: ErrTruncated}
		case err != nil:
			return &Error{Kind: ErrTrailing, Detail: err.Error()}
		}
	}
}

func (s *tarSource) Close() error { return s.c.Close() }

package pack

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
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
		return e, &ArchiveError{Path: h.Name, Kind: ErrUnsafe, Detail: fmt.Sprintf(format, args...)}
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
			return &ArchiveError{Kind: ErrTrailing}
		}
		switch {
		case err == io.EOF:
			return nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return &ArchiveError{Kind: ErrTruncated}
		case err != nil:
			return &ArchiveError{Kind: ErrTrailing, Detail: err.Error()}
		}
	}
}

func (s *tarSource) Close() error { return s.c.Close() }

// zipSource reads a zip file by its central directory, which has to name
// everything in the file in the order of the file.
type zipSource struct {
	z    *zip.Reader
	at   int
	open io.ReadCloser
}

func newZipSource(file *os.File) (entrySource, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(file, info.Size())
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			return nil, &ArchiveError{Kind: ErrTruncated, Detail: err.Error()}
		}
		return nil, err
	}
	// archive/zip searches for the end of the directory; here it is the file's end.
	end := make([]byte, 22)
	if _, err := file.ReadAt(end, info.Size()-22); err != nil || !bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		return nil, &ArchiveError{Kind: ErrTrailing}
	}
	if !sort.SliceIsSorted(z.File, func(i, j int) bool { return offset(z.File[i]) < offset(z.File[j]) }) {
		return nil, &ArchiveError{Kind: ErrUnsafe, Detail: "its directory is not in the order of the file"}
	}
	if len(z.File) > 0 && rawOffset(z.File[0]) != 0 {
		return nil, &ArchiveError{Kind: ErrUnsafe, Detail: "data stands before its first file"}
	}
	return &zipSource{z: z}, nil
}

func offset(f *zip.File) int64 {
	n, err := f.DataOffset()
	if err != nil {
		return -1
	}
	return n
}

// rawOffset is an upper bound of where a file's header starts, exact for the headers that Write makes.
func rawOffset(f *zip.File) int64 {
	n := offset(f) - 30 - int64(len(f.Name)) - int64(len(f.Extra))
	return max(n, 0)
}

func (s *zipSource) next() (rawEntry, error) {
	s.shut()
	if s.at == len(s.z.File) {
		return rawEntry{}, io.EOF
	}
	f := s.z.File[s.at]
	s.at++
	e := rawEntry{name: f.Name, mode: uint32(f.Mode().Perm()), size: int64(f.UncompressedSize64), time: f.Modified}
	bad := func(format string, args ...any) (rawEntry, error) {
		return e, &ArchiveError{Path: f.Name, Kind: ErrUnsafe, Detail: fmt.Sprintf(format, args...)}
	}
	if f.UncompressedSize64 > 1<<62 {
		return bad("its size makes no sense")
	}
	switch m := f.Mode(); m.Type() {
	case 0:
		e.typ = TypeFile
	case fs.ModeDir:
		e.typ = TypeDir
		return e, nil
	case fs.ModeSymlink:
		e.typ = TypeLink
	default:
		return bad("it is a device")
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return bad("it is compressed by method %d", f.Method)
	}
	var err error
	if s.open, err = f.Open(); err != nil {
		return e, err
	}
	e.body = s.open
	if e.typ == TypeLink {
		b, err := io.ReadAll(io.LimitReader(s.open, maxName+1))
		if err != nil {
			return e, err
		}
		e.link = string(b)
	}
	return e, nil
}

func (s *zipSource) shut() {
	if s.open != nil {
		s.open.Close()
		s.open = nil
	}
}

// trailing: archive/zip has found the end of the directory; a comment was refused before.
func (s *zipSource) trailing() error { return nil }

func (s *zipSource) Close() error {
	s.shut()
	return nil
}

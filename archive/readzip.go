package archive

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
)

// zipSource reads a zip file by its central directory, which has to name
// everything in the file in the order of the file, as each file's own header does.
type zipSource struct {
	z    *zip.Reader
	at   int
	open io.ReadCloser
}

// maxDirectory bounds the central directory, bytes, and maxEntries the files in
// it: archive/zip takes all of it into memory.
const maxDirectory, maxEntries = 96 << 20, 600000

func newZipSource(file *os.File) (entrySource, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	end, err := endOfZip(file, info.Size())
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(file, info.Size())
	if err != nil {
		if errors.Is(err, zip.ErrFormat) {
			return nil, &Error{Kind: ErrTruncated, Detail: err.Error()}
		}
		return nil, err
	}
	if err := tiled(file, z, end); err != nil {
		return nil, err
	}
	return &zipSource{z: z}, nil
}

// zipDirectory is where the central directory lies.
type zipDirectory struct{ offset, size, count uint64 }

// endOfZip reads the record at the file's end, and that of zip64 before it where
// the first one says so. Nothing may stand between these and the directory.
func endOfZip(file *os.File, size int64) (zipDirectory, error) {
	bad := func(kind error, detail string) (zipDirectory, error) {
		return zipDirectory{}, &Error{Kind: kind, Detail: detail}
	}
	const short, long, locator = 22, 56, 20
	at, end := size-short, make([]byte, short)
	if _, err := file.ReadAt(end, max(at, 0)); err != nil || !bytes.HasPrefix(end, []byte("PK\x05\x06")) {
		return bad(ErrTrailing, "")
	}
	le := binary.LittleEndian
	d := zipDirectory{uint64(le.Uint32(end[16:])), uint64(le.Uint32(end[12:])), uint64(le.Uint16(end[10:]))}
	if le.Uint16(end[20:]) != 0 {
		return bad(ErrTrailing, "")
	}
	if d.offset == 1<<32-1 || d.size == 1<<32-1 || d.count == 1<<16-1 {
		at -= long + locator
		more := make([]byte, long+locator)
		if _, err := file.ReadAt(more, max(at, 0)); err != nil || !bytes.HasPrefix(more, []byte("PK\x06\x06")) ||
			!bytes.HasPrefix(more[long:], []byte("PK\x06\x07")) || le.Uint64(more[long+8:]) != uint64(at) {
			return bad(ErrUnsafe, "its end is not where it says")
		}
		d = zipDirectory{le.Uint64(more[48:]), le.Uint64(more[40:]), le.Uint64(more[32:])}
	}
	if d.size > maxDirectory || d.count > maxEntries {
		return bad(ErrTooBig, "its directory is larger than any can be")
	}
	if at < 0 || d.offset > uint64(at) || d.offset+d.size != uint64(at) {
		return bad(ErrUnsafe, "its directory is not where its end says")
	}
	return d, nil
}

// tiled compares each file's own header with the directory. They follow each
// other from the first byte to the directory with nothing between: so there is
// one reading of the archive, whatever reads it.
func tiled(file *os.File, z *zip.Reader, d zipDirectory) error {
	var at, named uint64
	for _, f := range z.File {
		next, err := headed(file, f, at)
		if err != nil {
			return &Error{Path: f.Name, Kind: ErrUnsafe, Detail: err.Error()}
		}
		at = next
		named += 46 + uint64(len(f.Name)+len(f.Extra)+len(f.Comment))
	}
	if at != d.offset || named != d.size || uint64(len(z.File)) != d.count {
		return &Error{Kind: ErrUnsafe, Detail: "something stands between its files and its end"}
	}
	return nil
}

// headed compares the header at an offset with the directory's entry, and gives
// where the next one begins.
func headed(file *os.File, f *zip.File, at uint64) (uint64, error) {
	head := make([]byte, 30+len(f.Name))
	if _, err := file.ReadAt(head, int64(at)); err != nil || !bytes.HasPrefix(head, []byte("PK\x03\x04")) {
		return 0, errors.New("its header is not where the file before it ends")
	}
	le := binary.LittleEndian
	data := at + 30 + uint64(le.Uint16(head[26:])) + uint64(le.Uint16(head[28:]))
	start, err := f.DataOffset()
	switch {
	case err != nil || start < 0 || uint64(start) != data:
		return 0, errors.New("its content is not where the directory says")
	case int(le.Uint16(head[26:])) != len(f.Name) || string(head[30:]) != f.Name:
		return 0, errors.New("it has another name in its own header")
	case le.Uint16(head[6:]) != f.Flags || le.Uint16(head[8:]) != f.Method:
		return 0, errors.New("it has other flags or another method in its own header")
	case f.Flags&^(1<<3|1<<11) != 0:
		return 0, errors.New("it is encrypted, or has flags that no archive of ours has")
	case f.Comment != "" || f.CompressedSize64 > 1<<62:
		return 0, errors.New("its entry in the directory is none of ours")
	}
	next := data + f.CompressedSize64
	if f.Flags&(1<<3) == 0 {
		if le.Uint32(head[14:]) != f.CRC32 || !sameSize(le.Uint32(head[18:]), f.CompressedSize64) || !sameSize(le.Uint32(head[22:]), f.UncompressedSize64) {
			return 0, errors.New("it has another size or sum in its own header")
		}
		return next, nil
	}
	tail := descriptor(f)
	said := make([]byte, len(tail))
	if _, err := file.ReadAt(said, int64(next)); err != nil || !bytes.Equal(said, tail) {
		return 0, errors.New("it has another size or sum after its content")
	}
	return next + uint64(len(tail)), nil
}

// sameSize is whether a size of 32 bits says the one of the directory, or leaves that to zip64.
func sameSize(small uint32, size uint64) bool { return small == 1<<32-1 || uint64(small) == size }

// descriptor is what follows a file whose size its header doesn't know, as
// archive/zip writes it.
func descriptor(f *zip.File) []byte {
	le := binary.LittleEndian
	b := le.AppendUint32([]byte("PK\x07\x08"), f.CRC32)
	if f.CompressedSize64 >= 1<<32-1 || f.UncompressedSize64 >= 1<<32-1 {
		return le.AppendUint64(le.AppendUint64(b, f.CompressedSize64), f.UncompressedSize64)
	}
	return le.AppendUint32(le.AppendUint32(b, uint32(f.CompressedSize64)), uint32(f.UncompressedSize64))
}

// summed is a file's content, whose CRC-32 has to be the directory's. (To
// archive/zip a CRC of 0 says nothing.)
type summed struct {
	io.ReadCloser
	want uint32
	sum  hash.Hash32
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.sum.Write(p[:n])
	if err == io.EOF && s.sum.Sum32() != s.want {
		return n, zip.ErrChecksum
	}
	return n, err
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
		return e, &Error{Path: f.Name, Kind: ErrUnsafe, Detail: fmt.Sprintf(format, args...)}
	}
	if f.UncompressedSize64 > 1<<62 {
		return bad("its size makes no sense")
	}
	switch m := f.Mode(); m.Type() {
	case 0:
		e.typ = TypeFile
	case fs.ModeDir:
		e.typ = TypeDir
		if f.CompressedSize64 != 0 {
			return bad("it is a directory with content")
		}
		return e, nil
	case fs.ModeSymlink:
		e.typ = TypeLink
	default:
		return bad("it is a device")
	}
	if f.Method != zip.Store && f.Method != zip.Deflate {
		return bad("it is compressed by method %d", f.Method)
	}
	r, err := f.Open()
	if err != nil {
		return e, err
	}
	s.open = &summed{r, f.CRC32, crc32.NewIEEE()}
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

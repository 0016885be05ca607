package pack

import (
	"bytes"
	"io"
	"os"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// source is the raw content of a file, for random access.
type source struct {
	file *os.File
	io.ReaderAt
	size int64
}

func openSource(f *File) (*source, error) {
	if f.Source == "" {
		return &source{ReaderAt: bytes.NewReader(f.Data), size: int64(len(f.Data))}, nil
	}
	file, err := os.Open(f.Source)
	if err != nil {
		return nil, fail(exitSurroundings, "pack as the user that built the tree", "reading %s: %w", archive.QuoteName(f.Path), err)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, fail(exitCheck, "stop what runs in the tree, then pack again", "reading %s: it changed while the tree was packed", archive.QuoteName(f.Path))
	}
	f.diskSize, f.diskTime = info.Size(), info.ModTime()
	if f.diskTime.IsZero() {
		f.diskTime = time.Unix(0, 1)
	}
	return &source{file: file, ReaderAt: file, size: info.Size()}, nil
}

// Close closes the file.
func (s *source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (s *source) head() []byte {
	b := make([]byte, 64)
	n, _ := s.ReadAt(b, 0)
	return b[:n]
}

// The kinds of binary files that are told apart, in words for messages.
const (
	kindELF   = "ELF"
	kindMachO = "Mach-O"
	kindPE    = "PE"
	kindAr    = "ar"
	kindZip   = "zip"
	kindGzip  = "gzip"
	kindBzip2 = "bzip2"
	kindZstd  = "zstd"
)

// sniff tells a file's kind by its first bytes, "" if it is none that matters.
func sniff(head []byte) string {
	switch binfmt.Magic(head) {
	case binfmt.ELF:
		return kindELF
	case binfmt.MachO:
		return kindMachO
	case binfmt.PE:
		if len(head) > 0x3f && bytes.IndexByte(head, 0) >= 0 {
			return kindPE
		}
	case binfmt.Ar:
		return kindAr
	}
	has := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case has("PK\x03\x04"):
		return kindZip
	case has("\x1f\x8b\x08"):
		return kindGzip
	case has("BZh") && len(head) > 10 && string(head[4:10]) == "1AY&SY":
		return kindBzip2
	case has("\x28\xb5\x2f\xfd"):
		return kindZstd
	}
	return ""
}

package binfmt

import (
	"crypto/sha256"
	"debug/elf"
	"io"
)

// ntGNUBuildID is the type of the note "GNU" that holds a build ID.
const ntGNUBuildID = 3

// RenewBuildID gives the edit that makes the build ID of an ELF file (its note
// NT_GNU_BUILD_ID) the start of the SHA-256 of all its other bytes. A linker's
// is a digest of what it wrote: where a path was edited afterwards, the ID
// would still tell the builds in two directories apart. One of a length that no
// linker computes was given by hand and stays; so does a file without one.
func RenewBuildID(r io.ReaderAt, size int64) ([]Edit, error) {
	const op = "renewing the build ID of"
	s := newSource(r, size)
	kind, err := s.sniff()
	if err != nil || kind != ELF {
		return nil, err
	}
	f, err := openELF(s)
	if err != nil {
		return nil, wrap(op, kind, err)
	}
	at, n, err := f.buildID()
	if err != nil {
		return nil, wrap(op, kind, err)
	} else if n == 0 {
		return nil, nil
	}
	blank := Overlay(r, []Edit{{Offset: at, New: make([]byte, n)}})
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(blank, 0, size)); err != nil {
		return nil, wrap(op, kind, err)
	}
	return []Edit{{Offset: at, New: sum.Sum(nil)[:n]}}, nil
}

// buildID says where in the file the build ID lies, and of how many bytes it is: 0 if there is none.
func (f *elfFile) buildID() (at int64, n int, err error) {
	for _, p := range f.progs {
		if p.typ != elf.PT_NOTE {
			continue
		}
		b, err := f.src.bytes(p.off, p.filesz)
		if err != nil {
			return 0, 0, err
		}
		// Notes that are aligned to 8 bytes lie in segments of their own.
		for off := uint64(0); off+12 <= uint64(len(b)); {
			names, size, typ := uint64(f.order.Uint32(b[off:])), uint64(f.order.Uint32(b[off+4:])), f.order.Uint32(b[off+8:])
			name := off + 12
			desc := name + (names+3)&^3
			if desc+size > uint64(len(b)) {
				break
			}
			if typ == ntGNUBuildID && string(b[name:name+names]) == "GNU\x00" && computed(size) {
				return int64(p.off + desc), int(size), nil
			}
			off = desc + (size+3)&^3
		}
	}
	return 0, 0, nil
}

// computed says whether linkers compute build IDs of so many bytes: lld's fast
// one, MD5 and UUID, SHA-1, and mold's SHA-256.
func computed(size uint64) bool { return size == 8 || size == 16 || size == 20 || size == sha256.Size }

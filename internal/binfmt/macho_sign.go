package binfmt

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
)

// Code signatures, by xnu's osfmk/kern/cs_blobs.h. All is big-endian.
const (
	csMagicEmbedded  = 0xfade0cc0
	csMagicDirectory = 0xfade0c02
	csMagicCMS       = 0xfade0b01
	csFlagAdHoc      = 0x2
)

// codeDirectory is one list of page hashes in a signature.
type codeDirectory struct {
	off       uint64 // in the slice
	flags     uint32
	hashOff   uint64 // from off, of the first page's hash
	pages     uint64
	limit     uint64 // bytes of code that are hashed
	hashSize  uint64
	newHash   func() hash.Hash
	pageShift uint8
}

// signature says how the file is signed.
func (f *machoFile) signature(c machoCmd) (Signature, error) {
	dirs, cms, err := f.codeDirectories(c)
	if err != nil {
		return Unsigned, fmt.Errorf("reading the signature: %w", err)
	}
	for _, d := range dirs {
		if d.flags&csFlagAdHoc == 0 || cms {
			return Identity, nil
		}
	}
	return pick(len(dirs) > 0, AdHoc, Unsigned), nil
}

// codeDirectories reads the signature's code directories, and whether there is a certificate.
func (f *machoFile) codeDirectories(c machoCmd) (dirs []codeDirectory, cms bool, err error) {
	if len(c.b) < 16 {
		return nil, false, malformed("a load command of %d bytes", len(c.b))
	}
	base, size := uint64(f.order.Uint32(c.b[8:])), uint64(f.order.Uint32(c.b[12:]))
	blob, err := f.src.part(base, size)
	if err != nil {
		return nil, false, err
	}
	head, err := blob.bytes(0, 12)
	if err != nil {
		return nil, false, err
	}
	if binary.BigEndian.Uint32(head) != csMagicEmbedded {
		return nil, false, nil // room that was reserved and never signed
	}
	n := uint64(binary.BigEndian.Uint32(head[8:]))
	if n > 64 {
		return nil, false, malformed("%d blobs", n)
	}
	index, err := blob.bytes(12, n*8)
	if err != nil {
		return nil, false, err
	}
	for ; len(index) > 0; index = index[8:] {
		off := uint64(binary.BigEndian.Uint32(index[4:]))
		h, err := blob.bytes(off, 8)
		if err != nil {
			return nil, false, err
		}
		switch binary.BigEndian.Uint32(h) {
		case csMagicDirectory:
			d, err := readDirectory(blob, off)
			if err != nil {
				return nil, false, err
			}
			d.off += base
			dirs = append(dirs, d)
		case csMagicCMS:
			cms = cms || binary.BigEndian.Uint32(h[4:]) > 8
		}
	}
	return dirs, cms, nil
}

func readDirectory(blob source, off uint64) (codeDirectory, error) {
	b, err := blob.bytes(off, 44)
	if err != nil {
		return codeDirectory{}, err
	}
	u := binary.BigEndian.Uint32
	d := codeDirectory{off: off, flags: u(b[12:]), hashOff: uint64(u(b[16:])), pages: uint64(u(b[28:])), limit: uint64(u(b[32:])),
		hashSize: uint64(b[36]), pageShift: b[39]}
	switch b[37] {
	case 1:
		d.newHash = sha1.New
	case 2, 3: // 3 is SHA-256 cut to 20 bytes
		d.newHash = sha256.New
	default:
		return d, malformed("unknown hash type %d", b[37])
	}
	if d.hashSize == 0 || d.hashSize > uint64(d.newHash().Size()) || d.pageShift > 20 {
		return d, malformed("hashes of %d bytes over pages of 2^%d", d.hashSize, d.pageShift)
	}
	if u(b[8:]) >= 0x20300 { // a 64-bit limit, where 32 bits are too few
		if more, err := blob.bytes(off+56, 8); err == nil && d.limit == 0 {
			d.limit = binary.BigEndian.Uint64(more)
		}
	}
	return d, nil
}

// Resign gives the edits that make the signature of a Mach-O file fit its bytes
// again: the page hashes of each code directory are computed anew, so that the
// file keeps its length. A file without a signature needs none on x86_64. For
// one signed with a certificate, and for an arm64 one without a signature, the
// error says that codesign has to be run. ELF and PE files need no edits.
//
// Hand it the edited bytes; Overlay makes them from the file and its edits.
func Resign(r io.ReaderAt, size int64) ([]Edit, error) {
	s := newSource(r, size)
	kind, err := s.sniff()
	if err != nil || kind != MachO {
		return nil, err
	}
	all, err := machoSlices(s)
	if err != nil {
		return nil, wrap("signing", MachO, err)
	}
	var edits []Edit
	for _, sl := range all {
		e, err := resignSlice(sl)
		if err != nil {
			return nil, wrap("signing", MachO, err)
		}
		edits = append(edits, e...)
	}
	return edits, nil
}

func resignSlice(sl slice) ([]Edit, error) {
	f, err := openMachO(sl.src)
	if err != nil {
		return nil, err
	}
	for _, c := range f.cmds {
		if c.cmd != lcCodeSignature {
			continue
		}
		how, err := f.signature(c)
		if err != nil || how == Unsigned {
			return nil, err
		}
		if how == Identity {
			return nil, inPlace(MachO, "signing", "it is signed with a certificate", "sign it again on macOS: codesign --force --sign - FILE")
		}
		dirs, _, err := f.codeDirectories(c)
		if err != nil {
			return nil, err
		}
		return f.rehash(dirs)
	}
	return nil, nil
}

// rehash compares each page's hash with the one that stands in the directories.
func (f *machoFile) rehash(dirs []codeDirectory) ([]Edit, error) {
	var edits []Edit
	for _, d := range dirs {
		page := uint64(1) << d.pageShift
		if d.pageShift == 0 {
			page = max(d.limit, 1)
		}
		if d.limit > uint64(f.src.size) || d.pages != (d.limit+page-1)/page {
			return nil, errTruncated
		}
		if d.off+d.hashOff > uint64(f.src.size) || d.pages*d.hashSize > uint64(f.src.size)-d.off-d.hashOff {
			return nil, errTruncated
		}
		h, sum := d.newHash(), make([]byte, 0, 32)
		old := make([]byte, d.hashSize)
		for i := uint64(0); i < d.pages; i++ {
			h.Reset()
			n := min(page, d.limit-i*page)
			if _, err := io.Copy(h, io.NewSectionReader(f.src.r, f.src.base+int64(i*page), int64(n))); err != nil {
				return nil, err
			}
			sum = h.Sum(sum[:0])[:d.hashSize]
			at := f.src.base + int64(d.off+d.hashOff+i*d.hashSize)
			if _, err := f.src.r.ReadAt(old, at); err != nil && err != io.EOF {
				return nil, err
			}
			if !bytes.Equal(old, sum) {
				edits = append(edits, Edit{Offset: at, New: bytes.Clone(sum)})
			}
		}
	}
	return edits, nil
}

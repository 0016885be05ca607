package binfmt

import (
	"bytes"
	"encoding/binary"
)

// The magic numbers of Mach-O files (mach-o/loader.h, mach-o/fat.h).
const (
	magic32, magic64     = 0xfeedface, 0xfeedfacf
	swapped32, swapped64 = 0xcefaedfe, 0xcffaedfe
	fatMagic32           = 0xcafebabe
	fatMagic64           = 0xcafebabf
	maxSlices            = 45 // Java's class files start at this
)

// magicAr is what a library of object files begins with (ar(5)).
const magicAr = "!<arch>\n"

// MagicLen is how many bytes Magic looks at.
const MagicLen = len(magicAr)

// Magic says which format a file has that begins with head, by its magic number
// alone; "" if it is none of those of machine code. Four bytes are enough, where a
// Java class file may pass for a fat Mach-O file, and a text that begins with MZ
// for a PE file. Sniff knows them apart.
func Magic(head []byte) Kind {
	if len(head) < 4 {
		return ""
	}
	switch binary.BigEndian.Uint32(head) {
	case 0x7f454c46:
		return ELF
	case magic32, magic64, swapped32, swapped64, fatMagic64:
		return MachO
	case fatMagic32:
		// Java's class files have the same magic; then comes their version,
		// 45 or more, where a fat file has its number of slices.
		if len(head) >= 8 {
			if n := binary.BigEndian.Uint32(head[4:]); n == 0 || n >= maxSlices {
				return ""
			}
		}
		return MachO
	}
	switch begin := head[:min(len(head), MagicLen)]; {
	case bytes.HasPrefix([]byte(magicAr), begin):
		return Ar
	case head[0] == 'M' && head[1] == 'Z':
		return PE
	}
	return ""
}

// Sniff says which format a file has whose first bytes are head; SniffLen of
// them, or all that the file has. It goes by magic numbers, never by names.
func Sniff(head []byte) (Kind, bool) {
	if len(head) < 8 {
		return "", false
	}
	switch kind := Magic(head); kind {
	case ELF, MachO:
		return kind, true
	case PE:
		return PE, len(head) >= 64 && sniffPE(head)
	}
	return "", false
}

// sniffPE says whether the DOS header points to a PE header, as far as head goes.
func sniffPE(head []byte) bool {
	off := uint64(binary.LittleEndian.Uint32(head[0x3c:]))
	if off+4 <= uint64(len(head)) {
		return string(head[off:off+4]) == "PE\x00\x00"
	}
	return len(head) >= SniffLen && off < 1<<20
}

// sniffAr says whether a file is a library of object files, as a slice of a fat file may be.
func (s source) sniffAr() bool {
	head, err := s.bytes(0, min(uint64(MagicLen), uint64(s.size)))
	return err == nil && Magic(head) == Ar
}

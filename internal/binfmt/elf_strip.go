package binfmt

import (
	"bytes"
	"debug/elf"
	"slices"
)

// Strip gives an ELF program or library without what isn't loaded when it runs:
// debug information, the symbol table that no loader reads, comments. Nothing
// that is loaded moves or changes. A file that has none of it, whose sections
// don't lie behind what is loaded, or that isn't a program or library, is given
// back as it is, and so is a file of another kind.
func Strip(data []byte) []byte {
	s := newSource(bytes.NewReader(data), int64(len(data)))
	kind, err := s.sniff()
	if err != nil || kind != ELF {
		return data
	}
	e, err := openELF(s)
	if err != nil || e.typ != elf.ET_DYN && e.typ != elf.ET_EXEC || len(e.sections) == 0 || e.shstrndx >= len(e.sections) {
		return data
	}
	end, ok := e.loadedEnd()
	kept := e.keptSections()
	if !ok || end > uint64(len(data)) || len(kept) == len(e.sections) {
		return data
	}
	out, ok := e.without(data, end, kept)
	if !ok || len(out) >= len(data) {
		return data
	}
	return out
}

// loadedEnd is where in the file the last byte lies that a segment, a section in
// memory or the headers have, but for those of the sections. ok is false if other sections lie before it.
func (f *elfFile) loadedEnd() (end uint64, ok bool) {
	end = max(pick(f.is64, uint64(64), 52), f.phoff+uint64(len(f.progs))*f.progEntry())
	for _, p := range f.progs {
		end = max(end, p.off+p.filesz)
	}
	for _, s := range f.sections {
		if s.flags&elf.SHF_ALLOC != 0 && s.typ != elf.SHT_NOBITS {
			end = max(end, s.off+s.size)
		}
	}
	for _, s := range f.sections {
		if s.flags&elf.SHF_ALLOC == 0 && s.typ != elf.SHT_NULL && s.typ != elf.SHT_NOBITS && s.size > 0 && s.off < end {
			return 0, false
		}
	}
	return end, f.shoff >= end
}

// keptSections are the numbers of those that are loaded, of the first one and of
// the names.
func (f *elfFile) keptSections() []int {
	var kept []int
	for i, s := range f.sections {
		if i == 0 || i == f.shstrndx || s.flags&elf.SHF_ALLOC != 0 {
			kept = append(kept, i)
		}
	}
	return kept
}

// without makes the file: what is loaded, the sections' names, and the headers
// of those that are kept, numbered anew.
func (f *elfFile) without(data []byte, end uint64, kept []int) ([]byte, bool) {
	names := f.sections[f.shstrndx]
	if names.off > uint64(len(data)) || names.size > uint64(len(data))-names.off {
		return nil, false
	}
	w := pick(f.is64, uint64(64), 40)
	out := append(slices.Clone(data[:end]), data[names.off:names.off+names.size]...)
	for len(out)%8 != 0 {
		out = append(out, 0)
	}
	headers := uint64(len(out))
	number := func(old uint32) uint32 { return uint32(max(0, slices.Index(kept, int(old)))) }
	for _, i := range kept {
		at := f.shoff + uint64(i)*w
		if at+w > uint64(len(data)) {
			return nil, false
		}
		h := slices.Clone(data[at : at+w])
		// sh_offset, sh_link and sh_info: at 24, 40, 44, or at 16, 24, 28.
		offset, link, info := pick(f.is64, 24, 16), pick(f.is64, 40, 24), pick(f.is64, 44, 28)
		if i == f.shstrndx {
			f.putAddr(h[offset:], end)
		}
		f.order.PutUint32(h[link:], number(f.order.Uint32(h[link:])))
		if s := f.sections[i]; s.flags&elf.SHF_INFO_LINK != 0 || s.typ == elf.SHT_REL || s.typ == elf.SHT_RELA {
			f.order.PutUint32(h[info:], number(f.order.Uint32(h[info:])))
		}
		out = append(out, h...)
	}
	// e_shoff at 40, e_shnum and e_shstrndx at 60 and 62, or at 32, 48 and 50.
	f.putAddr(out[pick(f.is64, 40, 32):], headers)
	f.order.PutUint16(out[pick(f.is64, 60, 48):], uint16(len(kept)))
	f.order.PutUint16(out[pick(f.is64, 62, 50):], uint16(slices.Index(kept, f.shstrndx)))
	return out, true
}

// putAddr writes an address or an offset.
func (f *elfFile) putAddr(b []byte, v uint64) {
	if f.is64 {
		f.order.PutUint64(b, v)
	} else {
		f.order.PutUint32(b, uint32(v))
	}
}

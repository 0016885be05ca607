package binfmt

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// elfFile is an ELF file as a loader sees it: program headers, and what the
// dynamic section points to.
type elfFile struct {
	src      source
	order    binary.ByteOrder
	is64     bool
	typ      elf.Type
	machine  elf.Machine
	flags    uint32
	progs    []elfProg
	phoff    uint64
	sections []elfSection
	shoff    uint64
	shstrndx int

	dynOff  uint64 // the dynamic section's place in the file
	dyn     []elfDyn
	dynSize uint64 // in bytes, with what follows DT_NULL

	strOff uint64 // the dynamic string table's place in the file
	strtab string
}

type elfProg struct {
	typ                              elf.ProgType
	off, vaddr, filesz, memsz, align uint64
}

type elfSection struct {
	typ             elf.SectionType
	flags           elf.SectionFlag
	off, size, addr uint64
	link            uint32
	entsize         uint64
}

type elfDyn struct {
	tag elf.DynTag
	val uint64
}

const elfHeaderMax = 64

// openELF reads headers, program headers, the dynamic section and its strings.
func openELF(s source) (*elfFile, error) {
	head, err := s.bytes(0, min(uint64(s.size), elfHeaderMax))
	if err != nil {
		return nil, err
	}
	if len(head) < 52 {
		return nil, errTruncated
	}
	f := &elfFile{src: s}
	switch elf.Class(head[elf.EI_CLASS]) {
	case elf.ELFCLASS32:
	case elf.ELFCLASS64:
		f.is64 = true
		if len(head) < 64 {
			return nil, errTruncated
		}
	default:
		return nil, malformed("unknown class %d", head[elf.EI_CLASS])
	}
	switch elf.Data(head[elf.EI_DATA]) {
	case elf.ELFDATA2LSB:
		f.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		f.order = binary.BigEndian
	default:
		return nil, malformed("unknown byte order %d", head[elf.EI_DATA])
	}
	f.typ = elf.Type(f.order.Uint16(head[16:]))
	f.machine = elf.Machine(f.order.Uint16(head[18:]))
	if err := f.readTables(head); err != nil {
		return nil, err
	}
	return f, f.readDynamic()
}

// readTables reads program headers and section headers.
func (f *elfFile) readTables(head []byte) error {
	var phoff, shoff uint64
	var rest []byte // from e_flags on
	if f.is64 {
		phoff, shoff, rest = f.order.Uint64(head[32:]), f.order.Uint64(head[40:]), head[48:]
	} else {
		phoff, shoff, rest = uint64(f.order.Uint32(head[28:])), uint64(f.order.Uint32(head[32:])), head[36:]
	}
	u16 := func(i int) uint64 { return uint64(f.order.Uint16(rest[i:])) }
	f.flags = f.order.Uint32(rest)
	phentsize, phnum, shentsize, shnum := u16(6), u16(8), u16(10), u16(12)
	f.shstrndx = int(u16(14))
	f.phoff, f.shoff = phoff, shoff
	if err := f.readProgs(phoff, phentsize, phnum); err != nil {
		return fmt.Errorf("reading program headers: %w", err)
	}
	if err := f.readSections(shoff, shentsize, shnum); err != nil {
		return fmt.Errorf("reading section headers: %w", err)
	}
	return nil
}

func (f *elfFile) readProgs(off, entsize, num uint64) error {
	if num == 0 {
		return nil
	}
	if want := pick(f.is64, uint64(56), 32); entsize != want {
		return malformed("entries of %d bytes, not %d", entsize, want)
	}
	b, err := f.src.bytes(off, num*entsize)
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[entsize:] {
		p := elfProg{typ: elf.ProgType(f.order.Uint32(b))}
		if f.is64 {
			p.off, p.vaddr, p.filesz, p.memsz = f.order.Uint64(b[8:]), f.order.Uint64(b[16:]), f.order.Uint64(b[32:]), f.order.Uint64(b[40:])
			p.align = f.order.Uint64(b[48:])
		} else {
			p.off, p.vaddr = uint64(f.order.Uint32(b[4:])), uint64(f.order.Uint32(b[8:]))
			p.filesz, p.memsz = uint64(f.order.Uint32(b[16:])), uint64(f.order.Uint32(b[20:]))
			p.align = uint64(f.order.Uint32(b[28:]))
		}
		if p.typ == elf.PT_LOAD && (p.off > uint64(f.src.size) || p.filesz > uint64(f.src.size)-p.off) {
			return errTruncated // the kernel would map what isn't there
		}
		f.progs = append(f.progs, p)
	}
	return nil
}

func (f *elfFile) readSections(off, entsize, num uint64) error {
	if off == 0 || num == 0 {
		return nil // stripped of them, or more than 65,279: nothing here depends on them
	}
	if want := pick(f.is64, uint64(64), 40); entsize != want {
		return malformed("entries of %d bytes, not %d", entsize, want)
	}
	b, err := f.src.bytes(off, num*entsize)
	if err != nil {
		return err
	}
	for ; len(b) > 0; b = b[entsize:] {
		s := elfSection{typ: elf.SectionType(f.order.Uint32(b[4:]))}
		if f.is64 {
			s.flags = elf.SectionFlag(f.order.Uint64(b[8:]))
			s.addr, s.off, s.size = f.order.Uint64(b[16:]), f.order.Uint64(b[24:]), f.order.Uint64(b[32:])
			s.link, s.entsize = f.order.Uint32(b[40:]), f.order.Uint64(b[56:])
		} else {
			s.flags = elf.SectionFlag(f.order.Uint32(b[8:]))
			s.addr, s.off, s.size = uint64(f.order.Uint32(b[12:])), uint64(f.order.Uint32(b[16:])), uint64(f.order.Uint32(b[20:]))
			s.link, s.entsize = f.order.Uint32(b[24:]), uint64(f.order.Uint32(b[36:]))
		}
		f.sections = append(f.sections, s)
	}
	return nil
}

// offset gives the place in the file of n bytes at the address addr.
func (f *elfFile) offset(addr, n uint64) (uint64, bool) {
	for _, p := range f.progs {
		if p.typ != elf.PT_LOAD || addr < p.vaddr {
			continue
		}
		if d := addr - p.vaddr; d < p.filesz && n <= p.filesz-d {
			return p.off + d, true
		}
	}
	return 0, false
}

// at reads n bytes at the address addr.
func (f *elfFile) at(addr, n uint64) ([]byte, error) {
	off, ok := f.offset(addr, n)
	if !ok {
		return nil, malformed("address %#x is in no segment", addr)
	}
	return f.src.bytes(off, n)
}

func (f *elfFile) prog(typ elf.ProgType) (elfProg, bool) {
	i := slices.IndexFunc(f.progs, func(p elfProg) bool { return p.typ == typ })
	if i < 0 {
		return elfProg{}, false
	}
	return f.progs[i], true
}

// readDynamic reads the dynamic section and the string table it names.
func (f *elfFile) readDynamic() error {
	p, ok := f.prog(elf.PT_DYNAMIC)
	if !ok || p.filesz == 0 {
		return nil
	}
	b, err := f.src.bytes(p.off, p.filesz)
	if err != nil {
		return fmt.Errorf("reading the dynamic section: %w", err)
	}
	f.dynOff, f.dynSize = p.off, p.filesz
	w := f.dynEntry()
	for ; uint64(len(b)) >= w; b = b[w:] {
		var d elfDyn
		if f.is64 {
			d = elfDyn{elf.DynTag(f.order.Uint64(b)), f.order.Uint64(b[8:])}
		} else {
			d = elfDyn{elf.DynTag(int32(f.order.Uint32(b))), uint64(f.order.Uint32(b[4:]))}
		}
		if d.tag == elf.DT_NULL {
			break
		}
		f.dyn = append(f.dyn, d)
	}
	return f.readStrings()
}

func (f *elfFile) readStrings() error {
	addr, ok := f.value(elf.DT_STRTAB)
	size, ok2 := f.value(elf.DT_STRSZ)
	if !ok || !ok2 {
		if f.typ == elf.ET_EXEC || len(f.dyn) == 0 {
			return nil
		}
		return malformed("the dynamic section has no string table")
	}
	off, ok := f.offset(addr, size)
	if !ok {
		return malformed("the dynamic string table is in no segment")
	}
	text, err := f.src.text(off, size)
	if err != nil {
		return fmt.Errorf("reading the dynamic string table: %w", err)
	}
	f.strOff, f.strtab = off, text
	return nil
}

// dynEntry is the size of an entry of the dynamic section, in bytes.
func (f *elfFile) dynEntry() uint64 { return pick(f.is64, uint64(16), 8) }

// value is the first value of a tag.
func (f *elfFile) value(tag elf.DynTag) (uint64, bool) {
	for _, d := range f.dyn {
		if d.tag == tag {
			return d.val, true
		}
	}
	return 0, false
}

// maxEntries bounds the libraries, and the directories, that a file names.
const maxEntries = 1 << 12

// strings are the strings of all entries of a tag.
func (f *elfFile) strings(tag elf.DynTag) ([]string, error) {
	var all []string
	for _, d := range f.dyn {
		if d.tag != tag {
			continue
		}
		s, ok := cstring(f.strtab, d.val)
		if !ok {
			return nil, malformed("%v points outside the string table", tag)
		}
		if len(all) == maxEntries || !f.src.take(stringCost+len(s)) {
			return nil, errTooMuch
		}
		all = append(all, s)
	}
	return all, nil
}

// paths are the directories of all entries of DT_RPATH or DT_RUNPATH.
func (f *elfFile) paths(tag elf.DynTag) ([]string, error) {
	all, err := f.strings(tag)
	var dirs []string
	for _, s := range all {
		if s == "" {
			continue
		}
		if len(dirs)+strings.Count(s, ":") >= maxEntries {
			return nil, errTooMuch
		}
		dirs = append(dirs, strings.Split(s, ":")...)
	}
	return dirs, err
}

func pick[T any](cond bool, a, b T) T {
	if cond {
		return a
	}
	return b
}

package binfmt

import (
	"bytes"
	"debug/elf"
	"fmt"
	"sort"
)

// dtRelr is DT_RELR of the generic ABI, which debug/elf doesn't name: the place
// of packed relative relocations.
const dtRelr elf.DynTag = 36

// readELF makes an Image of an ELF file.
func readELF(s source) (*Image, error) {
	f, err := openELF(s)
	if err != nil {
		return nil, err
	}
	m := &Image{Kind: ELF, Size: s.size, Bits: pick(f.is64, 64, 32), BigEndian: f.order.Uint16([]byte{0, 1}) == 1}
	m.Arch = elfArch(f.machine, m.Bits, m.BigEndian)
	m.HasDynamic = len(f.dyn) > 0
	_, m.Relr = f.value(dtRelr)
	if m.Interp, err = f.interp(); err != nil {
		return nil, err
	}
	if err := f.dynamicNames(m); err != nil {
		return nil, err
	}
	m.Type = f.imageType(m)
	versions, err := f.versions(m)
	if err != nil {
		return nil, fmt.Errorf("reading symbol versions: %w", err)
	}
	if err := f.symbols(m, versions); err != nil {
		return nil, fmt.Errorf("reading symbols: %w", err)
	}
	if f.machine == elf.EM_X86_64 {
		m.X86Level = f.x86Level()
	}
	return m, nil
}

func (f *elfFile) interp() (string, error) {
	p, ok := f.prog(elf.PT_INTERP)
	if !ok {
		return "", nil
	}
	if p.filesz > 4096 {
		return "", malformed("an interpreter's name of %d bytes", p.filesz)
	}
	b, err := f.src.bytes(p.off, p.filesz)
	return string(bytes.TrimRight(b, "\x00")), err
}

func (f *elfFile) dynamicNames(m *Image) (err error) {
	get := func(tag elf.DynTag) []string {
		all, e := f.strings(tag)
		if e != nil && err == nil {
			err = e
		}
		return all
	}
	m.Needed = get(elf.DT_NEEDED)
	if names := get(elf.DT_SONAME); len(names) > 0 {
		m.Soname = names[0]
	}
	if err != nil {
		return err
	}
	if m.Rpath, err = f.paths(elf.DT_RPATH); err != nil {
		return err
	}
	m.Runpath, err = f.paths(elf.DT_RUNPATH)
	return err
}

func (f *elfFile) imageType(m *Image) string {
	switch f.typ {
	case elf.ET_REL:
		return TypeObject
	case elf.ET_EXEC:
		return TypeExecutable
	case elf.ET_DYN:
		flags, _ := f.value(elf.DT_FLAGS_1)
		// libc.so.6 can be run too: it has PT_INTERP, but also a name.
		if elf.DynFlag1(flags)&elf.DF_1_PIE != 0 || m.Interp != "" && m.Soname == "" {
			return TypeExecutable
		}
		return TypeShared
	}
	return TypeOther
}

// symbols reads the dynamic symbols.
func (f *elfFile) symbols(m *Image, versions map[uint16]VersionNeed) error {
	table, err := f.symbolTable()
	if err != nil || table == nil {
		return err
	}
	versym, err := f.versym(len(table) / f.symEntry())
	if err != nil {
		return err
	}
	imports, exports := f.countSymbols(table)
	if !f.src.take(symbolCost*imports + stringCost*exports) {
		return errTooMuch
	}
	m.Imports, m.Exports = make([]Symbol, 0, imports), make([]string, 0, exports)
	for i := 1; (i+1)*f.symEntry() <= len(table); i++ {
		y := f.symbol(table, i)
		if !y.imported && !y.exported {
			continue
		}
		name, ok := cstring(f.strtab, uint64(y.name))
		if !ok {
			return malformed("symbol %d has no name", i)
		}
		if !f.src.take(len(name)) {
			return errTooMuch
		}
		if y.exported {
			m.Exports = append(m.Exports, name)
			continue
		}
		s := Symbol{Name: name, Weak: y.weak}
		if i < len(versym) {
			v := versions[versym[i]&0x7fff]
			s.Version, s.Library = v.Version, v.File
		}
		m.Imports = append(m.Imports, s)
	}
	sort.Strings(m.Exports)
	return nil
}

// countSymbols counts those that symbols lists, so that its lists never grow.
func (f *elfFile) countSymbols(table []byte) (imports, exports int) {
	for i := 1; (i+1)*f.symEntry() <= len(table); i++ {
		y := f.symbol(table, i)
		imports += pick(y.imported, 1, 0)
		exports += pick(y.exported, 1, 0)
	}
	return imports, exports
}

func (f *elfFile) symEntry() int { return pick(f.is64, 24, 16) }

// elfSymbol is a dynamic symbol. One that is neither imported nor exported is
// local, hidden, or no symbol at all.
type elfSymbol struct {
	name                     uint32 // in the string table
	imported, exported, weak bool
}

func (f *elfFile) symbol(table []byte, i int) elfSymbol {
	b := table[i*f.symEntry():]
	rest := pick(f.is64, 4, 12)
	name, info, other, shndx := f.order.Uint32(b), b[rest], b[rest+1], f.order.Uint16(b[rest+2:])
	bind, typ := elf.ST_BIND(info), elf.ST_TYPE(info)
	if bind == elf.STB_LOCAL || typ == elf.STT_SECTION || typ == elf.STT_FILE || name == 0 {
		return elfSymbol{}
	}
	y := elfSymbol{name: name, weak: bind == elf.STB_WEAK, imported: elf.SectionIndex(shndx) == elf.SHN_UNDEF}
	vis := elf.ST_VISIBILITY(other)
	y.exported = !y.imported && (vis == elf.STV_DEFAULT || vis == elf.STV_PROTECTED)
	return y
}

// symbolTable reads DT_SYMTAB, whose length stands nowhere: the hash tables know
// it, and so does the section header, if there is one. DT_GNU_HASH doesn't
// count undefined symbols if nothing is defined, so the larger one counts.
func (f *elfFile) symbolTable() ([]byte, error) {
	addr, ok := f.value(elf.DT_SYMTAB)
	if !ok {
		return nil, nil
	}
	n, err := f.hashCount()
	if err != nil {
		return nil, err
	}
	for _, s := range f.sections {
		if s.typ == elf.SHT_DYNSYM && s.addr == addr {
			n = max(n, s.size/uint64(f.symEntry()))
		}
	}
	if n == 0 || n > uint64(f.src.size) {
		return nil, nil
	}
	return f.at(addr, n*uint64(f.symEntry()))
}

// hashCount is the number of symbols by DT_HASH or DT_GNU_HASH.
func (f *elfFile) hashCount() (uint64, error) {
	if addr, ok := f.value(elf.DT_HASH); ok {
		// s390x and alpha have 8-byte words here; there, GNU_HASH or the section counts.
		if b, err := f.at(addr, 8); err == nil && f.machine != elf.EM_S390 && f.machine != elf.EM_ALPHA {
			return uint64(f.order.Uint32(b[4:])), nil
		}
	}
	addr, ok := f.value(elf.DT_GNU_HASH)
	if !ok {
		return 0, nil
	}
	head, err := f.at(addr, 16)
	if err != nil {
		return 0, err
	}
	nbuckets, symoffset, bloom := uint64(f.order.Uint32(head)), uint64(f.order.Uint32(head[4:])), uint64(f.order.Uint32(head[8:]))
	buckets := addr + 16 + bloom*pick(f.is64, uint64(8), 4)
	b, err := f.at(buckets, nbuckets*4)
	if err != nil {
		return 0, err
	}
	last := uint64(0)
	for ; len(b) >= 4; b = b[4:] {
		last = max(last, uint64(f.order.Uint32(b)))
	}
	if last < symoffset {
		return symoffset, nil
	}
	// The last bucket's chain ends with an odd word.
	chain := buckets + nbuckets*4 - symoffset*4
	for {
		w, err := f.at(chain+last*4, 4)
		if err != nil {
			return 0, err
		}
		last++
		if f.order.Uint32(w)&1 == 1 {
			return last, nil
		}
	}
}

func elfArch(machine elf.Machine, bits int, big bool) string {
	switch machine {
	case elf.EM_X86_64:
		return pick(bits == 64, "x86_64", "x32")
	case elf.EM_AARCH64:
		return pick(big, "aarch64_be", "aarch64")
	case elf.EM_386:
		return "i686"
	case elf.EM_ARM:
		return "armv7l"
	case elf.EM_PPC64:
		return pick(big, "ppc64", "ppc64le")
	case elf.EM_S390:
		return pick(bits == 64, "s390x", "s390")
	case elf.EM_RISCV:
		return pick(bits == 64, "riscv64", "riscv32")
	case elf.EM_LOONGARCH:
		return "loongarch64"
	}
	return fmt.Sprintf("unknown-%d", uint16(machine))
}

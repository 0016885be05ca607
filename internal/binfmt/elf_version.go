package binfmt

import "debug/elf"

// maxVersions bounds the walk through version tables, which are linked lists in the file.
const maxVersions = 1 << 16

// versions reads DT_VERNEED and DT_VERDEF into m, and gives the needed ones by index.
func (f *elfFile) versions(m *Image) (map[uint16]VersionNeed, error) {
	byIndex := map[uint16]VersionNeed{}
	err := f.walkVerneed(func(file, version uint32, weak bool, index uint16) error {
		fname, ok1 := cstring(f.strtab, uint64(file))
		vname, ok2 := cstring(f.strtab, uint64(version))
		if !ok1 || !ok2 {
			return malformed("a version has no name")
		}
		if !f.src.take(symbolCost + len(fname) + len(vname)) {
			return errTooMuch
		}
		v := VersionNeed{File: fname, Version: vname, Weak: weak}
		m.Versions = append(m.Versions, v)
		byIndex[index&0x7fff] = v
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = f.walkVerdef(func(name uint32, base bool) error {
		s, ok := cstring(f.strtab, uint64(name))
		if !ok {
			return malformed("a version definition has no name")
		}
		if !f.src.take(stringCost + len(s)) {
			return errTooMuch
		}
		if !base {
			m.Defines = append(m.Defines, s)
		}
		return nil
	})
	return byIndex, err
}

// walkVerneed calls each for every version needed, with offsets into the string table.
func (f *elfFile) walkVerneed(each func(file, version uint32, weak bool, index uint16) error) error {
	addr, ok := f.value(elf.DT_VERNEED)
	if !ok {
		return nil
	}
	num, _ := f.value(elf.DT_VERNEEDNUM)
	steps := 0
	for ; num > 0; num-- {
		b, err := f.at(addr, 16)
		if err != nil {
			return err
		}
		file, aux, next := f.order.Uint32(b[4:]), f.order.Uint32(b[8:]), f.order.Uint32(b[12:])
		a := addr + uint64(aux)
		for cnt := f.order.Uint16(b[2:]); cnt > 0; cnt-- {
			if steps++; steps > maxVersions {
				return errTooMuch
			}
			v, err := f.at(a, 16)
			if err != nil {
				return err
			}
			weak := f.order.Uint16(v[4:])&2 != 0 // VER_FLG_WEAK
			if err := each(file, f.order.Uint32(v[8:]), weak, f.order.Uint16(v[6:])); err != nil {
				return err
			}
			step := f.order.Uint32(v[12:])
			if step == 0 {
				break
			}
			a += uint64(step)
		}
		if next == 0 {
			break
		}
		addr += uint64(next)
	}
	return nil
}

// walkVerdef calls each for every name of a version defined.
func (f *elfFile) walkVerdef(each func(name uint32, base bool) error) error {
	addr, ok := f.value(elf.DT_VERDEF)
	if !ok {
		return nil
	}
	num, _ := f.value(elf.DT_VERDEFNUM)
	steps := 0
	for ; num > 0; num-- {
		b, err := f.at(addr, 20)
		if err != nil {
			return err
		}
		base := f.order.Uint16(b[2:])&1 != 0 // VER_FLG_BASE: the file's own name
		a := addr + uint64(f.order.Uint32(b[12:]))
		for cnt := f.order.Uint16(b[6:]); cnt > 0; cnt-- {
			if steps++; steps > maxVersions {
				return errTooMuch
			}
			v, err := f.at(a, 8)
			if err != nil {
				return err
			}
			if err := each(f.order.Uint32(v), base); err != nil {
				return err
			}
			step := f.order.Uint32(v[4:])
			if step == 0 {
				break
			}
			a += uint64(step)
		}
		next := f.order.Uint32(b[16:])
		if next == 0 {
			break
		}
		addr += uint64(next)
	}
	return nil
}

// versym reads DT_VERSYM: one version index a symbol.
func (f *elfFile) versym(n int) ([]uint16, error) {
	addr, ok := f.value(elf.DT_VERSYM)
	if !ok {
		return nil, nil
	}
	b, err := f.at(addr, uint64(n)*2)
	if err != nil {
		return nil, err
	}
	all := make([]uint16, n)
	for i := range all {
		all[i] = f.order.Uint16(b[i*2:])
	}
	return all, nil
}

// x86Level reads GNU_PROPERTY_X86_ISA_1_NEEDED from the notes (x86-64 psABI,
// "Program Property"): 1 is the baseline, 4 has AVX-512; 0 is unmarked.
func (f *elfFile) x86Level() int {
	const (
		ptGNUProperty = elf.ProgType(0x6474e553)
		isaNeeded     = 0xc0008002
	)
	p, ok := f.prog(ptGNUProperty)
	if !ok || p.filesz > 1<<16 {
		return 0
	}
	b, err := f.src.bytes(p.off, p.filesz)
	if err != nil || len(b) < 16 || f.order.Uint32(b[8:]) != 5 /* NT_GNU_PROPERTY_TYPE_0 */ {
		return 0
	}
	for b = b[16:]; len(b) >= 8; {
		typ, size := f.order.Uint32(b), uint64(f.order.Uint32(b[4:]))
		if size > uint64(len(b)-8) {
			return 0
		}
		if typ == isaNeeded && size >= 4 {
			return topBit(f.order.Uint32(b[8:]) & 0xf)
		}
		b = b[min(uint64(len(b)), 8+(size+7)&^7):]
	}
	return 0
}

func topBit(v uint32) int {
	n := 0
	for ; v != 0; v >>= 1 {
		n++
	}
	return n
}

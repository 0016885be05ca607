package binfmt

import (
	"debug/pe"
	"encoding/binary"
	"fmt"
	"sort"
)

// peFile is a PE file: its sections, and those read so far.
type peFile struct {
	src      source
	is64     bool
	machine  uint16
	flags    uint16
	dirs     [][2]uint32 // address and size
	sections []peSection
}

type peSection struct {
	addr, vsize, off, size uint32
	data                   string
	read                   bool
}

const (
	maxThunks = 1 << 20 // imported names of one file
	maxDLLs   = 1 << 12
)

func openPE(s source) (*peFile, error) {
	dos, err := s.bytes(0, 64)
	if err != nil {
		return nil, err
	}
	at := uint64(binary.LittleEndian.Uint32(dos[0x3c:]))
	head, err := s.bytes(at, 24)
	if err != nil {
		return nil, err
	}
	if string(head[:4]) != "PE\x00\x00" {
		return nil, malformed("no PE signature")
	}
	u16, u32 := binary.LittleEndian.Uint16, binary.LittleEndian.Uint32
	f := &peFile{src: s, machine: u16(head[4:]), flags: u16(head[22:])}
	nsections, optsize := uint64(u16(head[6:])), uint64(u16(head[20:]))
	opt, err := s.bytes(at+24, optsize)
	if err != nil {
		return nil, err
	}
	if err := f.optional(opt); err != nil {
		return nil, err
	}
	table, err := s.bytes(at+24+optsize, nsections*40)
	if err != nil {
		return nil, err
	}
	for ; len(table) > 0; table = table[40:] {
		sec := peSection{vsize: u32(table[8:]), addr: u32(table[12:]), size: u32(table[16:]), off: u32(table[20:])}
		if sec.off != 0 && uint64(sec.off)+uint64(sec.size) > uint64(s.size) {
			return nil, errTruncated
		}
		f.sections = append(f.sections, sec)
	}
	return f, nil
}

// optional reads the data directories of the optional header.
func (f *peFile) optional(b []byte) error {
	if len(b) < 2 {
		return malformed("no optional header: an object file")
	}
	at := 0
	switch binary.LittleEndian.Uint16(b) {
	case 0x10b:
		at = 92
	case 0x20b:
		f.is64, at = true, 108
	default:
		return malformed("unknown optional header %#x", binary.LittleEndian.Uint16(b))
	}
	if len(b) < at+4 {
		return errTruncated
	}
	n := min(int(binary.LittleEndian.Uint32(b[at:])), 16)
	for b = b[at+4:]; n > 0 && len(b) >= 8; n, b = n-1, b[8:] {
		f.dirs = append(f.dirs, [2]uint32{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])})
	}
	return nil
}

// rest is the section's data from the address addr on; empty if there is none.
func (f *peFile) rest(addr uint32) (string, error) {
	for i := range f.sections {
		s := &f.sections[i]
		if addr < s.addr || uint64(addr-s.addr) >= uint64(s.size) || s.off == 0 {
			continue
		}
		if !s.read {
			text, err := f.src.text(uint64(s.off), uint64(s.size))
			if err != nil {
				return "", err
			}
			s.data, s.read = text, true
		}
		return s.data[addr-s.addr:], nil
	}
	return "", nil
}

func (f *peFile) name(addr uint32) (string, error) {
	b, err := f.rest(addr)
	if err != nil {
		return "", err
	}
	s, ok := cstring(b, 0)
	if !ok {
		return "", malformed("a name at %#x is in no section", addr)
	}
	if !f.src.take(stringCost + len(s)) {
		return "", errTooMuch
	}
	return s, nil
}

func (f *peFile) dir(i int) (addr uint32, ok bool) {
	if i >= len(f.dirs) || f.dirs[i][0] == 0 {
		return 0, false
	}
	return f.dirs[i][0], true
}

func readPE(s source) (*Image, error) {
	f, err := openPE(s)
	if err != nil {
		return nil, err
	}
	m := &Image{Kind: PE, Size: s.size, Arch: peArch(f.machine), Bits: pick(f.is64, 64, 32)}
	m.Type = pick(f.flags&pe.IMAGE_FILE_DLL != 0, TypeShared, TypeExecutable)
	if addr, ok := f.dir(pe.IMAGE_DIRECTORY_ENTRY_IMPORT); ok {
		m.HasDynamic = true
		if err := f.imports(m, addr, 20, 12, 0, 16); err != nil {
			return nil, fmt.Errorf("reading imports: %w", err)
		}
	}
	if addr, ok := f.dir(pe.IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT); ok {
		n := len(m.Needed)
		if err := f.imports(m, addr, 32, 4, 16, 12); err != nil {
			return nil, fmt.Errorf("reading delayed imports: %w", err)
		}
		m.Weak = append(m.Weak, m.Needed[n:]...)
	}
	if addr, ok := f.dir(pe.IMAGE_DIRECTORY_ENTRY_EXPORT); ok {
		if err := f.exports(m, addr); err != nil {
			return nil, fmt.Errorf("reading exports: %w", err)
		}
	}
	return m, nil
}

// imports reads a table of descriptors of w bytes each: the DLL's name at byte
// name, the addresses of the names' list at byte list, or at byte alt.
func (f *peFile) imports(m *Image, addr uint32, w, name, list, alt int) error {
	table, err := f.rest(addr)
	if err != nil {
		return err
	}
	thunks := 0
	for n := 0; len(table) >= w && n < maxDLLs; n, table = n+1, table[w:] {
		u := func(i int) uint32 { return binary.LittleEndian.Uint32([]byte(table[i : i+4])) }
		if u(name) == 0 {
			return nil
		}
		dll, err := f.name(u(name))
		if err != nil {
			return err
		}
		m.Needed = append(m.Needed, dll)
		at := u(list)
		if at == 0 {
			at = u(alt)
		}
		if err := f.thunks(m, dll, at, &thunks); err != nil {
			return err
		}
	}
	return nil
}

func (f *peFile) thunks(m *Image, dll string, at uint32, count *int) error {
	b, err := f.rest(at)
	if err != nil {
		return err
	}
	w := pick(f.is64, 8, 4)
	for ; len(b) >= w; b = b[w:] {
		v := uint64(binary.LittleEndian.Uint32([]byte(b[:4])))
		ordinal := v&(1<<31) != 0
		if f.is64 {
			v = binary.LittleEndian.Uint64([]byte(b[:8]))
			ordinal = v&(1<<63) != 0
		}
		if v == 0 {
			return nil
		}
		if *count++; *count > maxThunks || int64(*count) > f.src.size {
			return errTooMuch
		}
		if !f.src.take(symbolCost) {
			return errTooMuch
		}
		name := ""
		if ordinal {
			name = fmt.Sprintf("#%d", v&0xffff)
		} else if name, err = f.name(uint32(v) + 2); err != nil {
			return err
		}
		m.Imports = append(m.Imports, Symbol{Name: name, Library: dll})
	}
	return nil
}

func (f *peFile) exports(m *Image, addr uint32) error {
	b, err := f.rest(addr)
	if err != nil {
		return err
	}
	if len(b) < 40 {
		return errTruncated
	}
	u := func(i int) uint32 { return binary.LittleEndian.Uint32([]byte(b[i : i+4])) }
	if m.Soname, err = f.name(u(12)); err != nil {
		return err
	}
	n := u(24)
	table, err := f.rest(u(32))
	if err != nil {
		return err
	}
	if n > maxThunks || uint64(n)*4 > uint64(len(table)) {
		return malformed("%d exported names", n)
	}
	for ; n > 0; n, table = n-1, table[4:] {
		name, err := f.name(binary.LittleEndian.Uint32([]byte(table[:4])))
		if err != nil {
			return err
		}
		m.Exports = append(m.Exports, name)
	}
	sort.Strings(m.Exports)
	return nil
}

func peArch(machine uint16) string {
	switch machine {
	case pe.IMAGE_FILE_MACHINE_AMD64:
		return "x86_64"
	case pe.IMAGE_FILE_MACHINE_I386:
		return "i686"
	case pe.IMAGE_FILE_MACHINE_ARM64, 0xa641: // ARM64EC
		return "aarch64"
	case pe.IMAGE_FILE_MACHINE_ARMNT:
		return "armv7l"
	}
	return fmt.Sprintf("unknown-%d", machine)
}

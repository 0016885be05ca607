package binfmt

import (
	"debug/macho"
	"encoding/binary"
	"fmt"
	"sort"
	"strings"
)

// Load commands that debug/macho doesn't name (mach-o/loader.h).
const (
	lcReqDyld         = 0x80000000
	lcLazyLoadDylib   = 0x20
	lcLoadWeakDylib   = 0x18 | lcReqDyld
	lcReexportDylib   = 0x1f | lcReqDyld
	lcLoadUpwardDylib = 0x23 | lcReqDyld
	lcRpath           = 0x1c | lcReqDyld
	lcIDDylib         = 0xd
	lcCodeSignature   = 0x1d
	lcVersionMinMacOS = 0x24
	lcBuildVersion    = 0x32
	lcExportsTrie     = 0x33 | lcReqDyld
	lcDyldInfo        = 0x22
	lcDyldInfoOnly    = 0x22 | lcReqDyld
)

// machoFile is one thin Mach-O file.
type machoFile struct {
	src     source
	order   binary.ByteOrder
	is64    bool
	cpu     uint32
	subcpu  uint32
	typ     uint32
	cmds    []machoCmd
	header  []byte
	cmdsize uint64 // of all load commands
}

// machoCmd is one load command, with its first eight bytes.
type machoCmd struct {
	cmd uint32
	b   []byte
}

// slice is one entry of a fat file; a thin file is one slice.
type slice struct {
	src      source
	off      int64
	cpu, sub uint32
	fat      bool
}

// slices gives the thin files in a file.
func machoSlices(s source) ([]slice, error) {
	head, err := s.bytes(0, 8)
	if err != nil {
		return nil, err
	}
	magic, n := binary.BigEndian.Uint32(head), uint64(binary.BigEndian.Uint32(head[4:]))
	if magic != fatMagic32 && magic != fatMagic64 {
		return []slice{{src: s}}, nil
	}
	if n == 0 || n >= maxSlices {
		return nil, malformed("a fat file of %d slices", n)
	}
	w := pick(magic == fatMagic64, uint64(32), 20)
	b, err := s.bytes(8, n*w)
	if err != nil {
		return nil, err
	}
	var all []slice
	for ; len(b) > 0; b = b[w:] {
		off, size := uint64(binary.BigEndian.Uint32(b[8:])), uint64(binary.BigEndian.Uint32(b[12:]))
		if magic == fatMagic64 {
			off, size = binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint64(b[16:])
		}
		p, err := s.part(off, size)
		if err != nil {
			return nil, err
		}
		all = append(all, slice{src: p, off: int64(off), cpu: binary.BigEndian.Uint32(b), sub: binary.BigEndian.Uint32(b[4:]), fat: true})
	}
	return all, nil
}

func readMachO(s source) ([]Image, error) {
	all, err := machoSlices(s)
	if err != nil {
		return nil, err
	}
	var images []Image
	for _, sl := range all {
		m, err := readSlice(sl)
		if err != nil {
			return nil, fmt.Errorf("slice at %d: %w", sl.off, err)
		}
		m.Offset, m.Size, m.Fat = sl.off, sl.src.size, sl.fat
		images = append(images, *m)
	}
	return images, nil
}

func readSlice(sl slice) (*Image, error) {
	if sl.fat && sl.src.sniffAr() {
		return &Image{Kind: MachO, Arch: machoArch(sl.cpu, sl.sub), Bits: machoBits(sl.cpu), Type: TypeArchive}, nil
	}
	f, err := openMachO(sl.src)
	if err != nil {
		return nil, err
	}
	return f.image()
}

// openMachO reads the header and the load commands.
func openMachO(s source) (*machoFile, error) {
	head, err := s.bytes(0, 28)
	if err != nil {
		return nil, err
	}
	f := &machoFile{src: s, order: binary.LittleEndian}
	switch binary.BigEndian.Uint32(head) {
	case magic32:
		f.order = binary.BigEndian
	case magic64:
		f.order, f.is64 = binary.BigEndian, true
	case swapped32:
	case swapped64:
		f.is64 = true
	default:
		return nil, malformed("no Mach-O magic number")
	}
	f.cpu, f.subcpu, f.typ = f.order.Uint32(head[4:]), f.order.Uint32(head[8:]), f.order.Uint32(head[12:])
	ncmds, size := f.order.Uint32(head[16:]), uint64(f.order.Uint32(head[20:]))
	hlen := pick(f.is64, uint64(32), 28)
	if f.header, err = s.bytes(0, hlen); err != nil {
		return nil, err
	}
	b, err := s.bytes(hlen, size)
	if err != nil {
		return nil, err
	}
	f.cmdsize = size
	for ; ncmds > 0; ncmds-- {
		if len(b) < 8 {
			return nil, malformed("fewer load commands than the header says")
		}
		n := uint64(f.order.Uint32(b[4:]))
		if n < 8 || n > uint64(len(b)) {
			return nil, malformed("a load command of %d bytes", n)
		}
		f.cmds = append(f.cmds, machoCmd{f.order.Uint32(b), b[:n:n]})
		b = b[n:]
	}
	return f, nil
}

// path is the string of a load command whose offset stands at byte 8.
func (f *machoFile) path(c machoCmd) (string, error) {
	if len(c.b) < 12 {
		return "", malformed("a load command of %d bytes has no path", len(c.b))
	}
	off := uint64(f.order.Uint32(c.b[8:]))
	if off < 12 || off > uint64(len(c.b)) {
		return "", malformed("a load command's path lies outside of it")
	}
	s := string(c.b[off:])
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	return s, nil
}

// loadsDylib says whether a command makes the loader look for a library.
func loadsDylib(cmd uint32) bool {
	switch cmd {
	case uint32(macho.LoadCmdDylib), lcLazyLoadDylib, lcLoadWeakDylib, lcReexportDylib, lcLoadUpwardDylib:
		return true
	}
	return false
}

func (f *machoFile) image() (*Image, error) {
	m := &Image{Kind: MachO, Arch: machoArch(f.cpu, f.subcpu), Bits: pick(f.is64, 64, 32),
		BigEndian: f.order.Uint16([]byte{0, 1}) == 1, Type: machoType(f.typ), HasDynamic: f.typ != 1}
	for _, c := range f.cmds {
		if err := f.command(m, c); err != nil {
			return nil, err
		}
	}
	sort.Strings(m.Exports)
	m.Exports = compact(m.Exports)
	return m, nil
}

// command adds what one load command says.
func (f *machoFile) command(m *Image, c machoCmd) (err error) {
	switch {
	case loadsDylib(c.cmd):
		p, err := f.path(c)
		if err != nil {
			return err
		}
		m.Needed = append(m.Needed, p)
		if c.cmd == lcLoadWeakDylib {
			m.Weak = append(m.Weak, p)
		}
		return nil
	case c.cmd == lcIDDylib:
		m.Soname, err = f.path(c)
	case c.cmd == lcRpath:
		p, err := f.path(c)
		m.Rpath = append(m.Rpath, p)
		return err
	case c.cmd == uint32(macho.LoadCmdDylinker):
		m.Interp, err = f.path(c)
	case c.cmd == lcVersionMinMacOS && len(c.b) >= 12:
		m.MinOS, m.Platform = machoVersion(f.order.Uint32(c.b[8:])), "macos"
	case c.cmd == lcBuildVersion && len(c.b) >= 16:
		m.Platform, m.MinOS = machoPlatform(f.order.Uint32(c.b[8:])), machoVersion(f.order.Uint32(c.b[12:]))
	case c.cmd == lcCodeSignature:
		m.Signed, err = f.signature(c)
	case c.cmd == uint32(macho.LoadCmdSymtab):
		err = f.symtab(m, c)
	case (c.cmd == lcExportsTrie) && len(c.b) >= 16:
		err = f.trie(m, c.b[8:])
	case (c.cmd == lcDyldInfo || c.cmd == lcDyldInfoOnly) && len(c.b) >= 48:
		err = f.trie(m, c.b[40:])
	case c.cmd == uint32(macho.LoadCmdSegment) && len(c.b) >= 40:
		err = f.inFile(uint64(f.order.Uint32(c.b[32:])), uint64(f.order.Uint32(c.b[36:])))
	case c.cmd == uint32(macho.LoadCmdSegment64) && len(c.b) >= 56:
		err = f.inFile(f.order.Uint64(c.b[40:]), f.order.Uint64(c.b[48:]))
	}
	return err
}

// inFile checks that a segment's bytes are there. An object file for a debugger (dSYM) has segments without any.
func (f *machoFile) inFile(off, size uint64) error {
	if f.typ != 0xa && (off > uint64(f.src.size) || size > uint64(f.src.size)-off) {
		return errTruncated
	}
	return nil
}

// symtab reads the external symbols of LC_SYMTAB.
func (f *machoFile) symtab(m *Image, c machoCmd) error {
	if len(c.b) < 24 || f.typ == 0xa {
		return nil
	}
	u := func(i int) uint64 { return uint64(f.order.Uint32(c.b[i:])) }
	w := pick(f.is64, uint64(16), 12)
	table, err := f.src.bytes(u(8), u(12)*w)
	if err != nil {
		return fmt.Errorf("reading the symbol table: %w", err)
	}
	names, err := f.src.text(u(16), u(20))
	if err != nil {
		return fmt.Errorf("reading the symbol names: %w", err)
	}
	const stab, typeMask, ext, undef, private = 0xe0, 0x0e, 0x01, 0x00, 0x10
	for ; uint64(len(table)) >= w; table = table[w:] {
		typ, desc, value := table[4], f.order.Uint16(table[6:]), uint64(f.order.Uint32(table[8:]))
		if f.is64 {
			value = f.order.Uint64(table[8:])
		}
		if typ&stab != 0 || typ&ext == 0 || typ&private != 0 {
			continue
		}
		name, ok := cstring(names, uint64(f.order.Uint32(table)))
		if !ok {
			continue // the last name of a table may lack its NUL
		}
		if !f.src.take(symbolCost + len(name)) {
			return errTooMuch
		}
		name = strings.TrimPrefix(name, "_")
		if typ&typeMask == undef && value == 0 {
			m.Imports = append(m.Imports, Symbol{Name: name, Weak: desc&0x40 != 0})
		} else if typ&typeMask != undef {
			m.Exports = append(m.Exports, name)
		}
	}
	return nil
}

func compact(s []string) []string {
	out := s[:0]
	for i, v := range s {
		if i == 0 || v != s[i-1] {
			out = append(out, v)
		}
	}
	return out
}

func machoArch(cpu, sub uint32) string {
	switch macho.Cpu(cpu) {
	case macho.CpuAmd64:
		return "x86_64"
	case macho.Cpu386:
		return "i686"
	case macho.CpuArm64:
		return pick(sub&0xffffff == 2, "arm64e", "aarch64")
	case macho.CpuArm:
		return "armv7l"
	case macho.CpuPpc:
		return "ppc"
	case macho.CpuPpc64:
		return "ppc64"
	}
	return fmt.Sprintf("unknown-%d", cpu)
}

func machoBits(cpu uint32) int { return pick(cpu&0x01000000 != 0, 64, 32) }

func machoType(t uint32) string {
	switch t {
	case 1:
		return TypeObject
	case 2:
		return TypeExecutable
	case 6:
		return TypeShared
	case 8:
		return TypeBundle
	}
	return TypeOther
}

func machoVersion(v uint32) string { return fmt.Sprintf("%d.%d", v>>16, v>>8&0xff) }

func machoPlatform(p uint32) string {
	names := []string{1: "macos", 2: "ios", 3: "tvos", 4: "watchos", 6: "maccatalyst", 7: "iossimulator", 11: "visionos"}
	if p < uint32(len(names)) && names[p] != "" {
		return names[p]
	}
	return fmt.Sprintf("platform-%d", p)
}

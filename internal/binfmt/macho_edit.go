package binfmt

import (
	"debug/macho"
	"fmt"
	"strings"
)

// setMachOPaths is SetRunpath for Mach-O, but for the signature. It writes the
// load commands anew; they may grow into the gap that linkers leave after them.
func setMachOPaths(s source, f func(string) string) ([]Edit, error) {
	all, err := machoSlices(s)
	if err != nil {
		return nil, err
	}
	var edits []Edit
	for _, sl := range all {
		if sl.src.sniffAr() {
			continue
		}
		m, err := openMachO(sl.src)
		if err != nil {
			return nil, err
		}
		e, err := m.setPaths(f)
		if err != nil {
			return nil, err
		}
		edits = append(edits, e...)
	}
	return edits, nil
}

func (f *machoFile) setPaths(to func(string) string) ([]Edit, error) {
	var cmds []byte
	n := uint32(0)
	rpaths := map[string]bool{} // whether a path was changed to become this
	old := f.joined()
	for _, c := range f.cmds {
		b := c.b
		if loadsDylib(c.cmd) || c.cmd == lcIDDylib || c.cmd == lcRpath {
			path, err := f.path(c)
			if err != nil {
				return nil, err
			}
			path2 := to(path)
			switch {
			case strings.IndexByte(path2, 0) >= 0:
				return nil, malformed("a NUL in the new path %q", path2)
			case path2 == "" && path != "" && c.cmd != lcRpath:
				return nil, inPlace(MachO, "setting the run path of", fmt.Sprintf("the library path %q can't be removed", path), "link it without that library")
			case path2 != path:
				b = f.withPath(c, path2)
			}
			if c.cmd == lcRpath {
				changed, there := rpaths[path2]
				if path2 == "" || there && (changed || path2 != path) {
					continue // dyld of macOS 15 and newer refuses a path that is there twice
				}
				rpaths[path2] = path2 != path
			}
		}
		cmds, n = append(cmds, b...), n+1
	}
	room, err := f.room()
	if err != nil {
		return nil, err
	}
	if len(cmds) > room {
		return nil, inPlace(MachO, "setting the run path of", fmt.Sprintf("the load commands need %d bytes and there is room for %d", len(cmds), room),
			"link it with -Wl,-headerpad_max_install_names, or run install_name_tool on it after the build")
	}
	size := max(len(cmds), len(old))
	hlen := int64(len(f.header))
	edits := diff(f.src.base+hlen, pad(old, size), pad(cmds, size))
	if len(edits) == 0 {
		return nil, nil
	}
	head := append([]byte(nil), f.header...)
	f.order.PutUint32(head[16:], n)
	f.order.PutUint32(head[20:], uint32(len(cmds)))
	return append(diff(f.src.base, f.header, head), edits...), nil
}

// joined are all load commands as they stand in the file.
func (f *machoFile) joined() []byte {
	var b []byte
	for _, c := range f.cmds {
		b = append(b, c.b...)
	}
	return b
}

func pad(b []byte, n int) []byte {
	return append(append(make([]byte, 0, n), b...), make([]byte, n-len(b))...)
}

// withPath is a load command with another path, and a length that fits.
func (f *machoFile) withPath(c machoCmd, path string) []byte {
	off := int(f.order.Uint32(c.b[8:]))
	align := pick(f.is64, 8, 4)
	size := (off + len(path) + 1 + align - 1) / align * align
	if size < len(c.b) {
		size = len(c.b) // as long as it was, so that nothing else moves
	}
	b := make([]byte, size)
	copy(b, c.b[:off])
	copy(b[off:], path)
	f.order.PutUint32(b[4:], uint32(size))
	return b
}

// room is how many bytes the load commands may take: those they take now, and
// the zeros up to the first section.
func (f *machoFile) room() (int, error) {
	first := uint64(f.src.size)
	for _, c := range f.cmds {
		for _, off := range f.contents(c) {
			if off != 0 {
				first = min(first, off)
			}
		}
	}
	end := uint64(len(f.header) + len(f.joined()))
	if first <= end {
		return int(end) - len(f.header), nil
	}
	b, err := f.src.bytes(end, min(first-end, 1<<16))
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(b) && b[n] == 0 {
		n++
	}
	return int(end) - len(f.header) + n, nil
}

// contents are the places in the file that a load command points to.
func (f *machoFile) contents(c machoCmd) []uint64 {
	var all []uint64
	u32 := func(i int) uint64 { return uint64(f.order.Uint32(c.b[i:])) }
	switch {
	case c.cmd == uint32(macho.LoadCmdSegment) && len(c.b) >= 56:
		all = append(all, u32(32))
		for i := 56; i+68 <= len(c.b); i += 68 {
			all = append(all, u32(i+40))
		}
	case c.cmd == uint32(macho.LoadCmdSegment64) && len(c.b) >= 72:
		all = append(all, f.order.Uint64(c.b[40:]))
		for i := 72; i+80 <= len(c.b); i += 80 {
			all = append(all, u32(i+48))
		}
	case c.cmd == uint32(macho.LoadCmdSymtab) && len(c.b) >= 24:
		all = append(all, u32(8), u32(16))
	case len(c.b) == 16: // linkedit_data_command: signature, function starts, fixups, ...
		all = append(all, u32(8))
	}
	return all
}

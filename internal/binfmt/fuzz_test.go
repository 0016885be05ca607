package binfmt_test

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// property is what holds for any bytes: no panic, an end, and no more memory
// than a small multiple of the file. Edits lie inside the file, and don't overlap.
func property(t *testing.T, b []byte) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, size := bytes.NewReader(b), int64(len(b))
	images, err := binfmt.Read(r, size)
	runtime.ReadMemStats(&after)
	if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(64*len(b)+1<<20); got > limit {
		t.Errorf("%d bytes allocated for a file of %d", got, len(b))
	}
	if err == nil && len(images) == 0 {
		t.Error("neither images nor an error")
	}
	edits, err := binfmt.SetRunpath(r, size, func(s string) string { return "x" })
	if err == nil {
		inside(t, edits, size)
	}
	edits, err = binfmt.DropNeeded(r, size, func(s string) bool { return len(s)%2 == 0 })
	if err == nil {
		inside(t, edits, size)
	}
	if edits, err = binfmt.PutRunpath(r, size, "$ORIGIN"); err == nil {
		inside(t, edits, size)
	}
	if edits, err = binfmt.RenewBuildID(r, size); err == nil {
		inside(t, edits, size)
	}
	if out := binfmt.Strip(b); len(out) > len(b) {
		t.Errorf("%d bytes became %d", len(b), len(out))
	}
	_, _ = binfmt.Resign(r, size)
}

func inside(t *testing.T, edits []binfmt.Edit, size int64) {
	for _, e := range edits {
		if e.Offset < 0 || e.Offset+int64(len(e.New)) > size {
			t.Errorf("an edit of %d bytes at %d of a file of %d", len(e.New), e.Offset, size)
		}
	}
}

// Run with -fuzzminimizetime=10x: Go otherwise spends a minute on each new input.
func FuzzReadELF(f *testing.F) {
	f.Add(tinyELF())
	f.Fuzz(property)
}

func FuzzReadMachO(f *testing.F) {
	f.Add(tinyMachO())
	f.Add(fat(tinyMachO()))
	f.Fuzz(property)
}

func FuzzReadPE(f *testing.F) {
	f.Add(tinyPE())
	f.Fuzz(property)
}

func TestTinyFiles(t *testing.T) {
	for name, b := range map[string][]byte{"elf": tinyELF(), "macho": tinyMachO(), "fat": fat(tinyMachO()), "pe": tinyPE()} {
		images, err := binfmt.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if m := images[0]; len(m.Needed) != 1 || len(m.Exports)+len(m.Imports) == 0 {
			t.Errorf("%s: %+v", name, m)
		}
	}
}

// put writes values one after the other.
func put(order binary.ByteOrder, values ...any) []byte {
	var w bytes.Buffer
	for _, v := range values {
		if s, ok := v.(string); ok {
			w.WriteString(s)
		} else if err := binary.Write(&w, order, v); err != nil {
			panic(err)
		}
	}
	return w.Bytes()
}

// tinyELF is a shared library of 64-bit little-endian ELF with one of everything that is read.
func tinyELF() []byte {
	le := binary.LittleEndian
	const base, dyn, str, sym, hash, need, ver = 64 + 3*56, 232, 232 + 12*16, 480, 480 + 72, 480 + 96, 480 + 128
	strs := "\x00libc.so.6\x00/old/path\x00GLIBC_2.34\x00printf\x00PyInit_x\x00"
	file := put(le, "\x7fELF\x02\x01\x01\x00", uint64(0), uint16(3), uint16(62), uint32(1), uint64(0), uint64(64), uint64(0),
		uint32(0), uint16(64), uint16(56), uint16(3), uint16(64), uint16(0), uint16(0))
	seg := func(typ uint32, off, size uint64) []byte {
		return put(le, typ, uint32(5), off, off, off, size, size, uint64(8))
	}
	const note = 640
	file = append(file, seg(1, 0, 680)...)
	file = append(file, seg(2, dyn, 12*16)...)
	file = append(file, seg(0x6474e553, note, 32)...)
	dynamic := put(le, uint64(1), uint64(1), uint64(29), uint64(11), uint64(5), uint64(str), uint64(10), uint64(len(strs)),
		uint64(6), uint64(sym), uint64(4), uint64(hash), uint64(0x6ffffffe), uint64(need), uint64(0x6fffffff), uint64(1),
		uint64(0x6ffffff0), uint64(ver), uint64(14), uint64(1), uint64(0), uint64(0), uint64(0), uint64(0))
	file = append(file, dynamic...)
	file = append(file, strs...)
	file = append(file, make([]byte, sym-len(file))...)
	file = append(file, make([]byte, 24)...)
	file = append(file, put(le, uint32(32), uint8(0x12), uint8(0), uint16(0), uint64(0), uint64(0))...)
	file = append(file, put(le, uint32(39), uint8(0x12), uint8(0), uint16(1), uint64(0), uint64(0))...)
	file = append(file, put(le, uint32(1), uint32(3), uint32(1), uint32(0), uint32(0), uint32(0))...)                                 // DT_HASH
	file = append(file, put(le, uint16(1), uint16(1), uint32(1), uint32(16), uint32(0))...)                                           // verneed
	file = append(file, put(le, uint32(0), uint16(0), uint16(2), uint32(21), uint32(0))...)                                           // vernaux
	file = append(file, put(le, uint16(0), uint16(2), uint16(1))...)                                                                  // versym
	file = append(file, make([]byte, note-len(file))...)                                                                              //
	file = append(file, put(le, uint32(4), uint32(16), uint32(5), "GNU\x00", uint32(0xc0008002), uint32(4), uint32(3), uint32(0))...) // x86-64-v2
	return append(file, make([]byte, 680-len(file))...)
}

// tinyMachO is a dylib of arm64 with one of everything that is read.
func tinyMachO() []byte {
	le := binary.LittleEndian
	pathCmd := func(cmd uint32, head []byte, path string) []byte {
		n := (8 + len(head) + len(path) + 1 + 7) / 8 * 8
		b := append(put(le, cmd, uint32(n)), head...)
		b = append(b, path...)
		return append(b, make([]byte, n-len(b))...)
	}
	lib := put(le, uint32(24), uint32(0), uint32(0), uint32(0))
	const data = 0x400
	cmds := [][]byte{
		pathCmd(0xd, lib, "@rpath/me.dylib"),
		pathCmd(0xc, lib, "/usr/lib/libSystem.B.dylib"),
		pathCmd(0x8000001c, put(le, uint32(12)), "/old/path"),
		put(le, uint32(0x32), uint32(24), uint32(1), uint32(11<<16), uint32(11<<16), uint32(0)),
		put(le, uint32(2), uint32(24), uint32(data), uint32(2), uint32(data+32), uint32(24)),
		put(le, uint32(0x80000033), uint32(16), uint32(data+56), uint32(16)),
		put(le, uint32(0x1d), uint32(16), uint32(data+128), uint32(128)),
		put(le, uint32(0x19), uint32(72), "__TEXT\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", uint64(0), uint64(0x1000), uint64(0), uint64(data+256), uint32(7), uint32(5), uint32(0), uint32(0)),
	}
	all := bytes.Join(cmds, nil)
	file := put(le, uint32(0xfeedfacf), uint32(0x0100000c), uint32(0), uint32(6), uint32(len(cmds)), uint32(len(all)), uint32(0), uint32(0))
	file = append(file, all...)
	file = append(file, make([]byte, data-len(file))...)
	file = append(file, put(le, uint32(1), uint8(0x0f), uint8(1), uint16(0), uint64(1), uint32(10), uint8(1), uint8(0), uint16(0), uint64(0))...)
	file = append(file, "\x00_PyInit_\x00_printf\x00\x00\x00\x00\x00\x00\x00"...)
	file = append(file, "\x00\x01_PyInit_x\x00\x0e\x02\x00\x00"...)
	file = append(file, make([]byte, data+128-len(file))...)
	be := binary.BigEndian
	file = append(file, put(be, uint32(0xfade0cc0), uint32(128), uint32(1), uint32(0), uint32(20))...)
	file = append(file, put(be, uint32(0xfade0c02), uint32(100), uint32(0x20100), uint32(2), uint32(48), uint32(44), uint32(0), uint32(1), uint32(data), uint8(32), uint8(2), uint8(0), uint8(12), uint32(0), uint32(0))...)
	return append(file, make([]byte, data+256-len(file))...)
}

// fat puts a thin file into a fat one.
func fat(thin []byte) []byte {
	head := put(binary.BigEndian, uint32(0xcafebabe), uint32(1), uint32(0x0100000c), uint32(0), uint32(64), uint32(len(thin)), uint32(6))
	return append(append(head, make([]byte, 64-len(head))...), thin...)
}

// tinyPE is a 64-bit DLL with an import, a delayed import's empty table, and an export.
func tinyPE() []byte {
	le := binary.LittleEndian
	const rva, at = 0x1000, 0x200
	file := append([]byte("MZ"), make([]byte, 58)...)
	file = append(file, put(le, uint32(64), "PE\x00\x00", uint16(0x8664), uint16(1), uint32(0), uint32(0), uint32(0), uint16(112+16*8), uint16(0x2022))...)
	opt := put(le, uint16(0x20b), make([]byte, 106), uint32(16), uint32(rva), uint32(40), uint32(rva+0x40), uint32(40))
	opt = append(opt, make([]byte, 112+16*8-len(opt))...)
	file = append(file, opt...)
	file = append(file, put(le, ".rdata\x00\x00", uint32(0x200), uint32(rva), uint32(0x200), uint32(at), make([]byte, 16))...)
	file = append(file, make([]byte, at-len(file))...)
	sec := put(le, uint32(0), uint32(0), uint32(0), uint32(rva+0xc0), uint32(1), uint32(1), uint32(1), uint32(0), uint32(rva+0x100), uint32(0))
	sec = append(sec, make([]byte, 0x40-len(sec))...)
	sec = append(sec, put(le, uint32(rva+0x80), uint32(0), uint32(0), uint32(rva+0xd0), uint32(rva+0x80))...)
	sec = append(sec, make([]byte, 0x80-len(sec))...)
	sec = append(sec, put(le, uint64(rva+0xe0), uint64(1<<63|7), uint64(0))...)
	sec = append(sec, make([]byte, 0xc0-len(sec))...)
	sec = append(sec, "me.pyd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00python313.dll\x00\x00\x00\x00\x00Py_BuildValue\x00"...)
	sec = append(sec, make([]byte, 0x100-len(sec))...)
	sec = append(sec, put(le, uint32(rva+0x110), make([]byte, 12), "PyInit_me\x00")...)
	return append(file, append(sec, make([]byte, 0x200-len(sec))...)...)
}

package binfmt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// manyNames is a library of 64-bit little-endian ELF whose dynamic section has
// one entry of the tag for each of n offsets of its string table.
func manyNames(tag uint64, n int, strs string, step int) []byte {
	le := binary.LittleEndian
	const dyn = 64 + 2*56
	size := (n + 3) * 16
	str := dyn + size
	all := uint64(str + len(strs))
	file := put(le, "\x7fELF\x02\x01\x01\x00", uint64(0), uint16(3), uint16(62), uint32(1), uint64(0), uint64(64), uint64(0),
		uint32(0), uint16(64), uint16(56), uint16(2), uint16(64), uint16(0), uint16(0))
	file = append(file, put(le, uint32(1), uint32(5), uint64(0), uint64(0), uint64(0), all, all, uint64(8))...)
	file = append(file, put(le, uint32(2), uint32(5), uint64(dyn), uint64(dyn), uint64(dyn), uint64(size), uint64(size), uint64(8))...)
	file = append(file, put(le, uint64(5), uint64(str), uint64(10), uint64(len(strs)))...)
	for i := range n {
		file = append(file, put(le, tag, uint64(i*step))...)
	}
	file = append(file, make([]byte, 16)...)
	return append(file, strs...)
}

// A file of a megabyte whose names share their bytes doesn't become gigabytes,
// neither while it is read nor of names that somebody copies.
func TestManyNames(t *testing.T) {
	const needed, runpath = 1, 29
	colons := strings.Repeat(":", 60000) + "\x00"
	for name, file := range map[string][]byte{
		"run paths":       manyNames(runpath, 60000, colons, 0),
		"long run path":   manyNames(runpath, 1, colons, 0),
		"libraries":       manyNames(needed, 60000, colons, 1),
		"long libraries":  manyNames(needed, 4000, colons, 1),
		"as many as fit":  manyNames(needed, 4000, strings.Repeat("lib.so.1\x00", 4000), 9),
		"many libraries":  manyNames(needed, 5000, strings.Repeat("lib.so.1\x00", 5000), 9),
		"empty run paths": manyNames(runpath, 5000, "\x00", 0),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		images, err := binfmt.Read(bytes.NewReader(file), int64(len(file)))
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(64*len(file)+1<<20) {
			t.Errorf("%s: %d MiB for %d bytes", name, got>>20, len(file))
		}
		if fits := name == "as many as fit"; fits != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		var e *binfmt.Error
		if err != nil && (!errors.As(err, &e) || e.Hint() == "") {
			t.Errorf("%s: no hint in %v", name, err)
		}
		names := 0
		for _, m := range images {
			for _, s := range append(m.Needed, m.Runpath...) {
				names += len(s)
			}
		}
		if names > 16*len(file)+1<<16 {
			t.Errorf("%s: names of %d MiB", name, names>>20)
		}
	}
}

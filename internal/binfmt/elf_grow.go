package binfmt

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
)

// PutRunpath gives the edits after which an ELF file's only run path is path,
// whether or not it has one. A file without a dynamic section loads no library
// and gets none; a file of another kind is an error.
//
// No edit makes the file longer. Where the old path is too short, the new one
// lies in the zeros that linkers leave between the end of a loaded segment and
// the next page, which is made a part of that segment, and the entry for it is
// one of the spare ones at the end of the dynamic section (GNU ld leaves five).
// DT_STRSZ then says that the string table reaches to there, which takes in
// sections that aren't strings: nothing refers to those by a string's offset.
// A file without such room is an *Error that Is ErrNotInPlace.
func PutRunpath(r io.ReaderAt, size int64, path string) ([]Edit, error) {
	const op = "setting the run path of"
	s := newSource(r, size)
	kind, err := s.sniff()
	if err == nil && kind != ELF {
		err = malformed("it isn't an ELF file of Linux")
	}
	if err != nil {
		return nil, wrap(op, kind, err)
	}
	edits, err := putELFRunpath(s, path)
	if err == nil && len(edits) > 0 {
		err = holdsRunpath(Overlay(r, edits), size, path)
	}
	if err != nil {
		return nil, wrap(op, ELF, err)
	}
	return edits, nil
}

// holdsRunpath reads an edited file again: in a damaged one a table may lie over
// another.
func holdsRunpath(r io.ReaderAt, size int64, path string) error {
	e, err := openELF(newSource(r, size))
	if err != nil {
		return err
	}
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		all, err := e.strings(tag)
		if err != nil {
			return err
		}
		for _, s := range all {
			if s != path {
				return malformed("its tables overlap")
			}
		}
	}
	if !e.hasRunpath() {
		return malformed("its tables overlap")
	}
	return nil
}

func putELFRunpath(s source, path string) ([]Edit, error) {
	if path == "" || bytes.IndexByte([]byte(path), 0) >= 0 {
		return nil, malformed("%q isn't a run path", path)
	}
	e, err := openELF(s)
	if err != nil || len(e.dyn) == 0 {
		return nil, err
	}
	if e.hasRunpath() {
		if edits, err := setELFRunpath(s, func(string) string { return path }); err == nil {
			return edits, nil
		}
	}
	room, err := e.room(uint64(len(path)) + 1)
	if err != nil {
		return nil, err
	}
	dyn, err := e.withRunpath(room)
	if err != nil {
		return nil, err
	}
	return append(room.edits(e, path), e.dynEdits(dyn)...), nil
}

func (f *elfFile) hasRunpath() bool {
	_, rpath := f.value(elf.DT_RPATH)
	_, runpath := f.value(elf.DT_RUNPATH)
	return rpath || runpath
}

// elfRoom is room for a string after the end of a segment.
type elfRoom struct {
	prog  int    // the segment that gets longer
	n     uint64 // by how many bytes
	off   uint64 // the room's place in the file
	index uint64 // its offset from the string table's start
}

// room finds n zero bytes right after a segment that is loaded as it lies in the
// file, which nothing else claims: no segment, no section, no header.
func (f *elfFile) room(n uint64) (elfRoom, error) {
	table, _ := f.value(elf.DT_STRTAB)
	for i, p := range f.progs {
		end := p.vaddr + p.filesz
		if p.typ != elf.PT_LOAD || p.filesz != p.memsz || p.filesz == 0 || end < table || !f.vacant(i, n) {
			continue
		}
		b, err := f.src.bytes(p.off+p.filesz, n)
		if err != nil || len(bytes.TrimLeft(b, "\x00")) > 0 {
			continue
		}
		return elfRoom{prog: i, n: n, off: p.off + p.filesz, index: end - table}, nil
	}
	return elfRoom{}, inPlace(ELF, "setting the run path of", fmt.Sprintf("there is no room for %d bytes after one of its segments", n), hintPatchelf)
}

// vacant says whether the n bytes after a segment belong to nothing, neither in
// the file nor in memory.
func (f *elfFile) vacant(i int, n uint64) bool {
	p := f.progs[i]
	off, addr := p.off+p.filesz, p.vaddr+p.filesz
	meets := func(start, size, at uint64) bool { return size > 0 && start < at+n && at < start+size }
	for j, q := range f.progs {
		if j == i || q.typ != elf.PT_LOAD {
			continue
		}
		// A segment is mapped from the start of its page on.
		page := max(q.align, minPage)
		start := q.vaddr / page * page
		if meets(q.off, q.filesz, off) || meets(start, q.memsz+q.vaddr-start, addr) {
			return false
		}
	}
	for _, s := range f.sections {
		if s.typ != elf.SHT_NULL && s.typ != elf.SHT_NOBITS && meets(s.off, s.size, off) {
			return false
		}
	}
	return !meets(f.phoff, uint64(len(f.progs))*f.progEntry(), off) &&
		!meets(f.shoff, uint64(len(f.sections))*pick(f.is64, uint64(64), 40), off)
}

// minPage is the smallest page of a system that loads ELF files, in bytes.
const minPage = 4096

// withRunpath is the dynamic section with one run path, the string in room.
func (f *elfFile) withRunpath(room elfRoom) ([]elfDyn, error) {
	var dyn []elfDyn
	put := false
	for _, d := range f.dyn {
		switch d.tag {
		case elf.DT_RPATH, elf.DT_RUNPATH:
			d.val = room.index
			put = true
		case elf.DT_STRSZ:
			d.val = max(d.val, room.index+room.n)
		}
		dyn = append(dyn, d)
	}
	if put {
		return dyn, nil
	}
	dyn = append(dyn, elfDyn{elf.DT_RUNPATH, room.index})
	// One entry of zeros has to stay, which ends the section.
	used, w := uint64(len(f.dyn)), f.dynEntry()
	if (used+2)*w > f.dynSize {
		return nil, inPlace(ELF, "setting the run path of", "its dynamic section has no spare entry", hintPatchelf)
	}
	b, err := f.src.bytes(f.dynOff+used*w, 2*w)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimLeft(b, "\x00")) > 0 {
		return nil, inPlace(ELF, "setting the run path of", "something follows the end of its dynamic section", hintPatchelf)
	}
	return dyn, nil
}

// edits write the string, and the segment's new length.
func (r elfRoom) edits(f *elfFile, path string) []Edit {
	p := f.progs[r.prog]
	at := int64(f.phoff + uint64(r.prog)*f.progEntry())
	size := p.filesz + r.n
	var b []byte
	if f.is64 { // p_filesz at 32, p_memsz at 40
		b = make([]byte, 16)
		f.order.PutUint64(b, size)
		f.order.PutUint64(b[8:], size)
		at += 32
	} else { // at 16 and 20
		b = make([]byte, 8)
		f.order.PutUint32(b, uint32(size))
		f.order.PutUint32(b[4:], uint32(size))
		at += 16
	}
	return []Edit{{Offset: at, New: b}, {Offset: int64(r.off), New: append([]byte(path), 0)}}
}

// progEntry is the size of a program header, in bytes.
func (f *elfFile) progEntry() uint64 { return pick(f.is64, uint64(56), 32) }

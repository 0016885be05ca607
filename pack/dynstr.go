package pack

import (
	"debug/elf"
	"io"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// unreferenced gives the ranges of an ELF file's dynamic string table that
// nothing refers to any more: a search path that was removed leaves its text.
// A linker lets strings share their ends, so a string counts from each offset
// that is referred to. nil if the file's tables can't tell.
func unreferenced(r io.ReaderAt) (list []span64) {
	defer func() {
		if recover() != nil { // debug/elf on a broken file
			list = nil
		}
	}()
	f, err := elf.NewFile(r)
	if err != nil {
		return nil
	}
	var table *elf.Section
	for _, s := range f.Sections {
		if s.Type == elf.SHT_DYNAMIC && int(s.Link) < len(f.Sections) {
			table = f.Sections[s.Link]
		}
	}
	if table == nil || table.Type != elf.SHT_STRTAB {
		return nil
	}
	text, err := table.Data()
	if err != nil {
		return nil
	}
	used := make([]bool, len(text))
	mark := func(at uint64) {
		for ; at < uint64(len(text)) && !used[at]; at++ {
			used[at] = true
			if text[at] == 0 {
				return
			}
		}
	}
	if !markDynamic(f, mark) {
		return nil
	}
	for i := 0; i < len(text); i++ {
		start := i
		for i < len(text) && !used[i] {
			i++
		}
		if i > start {
			list = append(list, span64{int64(table.Offset) + int64(start), int64(table.Offset) + int64(i)})
		}
	}
	return list
}

// markDynamic marks every string that the dynamic section, the symbols and the
// versions refer to. ok is false where that can't be read.
func markDynamic(f *elf.File, mark func(uint64)) bool {
	for _, tag := range []elf.DynTag{elf.DT_NEEDED, elf.DT_SONAME, elf.DT_RPATH, elf.DT_RUNPATH, elf.DT_AUXILIARY, elf.DT_FILTER, elf.DT_CONFIG, elf.DT_DEPAUDIT, elf.DT_AUDIT} {
		values, err := f.DynValue(tag)
		if err != nil {
			return false
		}
		for _, v := range values {
			mark(v)
		}
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_DYNSYM && s.Type != elf.SHT_GNU_VERNEED && s.Type != elf.SHT_GNU_VERDEF {
			continue
		}
		data, err := s.Data()
		if err != nil || s.Type == elf.SHT_DYNSYM && s.Entsize < 16 {
			return false
		}
		word := func(at int) int { return int(f.ByteOrder.Uint32(data[at:])) }
		switch s.Type {
		case elf.SHT_DYNSYM:
			for i := 0; i+4 <= len(data); i += int(s.Entsize) {
				mark(uint64(word(i)))
			}
		case elf.SHT_GNU_VERNEED: // Elf_Verneed: file at 4, aux 8, next 12; Elf_Vernaux: name at 8, next 12
			chain(len(data), 0, 12, word, func(at int) {
				mark(uint64(word(at + 4)))
				chain(len(data), at+word(at+8), 12, word, func(at int) { mark(uint64(word(at + 8))) })
			})
		case elf.SHT_GNU_VERDEF: // Elf_Verdef: aux at 12, next 16; Elf_Verdaux: name at 0, next 4
			chain(len(data), 0, 16, word, func(at int) {
				chain(len(data), at+word(at+12), 4, word, func(at int) { mark(uint64(word(at))) })
			})
		}
	}
	return true
}

// chain follows records that each say, at an offset in them, how far the next one is.
func chain(size, at, next int, word func(int) int, visit func(at int)) {
	for at < size {
		visit(at)
		step := word(at + next)
		if step <= 0 {
			return
		}
		at += step
	}
}

// within tells whether a hit lies in one of the ranges.
func within(spans []span64, h place.Hit) bool {
	for _, s := range spans {
		if h.Offset >= s.start && h.End() <= s.end {
			return true
		}
	}
	return false
}

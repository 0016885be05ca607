package binfmt

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"
)

const hintPatchelf = "run patchelf --set-rpath on it after the build, or build it with a run path that starts with $ORIGIN"

// setELFRunpath is SetRunpath for ELF.
func setELFRunpath(s source, f func(string) string) ([]Edit, error) {
	e, err := openELF(s)
	if err != nil || len(e.dyn) == 0 {
		return nil, err
	}
	ed := &elfEditor{elfFile: e, table: []byte(e.strtab)}
	done := map[uint64]string{} // two entries may share one string
	var dyn []elfDyn
	for _, d := range e.dyn {
		if d.tag != elf.DT_RPATH && d.tag != elf.DT_RUNPATH {
			dyn = append(dyn, d)
			continue
		}
		old, ok := cstring(e.strtab, d.val)
		if !ok {
			return nil, malformed("%v points outside the string table", d.tag)
		}
		to, seen := done[d.val]
		if !seen {
			to = f(old)
			done[d.val] = to
		}
		if strings.IndexByte(to, 0) >= 0 {
			return nil, malformed("a NUL in the new path %q", to)
		}
		if to == old {
			dyn = append(dyn, d)
			continue
		}
		if !seen {
			if err := ed.protect(); err != nil {
				return nil, err
			}
		}
		if to == "" {
			ed.erase(d.val, old)
			continue
		}
		at, err := ed.replace(d.val, old, to)
		if err != nil {
			return nil, err
		}
		dyn = append(dyn, elfDyn{d.tag, at})
	}
	return ed.edits(dyn)
}

// dropELFNeeded is DropNeeded for ELF.
func dropELFNeeded(s source, drop func(string) bool) ([]Edit, error) {
	e, err := openELF(s)
	if err != nil || len(e.dyn) == 0 {
		return nil, err
	}
	ed := &elfEditor{elfFile: e, table: []byte(e.strtab)}
	dropped := map[string]bool{}
	var dyn []elfDyn
	for _, d := range e.dyn {
		if d.tag == elf.DT_NEEDED {
			name, ok := cstring(e.strtab, d.val)
			if !ok {
				return nil, malformed("%v points outside the string table", d.tag)
			}
			if drop(name) {
				dropped[name] = true
				continue
			}
		}
		dyn = append(dyn, d)
	}
	err = e.walkVerneed(func(file, version uint32, _ bool, _ uint16) error {
		name, _ := cstring(e.strtab, uint64(file))
		if v, _ := cstring(e.strtab, uint64(version)); dropped[name] {
			// The loader asserts that a library whose versions are needed is loaded.
			return inPlace(ELF, "dropping a library from", fmt.Sprintf("it needs version %s of %s", v, name), "link it without that library")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return ed.edits(dyn)
}

// elfEditor collects changes of the dynamic section and of its string table.
type elfEditor struct {
	*elfFile
	table []byte // the string table as it shall be
	used  []int  // how many references use each byte of it; nil until protect
}

// stringTags are the dynamic tags whose value is an offset into the string table.
var stringTags = map[elf.DynTag]bool{
	elf.DT_NEEDED: true, elf.DT_SONAME: true, elf.DT_RPATH: true, elf.DT_RUNPATH: true,
	elf.DT_AUDIT: true, elf.DT_DEPAUDIT: true, elf.DT_CONFIG: true,
	elf.DT_AUXILIARY: true, elf.DT_USED: true, elf.DT_FILTER: true,
}

// protect counts the references to each byte of the string table: by dynamic
// tags, symbols and versions, and by sections that overlap it. An entry that is
// to be changed counts too: a byte is free for it if its count is one.
func (ed *elfEditor) protect() error {
	if ed.used != nil {
		return nil
	}
	ed.used = make([]int, len(ed.table))
	seen := map[uint64]bool{}
	mark := func(off uint64) error {
		if seen[off] {
			return nil // the same string, by another: counted by markShared
		}
		seen[off] = true
		return ed.mark(off)
	}
	for _, d := range ed.dyn {
		if stringTags[d.tag] {
			run := d.tag == elf.DT_RPATH || d.tag == elf.DT_RUNPATH
			if err := pick(run, mark, ed.mark)(d.val); err != nil {
				return err
			}
		}
	}
	if err := ed.markSymbols(); err != nil {
		return err
	}
	err := ed.walkVerneed(func(file, version uint32, _ bool, _ uint16) error {
		if err := ed.mark(uint64(file)); err != nil {
			return err
		}
		return ed.mark(uint64(version))
	})
	if err != nil {
		return err
	}
	err = ed.walkVerdef(func(name uint32, _ bool) error { return ed.mark(uint64(name)) })
	ed.markSections()
	return err
}

// mark counts one reference to the string at off, its NUL included.
func (ed *elfEditor) mark(off uint64) error {
	i := uint64(0)
	for ; off+i < uint64(len(ed.table)); i++ {
		ed.used[off+i]++
		if ed.strtab[off+i] == 0 {
			return nil
		}
	}
	return malformed("a string at %d runs out of the string table", off)
}

func (ed *elfEditor) markSymbols() error {
	table, err := ed.symbolTable()
	if err != nil {
		return err
	}
	seen := map[uint32]bool{}
	for i := 0; (i+1)*ed.symEntry() <= len(table); i++ {
		name := ed.order.Uint32(table[i*ed.symEntry():])
		if seen[name] {
			continue
		}
		seen[name] = true
		if err := ed.mark(uint64(name)); err != nil {
			return err
		}
	}
	return nil
}

// markSections counts sections that lie over the string table and aren't it.
func (ed *elfEditor) markSections() {
	end := ed.strOff + uint64(len(ed.table))
	for _, s := range ed.sections {
		if s.typ == elf.SHT_NULL || s.typ == elf.SHT_NOBITS || s.off == ed.strOff || s.size > end {
			continue
		}
		for i := max(s.off, ed.strOff); i < min(s.off+s.size, end); i++ {
			ed.used[i-ed.strOff]++
		}
	}
}

// replace writes the string to over old at off, or finds it elsewhere in the
// table, and gives its offset.
func (ed *elfEditor) replace(off uint64, old, to string) (uint64, error) {
	if len(to) <= len(old) && ed.fits(off, to+"\x00") {
		copy(ed.table[off:], to+"\x00")
		ed.blank(off+uint64(len(to))+1, off+uint64(len(old)))
		return off, nil
	}
	if i := bytes.Index(ed.table, []byte(to+"\x00")); i >= 0 && ed.kept(uint64(i), len(to)) {
		ed.erase(off, old)
		return uint64(i), nil
	}
	why := fmt.Sprintf("the path %q is longer than the old one, %q", to, old)
	if len(to) <= len(old) {
		why = fmt.Sprintf("the path %q shares its bytes with another string of the file", old)
	}
	return 0, inPlace(ELF, "setting the run path of", why, hintPatchelf)
}

// fits says whether b can stand at off without changing another string.
func (ed *elfEditor) fits(off uint64, b string) bool {
	for i := range len(b) {
		if j := off + uint64(i); ed.table[j] != b[i] && ed.used[j] > 1 {
			return false
		}
	}
	return true
}

// kept says whether the n bytes at off, and the NUL after them, stay as they
// are: no run path covers them, or something else does too.
func (ed *elfEditor) kept(off uint64, n int) bool {
	for i := off; i <= off+uint64(n); i++ {
		if ed.used[i] <= 1 && ed.runpathAt(i) {
			return false
		}
	}
	return true
}

// runpathAt says whether a run path covers the byte at off.
func (ed *elfEditor) runpathAt(off uint64) bool {
	for _, d := range ed.dyn {
		if d.tag != elf.DT_RPATH && d.tag != elf.DT_RUNPATH {
			continue
		}
		if s, _ := cstring(ed.strtab, d.val); off >= d.val && off <= d.val+uint64(len(s)) {
			return true
		}
	}
	return false
}

// erase blanks the string old at off, but for what others use of it.
func (ed *elfEditor) erase(off uint64, old string) { ed.blank(off, off+uint64(len(old))) }

func (ed *elfEditor) blank(from, to uint64) {
	for i := from; i < to; i++ {
		if ed.used[i] <= 1 {
			ed.table[i] = 0
		}
	}
}

// edits gives the edits to the string table and to the dynamic section, which shall hold dyn.
func (ed *elfEditor) edits(dyn []elfDyn) ([]Edit, error) {
	if len(dyn) < len(ed.dyn) && (ed.machine == elf.EM_MIPS || ed.machine == elf.EM_MIPS_RS3_LE) {
		// DT_MIPS_RLD_MAP_REL counts from its own place in the section.
		return nil, inPlace(ELF, "editing", "entries of a MIPS file can't be moved", hintPatchelf)
	}
	all := diff(int64(ed.strOff), []byte(ed.strtab), ed.table)
	return append(all, ed.dynEdits(dyn)...), nil
}

// dynEdits give the edit after which the dynamic section holds dyn. What isn't
// used any more is zero.
func (f *elfFile) dynEdits(dyn []elfDyn) []Edit {
	n := max(len(f.dyn), len(dyn))
	return diff(int64(f.dynOff), f.encode(f.dyn, n), f.encode(dyn, n))
}

// encode makes the bytes of n entries of the dynamic section.
func (f *elfFile) encode(dyn []elfDyn, n int) []byte {
	w := int(f.dynEntry())
	b := make([]byte, n*w)
	for i, d := range dyn {
		if f.is64 {
			f.order.PutUint64(b[i*w:], uint64(d.tag))
			f.order.PutUint64(b[i*w+8:], d.val)
		} else {
			f.order.PutUint32(b[i*w:], uint32(d.tag))
			f.order.PutUint32(b[i*w+4:], uint32(d.val))
		}
	}
	return b
}

// diff gives the edit that turns a into b, of equal length, from their first to their last difference.
func diff(off int64, a, b []byte) []Edit {
	i, j := 0, len(a)
	for i < j && a[i] == b[i] {
		i++
	}
	for j > i && a[j-1] == b[j-1] {
		j--
	}
	if i == j {
		return nil
	}
	return []Edit{{Offset: off + int64(i), New: bytes.Clone(b[i:j])}}
}

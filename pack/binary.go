package pack

import (
	"bytes"
	"debug/elf"
	"debug/macho"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// maxCString bounds a compiled-in string, bytes.
const maxCString = 64 << 10

// span64 are the bytes of a file that are loaded when it runs.
type span64 struct{ start, end int64 }

// binary decides about paths in ELF and Mach-O files and archives of them.
//
// A path in a part that is never loaded (debug information, symbol tables), or
// in the dynamic strings where nothing refers to it, is overwritten with slashes
// here, and the file needs nothing at the target. The
// build's root in a NUL-terminated string that is loaded is replaced at the
// target, in place. Anything else is refused.
func (w *worker) binary(f *File, src *source, kind string, res place.Found, v *verdict) error {
	loaded, ok := loadedSpans(src, kind)
	var free []span64
	if kind == kindELF {
		free = unreferenced(binfmt.Overlay(src, f.Edits))
	}
	var strs []place.Hit
	inert := 0
	for _, h := range res.Hits {
		pl := w.search.Places[h.Place]
		switch {
		case h.Bound == place.Longer:
		case ok && kind != kindMachO && !overlaps(loaded, h), within(free, h):
			f.Edits = append(f.Edits, binfmt.Edit{Offset: h.Offset, New: slashes(h)})
			inert++
		case pl.Root && h.Enc == place.EncPlain && h.Bound == place.Whole:
			strs = append(strs, h)
		case w.foreign[f.Path] && !pl.Root:
			v.except("a library of a wheel built elsewhere names %s", pl.Path)
		case pl.Common:
			v.except("it names %s, which many systems have", pl.Path)
		case ok && kind == kindMachO && !pl.Root && !overlaps(loaded, h):
			v.except("the symbol table names %s", pl.Path)
		default:
			v.block("compile it with -ffile-prefix-map, or leave it out with --exclude",
				"%s %s is compiled into this %s file at offset %d", pl.What, pl.Path, kind, h.Offset)
		}
	}
	sortEdits(f.Edits)
	if inert > 0 {
		if v.class == ClassNone {
			v.class = ClassInert
		}
		if inert == 1 {
			v.did("1 path where nothing is loaded from")
		} else {
			v.did("%d paths where nothing is loaded from", inert)
		}
	}
	if len(strs) > 0 {
		if err := w.cstrings(f, src, kind, strs, v); err != nil {
			return err
		}
	}
	if v.class != ClassNone {
		f.Class = v.class
	}
	v.count = inert + len(v.cstrings)
	return nil
}

// slashes are as many as the hit has bytes, in its encoding.
func slashes(h place.Hit) []byte {
	b := bytes.Repeat([]byte("/"), h.N)
	for i := range b {
		if h.Enc == place.EncUTF16L && i%2 == 1 || h.Enc == place.EncUTF16B && i%2 == 0 {
			b[i] = 0
		}
	}
	return b
}

// cstrings lists the strings that hold the root, to be replaced at the target.
func (w *worker) cstrings(f *File, src *source, kind string, hits []place.Hit, v *verdict) error {
	buf := make([]byte, maxCString+1)
	for i, h := range hits {
		n, err := src.ReadAt(buf, h.Offset)
		if err != nil && err != io.EOF {
			return err
		}
		s := buf[:n]
		end := bytes.IndexByte(s, 0)
		if end < 0 || !printable(s[:end]) || place.OnDrive(string(s)) {
			v.block("compile it with -ffile-prefix-map, or leave it out with --exclude",
				"the build's directory is compiled into this %s file at offset %d, not as a plain C string", kind, h.Offset)
			continue
		}
		if i+1 < len(hits) && hits[i+1].Offset < h.Offset+int64(end) {
			end = int(hits[i+1].Offset - h.Offset)
		}
		v.cstrings = append(v.cstrings, w.canonical(f, kind, h, string(s[:end])))
	}
	sortEdits(f.Edits)
	if len(v.cstrings) > 0 {
		v.class = archive.ClassCString
		v.did("%d compiled-in paths", len(v.cstrings))
	}
	return nil
}

// printable tells whether a string is text: UTF-8 can't be told from other 8-bit codes, and needn't.
func printable(b []byte) bool {
	for _, c := range b {
		if c < 0x20 && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return true
}

func overlaps(spans []span64, h place.Hit) bool {
	for _, s := range spans {
		if h.Offset < s.end && h.End() > s.start {
			return true
		}
	}
	return false
}

// loadedSpans says which parts of a file are mapped when it runs, or linked
// into what runs. ok is false if the file's own tables can't tell.
func loadedSpans(src *source, kind string) (list []span64, ok bool) {
	defer func() {
		if recover() != nil { // debug/elf and debug/macho on a broken file
			list, ok = nil, false
		}
	}()
	switch kind {
	case kindELF:
		return elfSpans(src, 0)
	case kindMachO:
		return machoSpans(src)
	case kindAr:
		return arSpans(src)
	}
	return nil, false
}

func elfSpans(r io.ReaderAt, base int64) ([]span64, bool) {
	f, err := elf.NewFile(r)
	if err != nil || len(f.Sections) == 0 {
		return nil, false
	}
	list := []span64{{base, base + 64}}
	for _, p := range f.Progs {
		if p.Filesz > 0 {
			list = append(list, span64{base + int64(p.Off), base + int64(p.Off+p.Filesz)})
		}
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS && s.Flags&elf.SHF_ALLOC != 0 {
			list = append(list, span64{base + int64(s.Offset), base + int64(s.Offset+s.FileSize)})
		}
	}
	return list, true
}

func machoSpans(r io.ReaderAt) ([]span64, bool) {
	files := []*macho.File{}
	bases := []int64{}
	if fat, err := macho.NewFatFile(r); err == nil {
		for _, a := range fat.Arches {
			files, bases = append(files, a.File), append(bases, int64(a.Offset))
		}
	} else if f, err := macho.NewFile(r); err == nil {
		files, bases = append(files, f), append(bases, 0)
	}
	var list []span64
	for i, f := range files {
		for _, l := range f.Loads {
			s, ok := l.(*macho.Segment)
			if ok && s.Name != "__LINKEDIT" && s.Name != "__DWARF" {
				list = append(list, span64{bases[i] + int64(s.Offset), bases[i] + int64(s.Offset+s.Filesz)})
			}
		}
	}
	return list, len(files) > 0
}

// arSpans reads an ar archive: what of its ELF members is loaded, and all of its other members.
func arSpans(src *source) ([]span64, bool) {
	var list []span64
	head := make([]byte, 60)
	for at := int64(8); at+60 <= src.size; {
		if _, err := src.ReadAt(head, at); err != nil {
			return nil, false
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(head[48:58])), 10, 63)
		if err != nil || size < 0 || at+60+size > src.size {
			return nil, false
		}
		start := at + 60
		part, ok := elfSpans(io.NewSectionReader(src, start, size), start)
		if !ok {
			part = []span64{{start, start + size}}
		}
		list = append(append(list, span64{at, start}), part...)
		at = start + size + size%2
	}
	return list, true
}

var libpython = regexp.MustCompile(`^(@rpath/|@loader_path/)?libpython[0-9.]+[a-z]*(\.so(\.[0-9.]+)?|\.dylib)$`)

// runpath edits what a binary says of where its libraries are. An editor that
// fails (no room for the relative path) leaves the file to cstrings.
func (w *worker) runpath(f *File, src *source, kind string, v *verdict) {
	var notes []string
	if set := w.o.Binaries.SetRunpath; set != nil {
		edits, err := set(src, src.size, func(old string) string { return w.newRunpath(f.Path, kind, old, &notes) })
		if err != nil {
			v.hint = fmt.Sprintf("its search path can't be edited (%v); build in a longer directory, see --stage", err)
		}
		if err == nil && len(edits) > 0 {
			f.Edits = append(f.Edits, edits...)
			v.class = ClassRpath
			for _, n := range notes {
				v.did("%s", n)
			}
		}
	}
	if drop := w.o.Binaries.DropNeeded; drop != nil && kind == kindELF && isExtension(f.Path, src, src.size) {
		edits, err := drop(src, src.size, func(name string) bool {
			return libpython.MatchString(name) && !w.hasLibrary(f.Path, name)
		})
		if err == nil && len(edits) > 0 {
			f.Edits = append(f.Edits, edits...)
			v.class = ClassRpath
			v.did("no longer needs libpython, which the interpreter brings")
		}
	}
	if v.class != ClassNone {
		f.Class = v.class
	}
	sortEdits(f.Edits)
}

// newRunpath makes a search path, or an install name, relative to the file.
// What leads out of the tree is dropped: the target has neither the build's
// interpreter nor the build host's libraries there.
func (w *worker) newRunpath(file, kind, old string, notes *[]string) string {
	origin := "$ORIGIN"
	if kind == kindMachO {
		origin = "@loader_path"
	}
	var out []string
	for _, p := range strings.Split(old, ":") {
		switch {
		case p == "":
		case !archive.IsAbs(p):
			if strings.HasPrefix(p, "$ORIGIN") || strings.HasPrefix(p, "${ORIGIN}") || strings.HasPrefix(p, "@") {
				out = append(out, p)
			} else {
				*notes = append(*notes, "dropped "+p)
			}
		default:
			to, ok := w.o.insideOrScanned(p, w.a.Root)
			if !ok {
				if kind == kindMachO && !w.namesBuild(p) {
					out = append(out, p) // /usr/lib/libSystem.B.dylib
					continue
				}
				*notes = append(*notes, dropped(p))
				continue
			}
			rel := relative(archive.Parent(file), to)
			if rel == "." {
				out = append(out, origin)
			} else {
				out = append(out, origin+"/"+rel)
			}
		}
	}
	return strings.Join(out, ":")
}

// dropped says which directory is no longer searched. Where the build machine had
// one of its own is nobody's business.
func dropped(dir string) string {
	if systemLibraries.MatchString(dir) {
		return "dropped " + dir
	}
	return "dropped a directory outside of the tree"
}

// systemLibraries are the directories that every system has its libraries in.
var systemLibraries = regexp.MustCompile(`^(/usr(/local)?)?/lib(32|64|x32)?(/[a-z0-9_]+-linux-[a-z0-9]+)?$`)

// namesBuild tells whether a path lies in a place that is looked for.
func (w *worker) namesBuild(p string) bool {
	for _, pl := range w.search.Places {
		if place.Under(p, pl.Path) {
			return true
		}
	}
	return false
}

// hasLibrary tells whether the tree brings a library of that name.
func (w *worker) hasLibrary(file, name string) bool {
	name = "/" + path.Base(name)
	for i := range w.a.Files {
		p := w.a.Files[i].Path
		// Where the interpreter's own libpython lies, its own files alone know.
		if strings.HasSuffix(p, name) && (!ofInterpreter(p) || ofInterpreter(file)) {
			return true
		}
	}
	return false
}

// isExtension tells whether an ELF file is an extension module of Python: it
// exports its module's entry. Others that need libpython, such as
// mod_wsgi.so, run in programs that don't bring it.
func isExtension(p string, r io.ReaderAt, size int64) bool {
	n, ok := pymodule.NameOf(p)
	if !ok {
		return false
	}
	images, err := binfmt.Read(r, size)
	if err != nil || len(images) == 0 {
		return false
	}
	_, ok = pymodule.Entry(n, images[0].Exported)
	return ok
}

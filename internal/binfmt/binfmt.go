package binfmt

import (
	"io"
	"sort"
)

// Kind is a file format.
type Kind string

// The formats that Sniff knows.
const (
	ELF   Kind = "elf"
	MachO Kind = "macho"
	PE    Kind = "pe"
	Ar    Kind = "ar" // a library of object files; Magic alone knows it
)

// The types of an Image.
const (
	TypeShared     = "shared"     // ELF ET_DYN, Mach-O dylib, PE DLL
	TypeBundle     = "bundle"     // Mach-O bundle: what Python's extensions are on macOS
	TypeExecutable = "executable" // with or without PIE
	TypeObject     = "object"     // not linked yet
	TypeArchive    = "archive"    // a static library as a slice of a fat file
	TypeOther      = "other"      // debug symbols, core files
)

// SniffLen is how many bytes of a file Sniff wants to see, at most.
const SniffLen = 1024

// Image is one linked file, or one slice of a fat Mach-O file.
type Image struct {
	Kind      Kind
	Arch      string // see the package comment
	Bits      int    // 32 or 64
	BigEndian bool
	Type      string // one of the Type constants

	Offset, Size int64 // of the slice in a fat file; else 0 and the file's size
	Fat          bool  // one slice of several, or of one

	HasDynamic bool   // there is a dynamic section, load commands, or an import directory
	Interp     string // ELF PT_INTERP, Mach-O LC_LOAD_DYLINKER
	Soname     string // ELF DT_SONAME, Mach-O LC_ID_DYLIB, PE export directory's name

	Needed  []string // as they stand in the file: libm.so.6, @rpath/libz.dylib, KERNEL32.dll
	Weak    []string // those of Needed that may be absent: Mach-O weak, PE delay-loaded
	Rpath   []string // ELF DT_RPATH, Mach-O LC_RPATH, split
	Runpath []string // ELF DT_RUNPATH, split
	Relr    bool     // ELF: relative relocations are packed (DT_RELR), which an older loader skips without a word

	Imports  []Symbol      // undefined dynamic symbols
	Exports  []string      // defined dynamic symbols that others can see, sorted
	Versions []VersionNeed // ELF symbol versions needed
	Defines  []string      // ELF symbol versions defined

	MinOS    string // Mach-O: the oldest system, "11.0"
	Platform string // Mach-O: "macos", "ios", ...
	X86Level int    // ELF: 1 to 4, the x86-64 level that the file is marked to need; 0 if not marked
	Signed   Signature
}

// Symbol is an undefined symbol.
type Symbol struct {
	Name    string
	Version string // ELF: GLIBC_2.34
	Library string // ELF: the file that the version is of; PE: the DLL
	Weak    bool   // may stay undefined
}

// VersionNeed is a symbol version that a library has to define.
type VersionNeed struct {
	File    string // libc.so.6
	Version string // GLIBC_2.34
	Weak    bool
}

// Signature is how a Mach-O file is signed.
type Signature string

// The ways a Mach-O file is signed.
const (
	Unsigned Signature = ""
	AdHoc    Signature = "adhoc"    // by nobody, page hashes alone: Resign can do it again
	Identity Signature = "identity" // with a certificate: an edit can only leave it ad hoc
)

// Exported says whether the image defines the symbol name for others.
func (m *Image) Exported(name string) bool {
	i := sort.SearchStrings(m.Exports, name)
	return i < len(m.Exports) && m.Exports[i] == name
}

// Imported says whether the image has the undefined symbol name.
func (m *Image) Imported(name string) bool {
	for _, s := range m.Imports {
		if s.Name == name {
			return true
		}
	}
	return false
}

// Read reads the images in a file of size bytes; a fat Mach-O file has several.
// It never panics, and what it allocates is bounded by a small multiple of size.
// Its errors are of type *Error.
func Read(r io.ReaderAt, size int64) ([]Image, error) {
	s := newSource(r, size)
	kind, err := s.sniff()
	if err != nil {
		return nil, err
	}
	var images []Image
	switch kind {
	case ELF:
		var m *Image
		if m, err = readELF(s); err == nil {
			images = []Image{*m}
		}
	case MachO:
		images, err = readMachO(s)
	case PE:
		var m *Image
		if m, err = readPE(s); err == nil {
			images = []Image{*m}
		}
	}
	if err != nil {
		return nil, wrap("reading", kind, err)
	}
	return images, nil
}

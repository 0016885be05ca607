package pack

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sort"
	"time"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/internal/binfmt"
)

// Classes that are done with at pack time, so that no Relocation lists them.
const (
	ClassNone  = ""
	ClassRpath = "rpath" // RPATH, RUNPATH, install names, NEEDED edited
	ClassInert = "inert" // paths in parts that are never loaded (debug information) overwritten
)

// File is one file, directory or symbolic link of a tree that is packed. Scan
// makes them; the copies in a Plan have the rest.
type File struct {
	Path string      // relative, with slashes, UTF-8
	Type string      // TypeFile, TypeDir, TypeLink
	Mode fs.FileMode // permission bits as they go into the archive
	Size int64       // bytes, as in the archive
	Link string      // what a link points to, as in the archive

	Source string // absolute path on disk; empty if Data counts
	Data   []byte // the content, if made here
	Class  string // one of the Class constants
	Part   string // the part or egg that wrote it, as far as known
	SHA256 string // of the content as in the archive, hexadecimal; empty until Relocate

	// Edits are made in place while the file is read, sorted by offset.
	Edits []binfmt.Edit
	// Placeholder is a link's Relocation.Link. Such a link is not in the archive.
	Placeholder string

	texts    []textEdit // replacements that change the length, sorted by offset
	diskSize int64      // size and time on disk when Relocate read it
	diskTime time.Time
	cache    []byte // the raw content, of small files within a budget
}

// textEdit replaces n bytes at an offset by text.
type textEdit struct {
	offset int64
	n      int64
	text   string
}

// List is a tree that is packed, as a list. Scan makes it; Relocate makes a Plan of it.
type List struct {
	Root    string // where the tree lies
	Files   []File // sorted by Path; parents before children
	Omitted []Omission
	// Unmatched are the Exclude and Include of Scan's rules that match nothing in the tree.
	Unmatched Rules
}

// Omission is a file or directory that was left out, with all below it.
type Omission struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Find gives the index of a path in Files.
func (a *List) Find(path string) (int, bool) {
	i := sort.Search(len(a.Files), func(i int) bool { return a.Files[i].Path >= path })
	return i, i < len(a.Files) && a.Files[i].Path == path
}

// Add puts files into the list, in place of those of the same path, and the
// directories they need. It is for what is made here and not found in the tree.
func (a *List) Add(files ...File) {
	a.Files = append(a.Files, files...)
	a.normalize()
}

// Omit says of further files that they were left out. Globs that match one of
// them, or of Files, match something.
func (a *List) Omit(more ...Omission) {
	a.Omitted = append(a.Omitted, more...)
	for _, o := range more {
		a.Unmatched.forget(o.Path)
	}
	for i := range a.Files {
		a.Unmatched.forget(a.Files[i].Path)
	}
}

// normalize sorts Files, keeps the last of two with the same path, and adds directories that are missing.
func (a *List) normalize() {
	byPath := make(map[string]int, len(a.Files))
	out := a.Files[:0]
	for _, f := range a.Files {
		if i, ok := byPath[f.Path]; ok {
			out[i] = f
			continue
		}
		byPath[f.Path] = len(out)
		out = append(out, f)
	}
	a.Files = out
	for i := 0; i < len(a.Files); i++ {
		for p := archive.Parent(a.Files[i].Path); p != ""; p = archive.Parent(p) {
			if _, ok := byPath[p]; ok {
				break
			}
			byPath[p] = len(a.Files)
			a.Files = append(a.Files, File{Path: p, Type: archive.TypeDir, Mode: 0o755})
		}
	}
	sort.Slice(a.Files, func(i, j int) bool { return a.Files[i].Path < a.Files[j].Path })
}

// InArchive tells whether f has an entry in the archive: all but links that bootstrap.py makes.
func (f *File) InArchive() bool { return f.Placeholder == "" }

// Entry is f as files.json lists it.
func (f *File) Entry() archive.Entry {
	e := archive.Entry{Path: f.Path, Type: f.Type, Mode: uint32(f.Mode.Perm()), Link: f.Link}
	if f.Type == archive.TypeFile {
		e.Size, e.SHA256 = f.Size, f.SHA256
	}
	return e
}

// raw opens the content as it lies on disk. It fails if the file changed since it was first read.
func (f *File) raw() (io.ReadCloser, error) {
	if f.Source == "" {
		return io.NopCloser(bytes.NewReader(f.Data)), nil
	}
	if f.cache != nil {
		return io.NopCloser(bytes.NewReader(f.cache)), nil
	}
	file, err := os.Open(f.Source)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	if !f.diskTime.IsZero() && (info.Size() != f.diskSize || !info.ModTime().Equal(f.diskTime)) {
		file.Close()
		return nil, fail(exitCheck, "stop what runs in the tree, then pack again", "reading %s: it changed while the tree was packed", f.Path)
	}
	return file, nil
}

// Open gives the content as it goes into the archive: with edits and replacements.
func (f *File) Open() (io.ReadCloser, error) {
	r, err := f.raw()
	if err != nil || (len(f.Edits) == 0 && len(f.texts) == 0) {
		return r, err
	}
	in := io.Reader(r)
	if len(f.Edits) > 0 {
		in = &editReader{r: in, edits: f.Edits}
	}
	if len(f.texts) > 0 {
		in = &textReader{r: in, edits: f.texts}
	}
	return struct {
		io.Reader
		io.Closer
	}{in, r}, nil
}

// editReader overlays edits that keep the length.
type editReader struct {
	r     io.Reader
	edits []binfmt.Edit
	at    int64
}

func (e *editReader) Read(p []byte) (int, error) {
	n, err := e.r.Read(p)
	end := e.at + int64(n)
	for _, ed := range e.edits {
		if ed.Offset >= end {
			break
		}
		if from := max(ed.Offset, e.at); from < ed.Offset+int64(len(ed.New)) {
			copy(p[from-e.at:n], ed.New[from-ed.Offset:])
		}
	}
	for len(e.edits) > 0 && e.edits[0].Offset+int64(len(e.edits[0].New)) <= end {
		e.edits = e.edits[1:]
	}
	e.at = end
	return n, err
}

// textReader replaces ranges by texts of another length.
type textReader struct {
	r     io.Reader
	edits []textEdit
	at    int64
	out   string // what of a replacement is still to be given
}

func (t *textReader) Read(p []byte) (int, error) {
	for {
		if t.out != "" {
			n := copy(p, t.out)
			t.out = t.out[n:]
			return n, nil
		}
		if len(t.edits) > 0 && t.edits[0].offset == t.at {
			if _, err := io.CopyN(io.Discard, t.r, t.edits[0].n); err != nil {
				return 0, fmt.Errorf("the file became shorter: %w", io.ErrUnexpectedEOF)
			}
			t.at += t.edits[0].n
			t.out = t.edits[0].text
			t.edits = t.edits[1:]
			continue
		}
		if len(t.edits) > 0 && int64(len(p)) > t.edits[0].offset-t.at {
			p = p[:t.edits[0].offset-t.at]
		}
		if len(p) == 0 {
			return 0, nil
		}
		n, err := t.r.Read(p)
		t.at += int64(n)
		return n, err
	}
}

package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// cacheBudget is how many bytes of small files are kept for Write, so that
	// most files are opened once.
	cacheBudget = 48 << 20
	cacheFile   = 64 << 10
	// lexLimit is the largest text whose syntax is looked at. In a larger one
	// every placeholder is plain.
	lexLimit = 16 << 20
)

// Relocate reads each file once, gives it its class, its digest and what has
// to be edited, and fills in Manifest.Relocations. The report is complete even
// where Err() says that something is blocked; the error is for what could not be read.
func Relocate(a *Archive, o Origin) (*Report, error) {
	list, err := a.readInstalled()
	if err != nil {
		return nil, err
	}
	r := &relocator{
		a: a, o: o,
		search: newSearcher(o.places(a.Manifest.Python.Version)),
		owners: newOwners(list, o),
	}
	if r.foreign, err = foreignFiles(a); err != nil {
		return nil, err
	}
	verdicts, err := r.all()
	if err != nil {
		return nil, err
	}
	r.outside(list, verdicts)
	rep := &Report{Omitted: append([]Omission{}, a.Omitted...)}
	a.Manifest.Relocations = []Relocation{}
	for i := range a.Files {
		rep.file(&a.Files[i], &verdicts[i])
		if rel, ok := relocation(&a.Files[i], &verdicts[i]); ok {
			a.Manifest.Relocations = append(a.Manifest.Relocations, rel)
		}
	}
	a.setRootLimit()
	rep.sort()
	return rep, nil
}

type relocator struct {
	a       *Archive
	o       Origin
	search  *searcher
	owners  owners
	foreign map[string]bool
	cached  atomic.Int64
	big     sync.Mutex // one large text in memory at a time
}

// all gives each file its verdict, on all cores.
func (r *relocator) all() ([]verdict, error) {
	verdicts := make([]verdict, len(r.a.Files))
	var next atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			w := &worker{relocator: r, buf: make([]byte, chunkSize+lookBehind+2*r.search.longest), sum: sha256.New()}
			for {
				i := int(next.Add(1)) - 1
				if i >= len(r.a.Files) {
					return
				}
				f := &r.a.Files[i]
				f.Part = r.owners.of(f.Path)
				if err := w.file(f, &verdicts[i]); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(len(r.a.Files)))
					return
				}
			}
		})
	}
	wg.Wait()
	return verdicts, first
}

// worker is what one goroutine needs of its own.
type worker struct {
	*relocator
	buf []byte
	sum hash.Hash
}

func (w *worker) file(f *File, v *verdict) error {
	switch f.Type {
	case TypeDir:
		return nil
	case TypeLink:
		w.link(f, v)
		return nil
	}
	src, err := openSource(f)
	if err != nil {
		return err
	}
	defer src.Close()
	w.keep(f, src)
	kind := sniff(src.head())
	if kind == kindELF || kind == kindMachO {
		w.runpath(f, src, kind, v)
	}
	res, err := w.read(f)
	if err != nil {
		return err
	}
	if len(res.hits) > maxHits {
		return fail(exitCheck, "leave it out with --exclude", "relocating %s: it names the build's directories more than %d times", quoteName(f.Path), maxHits)
	}
	if len(res.hits) == 0 || ours(f) {
		return nil
	}
	if err := w.classify(f, src, kind, res, v); err != nil {
		return err
	}
	if len(f.Edits) > 0 || len(f.texts) > 0 {
		return w.digest(f)
	}
	return nil
}

// ours tells whether a file is one of this program's own, which may name placeholders.
func ours(f *File) bool {
	return f.Source == "" && (f.Path == BootstrapPy || f.Path == LauncherName)
}

// read searches and hashes the content, as edited so far.
func (w *worker) read(f *File) (found, error) {
	in, err := f.Open()
	if err != nil {
		return found{}, err
	}
	defer in.Close()
	w.sum.Reset()
	res, err := w.search.stream(in, w.sum, w.buf)
	if err != nil {
		return res, fail(exitSurroundings, "", "reading %s: %w", quoteName(f.Path), err)
	}
	f.Size, f.SHA256 = res.size, hex.EncodeToString(w.sum.Sum(nil))
	return res, nil
}

// digest sets size and digest of the content with all edits.
func (w *worker) digest(f *File) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	w.sum.Reset()
	f.Size, err = io.CopyBuffer(onlyWriter{w.sum}, onlyReader{in}, w.buf)
	f.SHA256 = hex.EncodeToString(w.sum.Sum(nil))
	return err
}

type onlyWriter struct{ io.Writer }
type onlyReader struct{ io.Reader }

// keep takes a small file's content into memory, as far as the budget goes.
func (w *worker) keep(f *File, src *source) {
	if src.file == nil || src.size > cacheFile || src.size == 0 {
		return
	}
	if w.cached.Add(src.size) > cacheBudget {
		w.cached.Add(-src.size)
		return
	}
	b := make([]byte, src.size)
	if n, err := src.ReadAt(b, 0); int64(n) == src.size && (err == nil || err == io.EOF) {
		f.cache = b
	} else {
		w.cached.Add(-src.size)
	}
}

// classify decides what becomes of a file in which something was found.
func (w *worker) classify(f *File, src *source, kind string, res found, v *verdict) error {
	for _, h := range res.hits {
		if h.place == markPlace {
			v.block("rename the text in the file, or leave it out with --exclude", "holds the text %q, which archives use as a placeholder", PlaceholderMark)
			return nil
		}
	}
	switch {
	case kind == kindELF || kind == kindMachO || kind == kindAr:
		return w.binary(f, src, kind, res, v)
	case kind == "" && (!res.hasNUL || isUTF16(res.head)):
		return w.text(f, src, res, v)
	}
	w.opaque(f, kind, res, v)
	return nil
}

// opaque refuses a binary file of a format in which nothing can be replaced.
func (w *worker) opaque(f *File, kind string, res found, v *verdict) {
	name := "binary file"
	if kind != "" {
		name = kind + " file"
	}
	for _, h := range res.hits {
		pl := w.search.places[h.place]
		switch {
		case h.bound == longer:
		case !pl.root && w.foreign[f.Path]:
			v.except("a %s of a wheel built elsewhere names %s", name, pl.path)
		default:
			v.count++
			v.block("leave it out with --exclude if the application makes it anew, or have the part not write absolute paths into it",
				"%s %s in a %s at offset %d", pl.what, pl.path, name, h.offset)
		}
	}
}

// relocation is what the manifest lists of a file, if anything.
func relocation(f *File, v *verdict) (Relocation, bool) {
	switch v.class {
	case ClassText, ClassCString:
		return Relocation{Path: f.Path, Class: v.class, Mode: uint32(f.Mode.Perm()), Size: f.Size, SHA256: f.SHA256, CStrings: v.cstrings}, true
	case ClassLink:
		return Relocation{Path: f.Path, Class: ClassLink, Link: f.Placeholder}, true
	}
	return Relocation{}, false
}

// setRootLimit records how long a root may be, which compiled-in strings limit.
func (a *Archive) setRootLimit() {
	a.Manifest.MaxRoot, a.Manifest.MaxRootFile = 0, ""
	for _, r := range a.Manifest.Relocations {
		for _, c := range r.CStrings {
			if a.Manifest.MaxRoot == 0 || c.Prefix < a.Manifest.MaxRoot {
				a.Manifest.MaxRoot, a.Manifest.MaxRootFile = c.Prefix, r.Path
			}
		}
	}
}

// outside blocks what .installed.cfg lists outside the tree.
func (r *relocator) outside(list []installed, verdicts []verdict) {
	i, ok := r.a.Find(installedName)
	if !ok {
		return
	}
	v := &verdicts[i]
	for _, in := range list {
		for _, p := range in.paths {
			if _, ok := r.o.inside(p); ok {
				continue
			}
			if r.o.allows(in.part, "") {
				v.except("part %s installs %s outside the tree, which is allowed", in.part, p)
				continue
			}
			v.block("have the part install into the tree, or let it pass with --allow-outside "+in.part,
				"part %s installs %s outside the tree", in.part, p)
		}
	}
}

// allows tells whether a part, or a link by its path, may leave the tree.
func (o Origin) allows(part, link string) bool {
	for _, a := range o.AllowOutside {
		if part != "" && a == part || link != "" && (matchGlob(a, link) || a == link) {
			return true
		}
	}
	return false
}

// source is the raw content of a file, for random access.
type source struct {
	file *os.File
	io.ReaderAt
	size int64
}

func openSource(f *File) (*source, error) {
	if f.Source == "" {
		return &source{ReaderAt: bytes.NewReader(f.Data), size: int64(len(f.Data))}, nil
	}
	file, err := os.Open(f.Source)
	if err != nil {
		return nil, fail(exitSurroundings, "pack as the user that built the tree", "reading %s: %w", quoteName(f.Path), err)
	}
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		file.Close()
		return nil, fail(exitCheck, "stop what runs in the tree, then pack again", "reading %s: it changed while the tree was packed", quoteName(f.Path))
	}
	f.diskSize, f.diskTime = info.Size(), info.ModTime()
	if f.diskTime.IsZero() {
		f.diskTime = time.Unix(0, 1)
	}
	return &source{file: file, ReaderAt: file, size: info.Size()}, nil
}

// Close closes the file.
func (s *source) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

func (s *source) head() []byte {
	b := make([]byte, 64)
	n, _ := s.ReadAt(b, 0)
	return b[:n]
}

// The kinds of binary files that are told apart, in words for messages.
const (
	kindELF   = "ELF"
	kindMachO = "Mach-O"
	kindPE    = "PE"
	kindAr    = "ar"
	kindZip   = "zip"
)

// sniff tells a file's kind by its first bytes, "" if it is none that matters.
func sniff(head []byte) string {
	has := func(s string) bool { return bytes.HasPrefix(head, []byte(s)) }
	switch {
	case has("\x7fELF"):
		return kindELF
	case has("\xfe\xed\xfa\xce"), has("\xfe\xed\xfa\xcf"), has("\xce\xfa\xed\xfe"), has("\xcf\xfa\xed\xfe"):
		return kindMachO
	case has("\xca\xfe\xba\xbe") && len(head) > 7 && head[4] == 0 && head[5] == 0 && head[6] == 0 && head[7] < 40:
		return kindMachO // a fat one; in a Java class these are the version, 45 and more
	case has("MZ") && len(head) > 0x3f && bytes.IndexByte(head, 0) >= 0:
		return kindPE
	case has("!<arch>\n"):
		return kindAr
	case has("PK\x03\x04"):
		return kindZip
	}
	return ""
}

// foreignFiles are the files of wheels that were built elsewhere: those whose
// WHEEL has a manylinux or musllinux tag, which only an index serves. What
// they name of a build machine is not this one's, even if it has the same name.
func foreignFiles(a *Archive) (map[string]bool, error) {
	set := map[string]bool{}
	for i := range a.Files {
		f := &a.Files[i]
		if f.Type != TypeFile || path.Base(f.Path) != "WHEEL" {
			continue
		}
		data, err := readSmall(f)
		if err != nil {
			return nil, err
		}
		if !bytes.Contains(data, []byte("-manylinux")) && !bytes.Contains(data, []byte("-musllinux")) {
			continue
		}
		top := parent(parent(f.Path))
		if path.Ext(top) == ".egg" {
			a.below(top, set)
			continue
		}
		j, ok := a.Find(parent(f.Path) + "/RECORD")
		if !ok {
			continue
		}
		if data, err = readSmall(&a.Files[j]); err != nil {
			return nil, err
		}
		for line := range bytes.Lines(data) {
			name, _, _ := bytes.Cut(line, []byte(","))
			set[path.Join(top, string(name))] = true
		}
	}
	return set, nil
}

// below puts every file below a directory into the set.
func (a *Archive) below(dir string, set map[string]bool) {
	i := sort.Search(len(a.Files), func(i int) bool { return a.Files[i].Path >= dir+"/" })
	for ; i < len(a.Files) && under(a.Files[i].Path, dir); i++ {
		set[a.Files[i].Path] = true
	}
}

// readSmall reads a file of metadata, at most 16 MiB of it.
func readSmall(f *File) ([]byte, error) {
	r, err := f.raw()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, 16<<20))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return data, nil
}

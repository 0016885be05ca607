package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
	"github.com/binary-buildout/binary-buildout/pack/internal/text"
)

const (
	// cacheBudget is how many bytes of small files are kept for Write, so that
	// most files are opened once.
	cacheBudget = 48 << 20
	cacheFile   = 64 << 10
	// lexLimit is the largest text whose syntax is looked at. In a larger one
	// every placeholder is plain.
	lexLimit = 16 << 20
	// largeText is from where on one text at a time is in memory, bytes.
	largeText = 1 << 20
)

// Relocate reads each file of a list, and gives each its class, its digest and
// what has to be edited. The list stays as it was. The report is complete even
// where its Err() says that something is blocked; the error is for what could
// not be read. version is that of the build's Python, "3.13.0".
func Relocate(l *List, o Origin, version string) (*Plan, error) {
	p := &Plan{List: *l, Relocations: []archive.Relocation{}}
	p.Files = slices.Clone(l.Files)
	list, err := p.readInstalled()
	if err != nil {
		return nil, err
	}
	r := &relocator{
		a: &p.List, o: o, version: version,
		search: place.New(o.places(version)),
		owners: newOwners(list, o),
	}
	if r.foreign, err = foreignFiles(&p.List); err != nil {
		return nil, err
	}
	verdicts, err := r.all()
	if err != nil {
		return nil, err
	}
	r.outside(list, verdicts)
	p.Report = &Report{Omitted: append([]Omission{}, l.Omitted...)}
	for i := range p.Files {
		f, v := &p.Files[i], &verdicts[i]
		p.Report.file(f, v)
		for _, kind := range v.leaks {
			p.Leaks = append(p.Leaks, Leak{Path: f.Path, Kind: kind})
		}
		if rel, ok := relocation(f, v); ok {
			p.Relocations = append(p.Relocations, rel)
		}
	}
	p.Report.sort()
	return p, nil
}

type relocator struct {
	a       *List
	o       Origin
	version string // of the build's Python
	search  *place.Searcher
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
			w := &worker{relocator: r, buf: r.search.Buffer(), sum: sha256.New()}
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
	case archive.TypeDir:
		return nil
	case archive.TypeLink:
		w.link(f, v)
		return nil
	}
	src, err := openSource(f)
	if err != nil {
		return err
	}
	defer src.Close()
	w.keep(f, src)
	if f.Path == installedName {
		if err := w.rehash(f, src); err != nil {
			return err
		}
	}
	kind := sniff(src.head())
	if kind == kindELF || kind == kindMachO {
		w.runpath(f, src, kind, v)
	}
	res, err := w.read(f)
	if err != nil {
		return err
	}
	if len(res.Hits) > place.MaxHits {
		return fail(exitCheck, "leave it out with --exclude", "relocating %s: it names the build's directories more than %d times", archive.QuoteName(f.Path), place.MaxHits)
	}
	if ours(f) {
		return nil
	}
	for _, i := range res.Secrets {
		if kind := w.search.Places[i].What; !slices.Contains(v.leaks, kind) {
			v.leaks = append(v.leaks, kind)
		}
	}
	w.inside(f, src, kind, res.HasNUL, v)
	edits := len(f.Edits)
	if len(res.Hits) > 0 {
		if err := w.classify(f, src, kind, res, v); err != nil {
			return err
		}
	}
	w.buildID(f, src, kind, v)
	if len(f.Edits) > edits || len(f.texts) > 0 {
		return w.digest(f)
	}
	return nil
}

// ours tells whether a file is one of this program's own, which may name placeholders.
func ours(f *File) bool {
	return f.Source == "" && (f.Path == archive.BootstrapPy || f.Path == archive.LauncherName)
}

// read searches and hashes the content, as edited so far.
func (w *worker) read(f *File) (place.Found, error) {
	in, err := f.Open()
	if err != nil {
		return place.Found{}, err
	}
	defer in.Close()
	w.sum.Reset()
	res, err := w.search.Stream(in, w.sum, w.buf)
	if err != nil {
		return res, fail(exitSurroundings, "", "reading %s: %w", archive.QuoteName(f.Path), err)
	}
	f.Size, f.SHA256 = res.Size, hex.EncodeToString(w.sum.Sum(nil))
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
func (w *worker) classify(f *File, src *source, kind string, res place.Found, v *verdict) error {
	for _, h := range res.Hits {
		if h.Place == place.Mark {
			v.block("rename the text in the file, or leave it out with --exclude", "holds the text %q, which archives use as a placeholder", archive.PlaceholderMark)
			return nil
		}
	}
	switch {
	case kind == kindELF || kind == kindMachO || kind == kindAr:
		return w.binary(f, src, kind, res, v)
	case kind == "" && (text.IsUTF16(res.Head) || !res.HasNUL && !w.counted(f, src, res)):
		return w.text(f, src, res, v)
	case kind == kindPE && w.starter(f, src, res, v):
		return nil
	}
	w.opaque(f, src, kind, res, v)
	return nil
}

// opaque refuses a binary file of a format in which nothing can be replaced.
func (w *worker) opaque(f *File, src *source, kind string, res place.Found, v *verdict) {
	name := "binary file"
	if kind != "" {
		name = kind + " file"
	}
	for _, h := range res.Hits {
		pl := w.search.Places[h.Place]
		switch {
		case h.Bound == place.Longer && !(kind == "" && pl.Root && endsHere(src, h)):
		case !pl.Root && w.foreign[f.Path]:
			v.except("a %s of a wheel built elsewhere names %s", name, pl.Path)
		case pl.Common && !starts(src, h):
			v.except("it names %s, which many systems have", pl.Path)
		default:
			v.count++
			hint := "leave it out with --exclude if the application makes it anew, or have the part not write absolute paths into it"
			if starts(src, h) {
				hint = "have it start with #!/usr/bin/env python3, or leave it out with --exclude"
			}
			v.block(hint, "%s %s in a %s at offset %d", pl.What, pl.Path, name, h.Offset)
		}
	}
}

// starts tells whether a place is what the file is started by: a zipapp's, a pex's.
func starts(src *source, h place.Hit) bool {
	return h.Offset == 2 && bytes.HasPrefix(src.head(), []byte("#!"))
}

// relocation is what the manifest lists of a file, if anything.
func relocation(f *File, v *verdict) (archive.Relocation, bool) {
	switch v.class {
	case archive.ClassText, archive.ClassCString:
		return archive.Relocation{Path: f.Path, Class: v.class, Mode: uint32(f.Mode.Perm()), Size: f.Size, SHA256: f.SHA256, CStrings: v.cstrings, Splits: v.splits}, true
	case archive.ClassLink:
		return archive.Relocation{Path: f.Path, Class: archive.ClassLink, Link: f.Placeholder}, true
	}
	return archive.Relocation{}, false
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

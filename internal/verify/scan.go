package verify

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"sort"
	"strings"
	"sync"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/pymodule"
)

// file is what is known of one file that matters: a binary, what claims to be
// one, a source, or metadata.
type file struct {
	path   string
	images []binfmt.Image
	err    error    // a binary that can't be read
	inits  []string // modules whose init function the source defines
	meta   []byte   // the content of metadata
	fake   bool     // it has a binary's name and isn't one
	size   int64
	names  int // what the images' names take, in bytes
}

// scan is everything that was found by one walk.
type scan struct {
	files map[string]*file // those that matter
	all   map[string]bool  // every file and link
	links map[string]string
	dirs  map[string]bool
}

// read walks the source once, and opens each file: what a file is, its first bytes say.
func read(ctx context.Context, src Source, skip func(string) bool) (*scan, error) {
	s := &scan{files: map[string]*file{}, all: map[string]bool{}, links: map[string]string{}, dirs: map[string]bool{}}
	var mu sync.Mutex
	var dirs []string // those listed, which may be empty
	meta, names := 0, 0
	err := src.Walk(ctx, func(e Entry) error {
		if skip != nil && skip(e.Path) {
			return nil
		}
		var f *file
		if e.Open != nil {
			var err error
			if f, err = examine(e); err != nil {
				return err
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if e.Dir {
			dirs = append(dirs, e.Path)
			return nil
		}
		s.all[e.Path] = true
		if e.Link != "" {
			s.links[e.Path] = e.Link
		}
		if f != nil {
			s.files[e.Path] = f
			if meta += len(f.meta); meta > allMeta {
				return tooMuch("its metadata is larger than any can be")
			}
			if names += f.names; names > allNames {
				return tooMuch("its binaries name more symbols than any can have")
			}
		}
		return nil
	})
	for p := range s.all {
		for d := path.Dir(p); d != "." && !s.dirs[d]; d = path.Dir(d) {
			s.dirs[d] = true
		}
	}
	for _, d := range dirs {
		s.dirs[d] = true
	}
	return s, err
}

// tooMuch is an archive, or a tree, that holds more than is looked at.
func tooMuch(text string) error { return fault.Failed(errors.New(text), "") }

// heads are buffers for the first bytes of files.
var heads = sync.Pool{New: func() any { return new([binfmt.SniffLen]byte) }}

// examine reads as little of a file as tells what it is. Nil is a file that doesn't matter.
func examine(e Entry) (*file, error) {
	r, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf := heads.Get().(*[binfmt.SniffLen]byte)
	defer heads.Put(buf)
	n, err := r.ReadAt(buf[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	f := &file{path: e.Path}
	if _, ok := binfmt.Sniff(buf[:n]); ok {
		if f.size, err = r.Size(); err != nil {
			return nil, err
		}
		f.images, f.err = binfmt.Read(r, f.size)
		for i := range f.images {
			f.names += slim(&f.images[i])
		}
		return f, nil
	}
	switch {
	case looksBinary(e.Path):
		f.fake = !linkerScript(buf[:n])
		f.size, err = r.Size()
		return f, err
	case wanted(e.Path):
		b, err := content(r, maxOf(e.Path))
		if err != nil {
			return nil, err
		}
		if isMeta(e.Path) {
			f.meta = b
			return f, nil
		}
		if f.inits = initFunctions(e.Path, b); f.inits != nil {
			return f, nil
		}
	}
	return nil, nil
}

// maxText bounds what is read of a source, maxMeta of a file of metadata, and
// allMeta of all of them, which stay in memory; in bytes.
const maxText, maxMeta, allMeta = 16 << 20, 4 << 20, 64 << 20

// maxOf is how much of a file that is wanted is read.
func maxOf(p string) int64 {
	if isMeta(p) {
		return maxMeta
	}
	return maxText
}

func content(r File, most int64) ([]byte, error) {
	size, err := r.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, most))
	n, err := r.ReadAt(b, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return b[:n], err
}

// looksBinary says whether the name promises a binary that Python would load.
func looksBinary(p string) bool {
	return strings.HasSuffix(p, ".so") || strings.HasSuffix(p, ".pyd") || strings.HasSuffix(p, ".dylib")
}

// linkerScript says whether a text named .so is one for the linker: glibc has such.
func linkerScript(head []byte) bool {
	s := string(head)
	return strings.Contains(s, "GNU ld script") || strings.HasPrefix(s, "INPUT") || strings.HasPrefix(s, "GROUP")
}

// wanted says whether a file's content is read although it isn't a binary.
func wanted(p string) bool { return isMeta(p) || sourceSuffix[path.Ext(p)] }

var sourceSuffix = map[string]bool{".c": true, ".cc": true, ".cpp": true, ".cxx": true, ".pyx": true, ".rs": true}

// isMeta says whether a file is metadata of a distribution.
func isMeta(p string) bool {
	dir, base := path.Split(p)
	dir = path.Base(dir)
	switch base {
	case "PKG-INFO", "METADATA", "RECORD", "WHEEL", "SOURCES.txt", "native_libs.txt", "top_level.txt", "installed-files.txt", "entry_points.txt":
		return dir == "EGG-INFO" || strings.HasSuffix(dir, ".dist-info") || strings.HasSuffix(dir, ".egg-info")
	}
	return strings.HasSuffix(base, ".egg-info")
}

var (
	// PyMODINIT_FUNC PyInit_x(void), PyMODEXPORT_FUNC PyModExport_x(void) (PEP 793), or the macros of Python 2 and 3 projects:
	// PyMODINIT_FUNC initx(void), PYBIND11_MODULE(x, m), BOOST_PYTHON_MODULE(x), NB_MODULE(x, m). Not in a comment or a string.
	// witness/binary_buildout_backends.py has the same; testdata/inits.json holds the cases of both.
	initC = regexp.MustCompile(`(?m)^[ \t]*(?:[^\s/*"][^\n/"]*)?\b(?:(Py(?:Init|ModExport)U?_\w+)\s*\(\s*(?:void)?\s*\)\s*\{?\s*$` +
		`|PyMOD(?:INIT|EXPORT)_FUNC\s+(?:(Py(?:Init|ModExport)U?_\w+)|init(\w+))\s*\(|(?:PYBIND11_MODULE|BOOST_PYTHON_MODULE|NB_MODULE)\s*\(\s*(\w+))`)
	initRust = regexp.MustCompile(`#\s*\[\s*(?:pyo3::)?pymodule\b[^\]]*\]\s*(?:#\[[^\]]*\]\s*)*(?:pub(?:\([a-z]+\))?\s+)?(?:fn|mod)\s+(\w+)`)
	rustName = regexp.MustCompile(`#\s*\[\s*pyo3\s*\(\s*name\s*=\s*"(\w+)"`)
)

// initFunctions gives the modules that a source defines, by the last part of their names.
func initFunctions(p string, b []byte) []string {
	found := map[string]bool{}
	switch path.Ext(p) {
	case ".pyx":
		// Cython makes one module of each .pyx, but for those that are included.
		found[strings.TrimSuffix(path.Base(p), ".pyx")] = true
	case ".rs":
		for _, m := range initRust.FindAllStringSubmatch(string(b), -1) {
			name := m[1]
			if n := rustName.FindStringSubmatch(m[0]); n != nil {
				name = n[1]
			}
			found[name] = true
		}
	default:
		if !bytes.Contains(b, []byte("Py")) && !bytes.Contains(b, []byte("_MODULE")) {
			return nil // the expression is slow, and most sources are libraries'
		}
		for _, m := range initC.FindAllStringSubmatch(string(b), -1) {
			name := m[3] + m[4]
			if name == "" {
				name, _ = pymodule.Module(m[1] + m[2])
			}
			if name != "" {
				found[name] = true
			}
		}
	}
	var names []string
	for n := range found {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// sortedFiles are the files that matter, by path.
func (s *scan) sortedFiles() []*file {
	all := make([]*file, 0, len(s.files))
	for _, f := range s.files {
		all = append(all, f)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].path < all[j].path })
	return all
}

// resolve follows symbolic links inside the tree; false if the path leads nowhere, or out of it.
func (s *scan) resolve(p string) (string, bool) {
	for range 40 {
		p = path.Clean(p)
		link, at := "", ""
		for i := 0; i <= len(p); i++ {
			if i == len(p) || p[i] == '/' {
				if to, ok := s.links[p[:i]]; ok {
					link, at = to, p[:i]
					break
				}
			}
		}
		if link == "" {
			return p, s.all[p] && !strings.HasPrefix(p, "../")
		}
		if path.IsAbs(link) {
			return "", false
		}
		p = path.Join(path.Dir(at), link, p[len(at):])
		if strings.HasPrefix(p, "../") {
			return "", false
		}
	}
	return "", false
}

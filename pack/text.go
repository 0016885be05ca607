package pack

import (
	"bytes"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// text replaces what was found in a text file by placeholders.
func (w *worker) text(f *File, src *source, res found, v *verdict) error {
	wide := isUTF16(res.head)
	head := shHeadOf(src)
	lex, err := w.lexer(f, src, res, head != nil)
	if err != nil {
		return err
	}
	done := w.plainHead(f, head, res.hits)
	for _, h := range res.hits {
		pl := w.search.places[h.place]
		switch {
		case h.offset < done:
		case h.bound == inner && pl.root:
			v.except("names a longer path that ends with the build's directory, at offset %d", h.offset)
		case h.bound != whole:
		case wide != (h.enc == encUTF16L || h.enc == encUTF16B):
			v.block("save the file in one encoding", "%s %s in an encoding that the rest of the file doesn't have", pl.what, pl.path)
		case pl.placeholder == "" && pl.what == whatTmp && buildRecord.MatchString(f.Path):
			f.texts = append(f.texts, textEdit{offset: h.offset, n: int64(h.n), text: mappedTmp})
		case pl.placeholder == "" && f.Path == installedName:
			if err := w.optionNames(f, src, h, v); err != nil {
				return err
			}
		case pl.placeholder == "":
			w.unreplaceable(f, pl, v)
		default:
			w.replace(f, src, lex, h, wide)
		}
	}
	if len(f.texts) > 0 {
		if v.splits, err = w.splits(f, src, res); err != nil {
			return err
		}
		v.class, v.count = archive.ClassText, len(f.texts)
		f.Class = archive.ClassText
	}
	return nil
}

// replace puts a placeholder where a place was found.
func (w *worker) replace(f *File, src *source, lex *lexer, h hit, wide bool) {
	placeholder, form := w.search.places[h.place].placeholder, h.slash
	if !wide {
		form = lex.form(src, h)
	}
	if h.lower {
		form += archive.FormLower
	}
	text := archive.Form(placeholder, form)
	if wide {
		text = toUTF16(text, h.enc == encUTF16B)
	}
	f.texts = append(f.texts, textEdit{offset: h.offset, n: int64(h.n), text: text})
}

// buildRecord are the files in which a Python that a part compiled notes how
// that was: its own makefile, and the same as a module. They name the directory
// that it was compiled in, which was temporary. Who compiles extensions by them
// looks for headers and libraries below the prefix.
var buildRecord = regexp.MustCompile(`(^|/)lib[0-9]*/python[0-9.]+[a-z]*/(config[^/]*/Makefile|_sysconfigdata[^/]*\.py)$`)

// mappedTmp stands there for the build's temporary directory, as it does in
// what the build's compiler wrappers leave.
const mappedTmp = "/build"

// optionNames is a place in .installed.cfg that has no equal on another
// machine: an option of a part, which buildout compares with what it computes
// there. Of a part that is volatile (collective.recipe.environment keeps all of
// the environment) they differ anyway.
func (w *worker) optionNames(f *File, src *source, h hit, v *verdict) error {
	data := make([]byte, min(h.offset, lexLimit))
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return err
	}
	pl, part := w.search.places[h.place], sectionAt(data, h.offset)
	if slices.Contains(w.o.Volatile, part) {
		f.texts = append(f.texts, textEdit{offset: h.offset, n: int64(h.n), text: mappedTmp})
		return nil
	}
	v.block("have the part's options not name it, or list in volatile a part that installs itself anew on each run anyway",
		"an option of the part %s names %s, %s", part, pl.path, pl.what)
	return nil
}

// unreplaceable is a place in a text file that has no equal on another machine.
func (w *worker) unreplaceable(f *File, pl place, v *verdict) {
	switch {
	case isDocumentation(f.Path):
		v.except("documentation names %s", pl.path)
	case w.foreign[f.Path]:
		v.except("a wheel built elsewhere names %s", pl.path)
	default:
		v.block("have what writes the file not name it, or leave the file out with --exclude", "names %s, %s", pl.path, pl.what)
	}
}

// isDocumentation tells whether nothing reads a file to act on it: prose, and
// the lists that installers leave.
func isDocumentation(p string) bool {
	base := path.Base(p)
	switch strings.ToLower(path.Ext(base)) {
	case ".txt", ".rst", ".md", ".markdown", ".html", ".htm":
		return !strings.HasPrefix(base, "requirements") && !strings.HasPrefix(base, "constraints")
	}
	return base == "RECORD"
}

// isUTF16 tells by the byte order mark.
func isUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// syntax is how a text file quotes.
type syntax uint8

const (
	syntaxNone syntax = iota
	syntaxJSON
	syntaxPython
	syntaxShell
)

var (
	pythonShebang = regexp.MustCompile(`^#!.*(python|pypy)`)
	shellShebang  = regexp.MustCompile(`^#!.*\b(sh|ash|bash|csh|dash|fish|ksh|tcsh|zsh)\b`)
)

// syntaxOf tells a file's syntax by its name and its first line.
func syntaxOf(p string, head []byte) syntax {
	switch path.Ext(p) {
	case ".json", ".ipynb":
		return syntaxJSON
	case ".py", ".pyw", ".pyi":
		return syntaxPython
	case ".sh", ".bash", ".csh", ".fish", ".ksh", ".zsh":
		return syntaxShell
	}
	switch path.Base(p) {
	case "activate", ".bash_profile", ".bashrc", ".envrc", ".profile": // read by a shell, so they need no first line
		return syntaxShell
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case pythonShebang.Match(line), bytes.HasPrefix(line, []byte("#!")) && bytes.Contains(head, []byte("\nimport sys")):
		return syntaxPython
	case shellShebang.Match(line):
		return syntaxShell
	}
	return syntaxNone
}

// lexer tells which form a placeholder needs.
type lexer struct {
	syntax syntax
	quotes []span // string literals, or for a shell what is quoted, by offset
	used   int
	// values: of .installed.cfg, where buildout compares option values as it
	// makes them: "file://${buildout:directory}" is no URL, but text.
	values bool
}

// lexer reads the file's syntax, where it has any and isn't too large. python:
// it is Python's, whatever its first line says.
func (w *worker) lexer(f *File, src *source, res found, python bool) (*lexer, error) {
	l := &lexer{syntax: syntaxOf(f.Path, res.head), values: f.Path == installedName}
	if python {
		l.syntax = syntaxPython
	}
	if l.syntax == syntaxNone || l.syntax == syntaxJSON {
		return l, nil
	}
	if src.size > lexLimit {
		l.syntax = syntaxNone
		return l, nil
	}
	if src.size > chunkSize {
		w.big.Lock()
		defer w.big.Unlock()
	}
	data := make([]byte, src.size)
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	if l.syntax == syntaxPython {
		l.quotes = pythonStrings(data)
	} else {
		l.quotes = shellQuotes(data)
	}
	return l, nil
}

// form is asked for hits in the order of their offsets.
func (l *lexer) form(src *source, h hit) string {
	if h.enc == encURL || !l.values && isURL(preceding(src, h.offset)) {
		return archive.FormURL
	}
	for l.used < len(l.quotes) && l.quotes[l.used].end <= h.offset {
		l.used++
	}
	in, quote := false, span{}
	if l.used < len(l.quotes) && l.quotes[l.used].start <= h.offset {
		in, quote = true, l.quotes[l.used]
	}
	switch {
	case l.syntax == syntaxJSON:
		return archive.FormJSON
	case l.syntax == syntaxPython && in && !quote.raw:
		switch {
		case quote.bytes:
			return archive.FormBytes
		case quote.unicode:
			return archive.FormUnicode
		}
		return archive.FormPython
	case l.syntax == syntaxShell && !in || h.enc == encShell:
		return archive.FormShell
	case l.syntax == syntaxNone && h.enc == encEscape && h.slash != archive.FormDouble:
		return archive.FormJSON
	}
	return h.slash
}

func preceding(src *source, offset int64) []byte {
	start := max(0, offset-32)
	b := make([]byte, offset-start)
	n, _ := src.ReadAt(b, start)
	return b[:n]
}

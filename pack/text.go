package pack

import (
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
	"github.com/binary-buildout/binary-buildout/pack/internal/text"
)

// text replaces what was found in a text file by placeholders.
func (w *worker) text(f *File, src *source, res place.Found, v *verdict) error {
	wide := text.IsUTF16(res.Head)
	head := shHeadOf(src)
	lex, err := w.lexer(f, src, res, head != nil)
	if err != nil {
		return err
	}
	done := w.plainHead(f, head, res.Hits)
	for _, h := range res.Hits {
		pl := w.search.Places[h.Place]
		switch {
		case h.Offset < done:
		case h.Bound == place.Inner && pl.Root:
			v.except("names a longer path that ends with the build's directory, at offset %d", h.Offset)
		case h.Bound != place.Whole:
		case wide != (h.Enc == place.EncUTF16L || h.Enc == place.EncUTF16B):
			v.block("save the file in one encoding", "%s %s in an encoding that the rest of the file doesn't have", pl.What, pl.Path)
		case pl.Placeholder == "" && pl.What == whatTmp && buildRecord.MatchString(f.Path):
			f.texts = append(f.texts, textEdit{offset: h.Offset, n: int64(h.N), text: mappedTmp})
		case pl.Placeholder == "" && f.Path == installedName:
			if err := w.optionNames(f, src, h, v); err != nil {
				return err
			}
		case pl.Placeholder == "":
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
func (w *worker) replace(f *File, src *source, lex *text.Lexer, h place.Hit, wide bool) {
	placeholder, form := w.search.Places[h.Place].Placeholder, h.Slash
	if !wide {
		form = lex.Form(src, h)
	}
	if h.Lower {
		form += archive.FormLower
	}
	text := archive.Form(placeholder, form)
	if wide {
		text = place.ToUTF16(text, h.Enc == place.EncUTF16B)
	}
	f.texts = append(f.texts, textEdit{offset: h.Offset, n: int64(h.N), text: text})
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
func (w *worker) optionNames(f *File, src *source, h place.Hit, v *verdict) error {
	data := make([]byte, min(h.Offset, lexLimit))
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return err
	}
	pl, part := w.search.Places[h.Place], sectionAt(data, h.Offset)
	if slices.Contains(w.o.Volatile, part) {
		f.texts = append(f.texts, textEdit{offset: h.Offset, n: int64(h.N), text: mappedTmp})
		return nil
	}
	v.block("have the part's options not name it, or list in volatile a part that installs itself anew on each run anyway",
		"an option of the part %s names %s, %s", part, pl.Path, pl.What)
	return nil
}

// unreplaceable is a place in a text file that has no equal on another machine.
func (w *worker) unreplaceable(f *File, pl place.Place, v *verdict) {
	switch {
	case isDocumentation(f.Path):
		v.except("documentation names %s", pl.Path)
	case w.foreign[f.Path]:
		v.except("a wheel built elsewhere names %s", pl.Path)
	default:
		v.block("have what writes the file not name it, or leave the file out with --exclude", "names %s, %s", pl.Path, pl.What)
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

// lexer reads the file's syntax, where it has any and isn't too large. python:
// it is Python's, whatever its first line says.
func (w *worker) lexer(f *File, src *source, res place.Found, python bool) (*text.Lexer, error) {
	syntax, values := text.SyntaxOf(f.Path, res.Head), f.Path == installedName
	if python {
		syntax = text.SyntaxPython
	}
	if syntax == text.SyntaxNone || syntax == text.SyntaxJSON {
		return text.NewLexer(syntax, nil, values), nil
	}
	if src.size > lexLimit {
		return text.NewLexer(text.SyntaxNone, nil, values), nil
	}
	if src.size > largeText {
		w.big.Lock()
		defer w.big.Unlock()
	}
	data := make([]byte, src.size)
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	return text.NewLexer(syntax, data, values), nil
}

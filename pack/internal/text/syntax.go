package text

import (
	"bytes"
	"io"
	"path"
	"regexp"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// IsUTF16 tells by the byte order mark.
func IsUTF16(head []byte) bool {
	return bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff"))
}

// Syntax is how a text file quotes.
type Syntax uint8

// The syntaxes. A text of any other kind has SyntaxNone.
const (
	SyntaxNone Syntax = iota
	SyntaxJSON
	SyntaxPython
	SyntaxShell
)

var (
	pythonShebang = regexp.MustCompile(`^#!.*(python|pypy)`)
	shellShebang  = regexp.MustCompile(`^#!.*\b(sh|ash|bash|csh|dash|fish|ksh|tcsh|zsh)\b`)
)

// SyntaxOf tells a file's syntax by its name and its first line.
func SyntaxOf(p string, head []byte) Syntax {
	switch path.Ext(p) {
	case ".json", ".ipynb":
		return SyntaxJSON
	case ".py", ".pyw", ".pyi":
		return SyntaxPython
	case ".sh", ".bash", ".csh", ".fish", ".ksh", ".zsh":
		return SyntaxShell
	}
	switch path.Base(p) {
	case "activate", ".bash_profile", ".bashrc", ".envrc", ".profile": // read by a shell, so they need no first line
		return SyntaxShell
	}
	line, _, _ := bytes.Cut(head, []byte("\n"))
	switch {
	case pythonShebang.Match(line), bytes.HasPrefix(line, []byte("#!")) && bytes.Contains(head, []byte("\nimport sys")):
		return SyntaxPython
	case shellShebang.Match(line):
		return SyntaxShell
	}
	return SyntaxNone
}

// Lexer tells which form a placeholder needs.
type Lexer struct {
	syntax Syntax
	quotes []span // string literals, or for a shell what is quoted, by offset
	used   int
	// values: of .installed.cfg, where buildout compares option values as it
	// makes them: "file://${buildout:directory}" is no URL, but text.
	values bool
}

// NewLexer reads a text for its syntax. values: it is .installed.cfg.
func NewLexer(s Syntax, data []byte, values bool) *Lexer {
	l := &Lexer{syntax: s, values: values}
	switch s {
	case SyntaxPython:
		l.quotes = pythonStrings(data)
	case SyntaxShell:
		l.quotes = shellQuotes(data)
	}
	return l
}

// Form is asked for hits in the order of their offsets.
func (l *Lexer) Form(src io.ReaderAt, h place.Hit) string {
	if h.Enc == place.EncURL || !l.values && place.IsURL(preceding(src, h.Offset)) {
		return archive.FormURL
	}
	for l.used < len(l.quotes) && l.quotes[l.used].end <= h.Offset {
		l.used++
	}
	in, quote := false, span{}
	if l.used < len(l.quotes) && l.quotes[l.used].start <= h.Offset {
		in, quote = true, l.quotes[l.used]
	}
	switch {
	case l.syntax == SyntaxJSON:
		return archive.FormJSON
	case l.syntax == SyntaxPython && in && !quote.raw:
		switch {
		case quote.bytes:
			return archive.FormBytes
		case quote.unicode:
			return archive.FormUnicode
		}
		return archive.FormPython
	case l.syntax == SyntaxShell && !in || h.Enc == place.EncShell:
		return archive.FormShell
	case l.syntax == SyntaxNone && h.Enc == place.EncEscape && h.Slash != archive.FormDouble:
		return archive.FormJSON
	}
	return h.Slash
}

func preceding(src io.ReaderAt, offset int64) []byte {
	start := max(0, offset-32)
	b := make([]byte, offset-start)
	n, _ := src.ReadAt(b, start)
	return b[:n]
}

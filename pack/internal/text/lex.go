package text

import (
	"bytes"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// span is a range of a text.
type span struct {
	start, end int64
	raw        bool // backslashes stand for themselves
	bytes      bool // of Python's bytes, which hold ASCII alone
	unicode    bool // of Python 2's unicode
}

// pythonStrings finds the string literals of a Python source, of any version.
// Where the source is broken it is only as good as needed: a literal in single
// quotes ends with its line.
func pythonStrings(data []byte) []span {
	var list []span
	unicode := bytes.Contains(data, []byte("unicode_literals"))
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case '#':
			i = endOfLine(data, i)
		case '\'', '"':
			end := pythonStringEnd(data, i)
			s := span{start: int64(i), end: int64(end), raw: hasPrefix(data, i, 'r'), bytes: hasPrefix(data, i, 'b')}
			s.unicode = !s.bytes && (unicode || hasPrefix(data, i, 'u'))
			list = append(list, s)
			i = end
		default:
			i++
		}
	}
	return list
}

func endOfLine(data []byte, i int) int {
	if k := bytes.IndexByte(data[i:], '\n'); k >= 0 {
		return i + k
	}
	return len(data)
}

// pythonStringEnd is where the literal that opens at i is over.
func pythonStringEnd(data []byte, i int) int {
	quote := data[i : i+1]
	if triple := bytes.Repeat(quote, 3); bytes.HasPrefix(data[i:], triple) {
		quote = triple
	}
	for i += len(quote); i < len(data); i++ {
		switch {
		case data[i] == '\\':
			i++
		case bytes.HasPrefix(data[i:], quote):
			return i + len(quote)
		case data[i] == '\n' && len(quote) == 1:
			return i
		}
	}
	return len(data)
}

// hasPrefix tells whether the prefix of the literal that opens at i has a letter.
func hasPrefix(data []byte, i int, letter byte) bool {
	has := false
	n := 0
	for ; n < 3 && i > n && bytes.IndexByte([]byte("rRbBuUfFtT"), data[i-n-1]) >= 0; n++ {
		has = has || data[i-n-1]|0x20 == letter
	}
	// a longer word that ends in that letter is a name, after which no string can stand
	return has && (i == n || !place.IsNameByte(data[i-n-1]))
}

// shellQuotes finds where a shell script doesn't split words: quotes,
// comments, here-documents.
func shellQuotes(data []byte) []span {
	l := shellLexer{data: data}
	for i := 0; i < len(data); { // a ")" too many ends nothing
		i = l.words(i, ')') + 1
	}
	return l.list
}

type shellLexer struct {
	data    []byte
	list    []span
	heredoc []byte // the word that ends the one that the next line begins
	depth   int    // of commands within quotes
}

// maxNested bounds how deep commands within quotes within commands are read.
const maxNested = 50

func (l *shellLexer) quoted(start, end int) {
	if end = min(end, len(l.data)); start < end {
		l.list = append(l.list, span{start: int64(start), end: int64(end)})
	}
}

// words reads what is split into words, from i up to a character that closes
// it, and gives the place of that, or the end.
func (l *shellLexer) words(i int, closing byte) int {
	data, depth := l.data, 0
	for i < len(data) {
		start := i
		switch c := data[i]; {
		case c == closing && depth == 0:
			return i
		case c == '\\':
			i += 2
			continue
		case c == '(' && closing == ')':
			depth++
			i++
			continue
		case c == ')' && closing == ')':
			depth--
			i++
			continue
		case c == '\n' && l.heredoc != nil:
			i = heredocEnd(data, i+1, l.heredoc)
			l.heredoc = nil
		case c == '#' && (i == 0 || bytes.IndexByte([]byte(" \t\n;("), data[i-1]) >= 0):
			i = endOfLine(data, i)
		case c == '\'':
			if i++; bytes.IndexByte(data[i:], '\'') < 0 {
				i = len(data)
			} else {
				i += bytes.IndexByte(data[i:], '\'') + 1
			}
		case c == '"':
			i = l.doubleQuotes(i)
			continue
		case c == '<' && bytes.HasPrefix(data[i:], []byte("<<")) && !bytes.HasPrefix(data[i:], []byte("<<<")):
			l.heredoc = heredocWord(data[i+2:])
			i += 2
			continue
		default:
			i++
			continue
		}
		l.quoted(start, i)
	}
	return i
}

// doubleQuotes reads from one double quote to behind the other. Commands in
// between, as $(...) or in backquotes, are split into words again.
func (l *shellLexer) doubleQuotes(i int) int {
	data, start := l.data, i
	l.depth++
	defer func() { l.depth-- }()
	for i++; i < len(data); i++ {
		switch {
		case data[i] == '\\':
			i++
		case data[i] == '"':
			l.quoted(start, i+1)
			return i + 1
		case l.depth > maxNested:
		case data[i] == '`':
			l.quoted(start, i+1)
			i = l.words(i+1, '`')
			start = i
		case data[i] == '$' && bytes.HasPrefix(data[i:], []byte("$(")) && !bytes.HasPrefix(data[i:], []byte("$((")):
			l.quoted(start, i+2)
			i = l.words(i+2, ')')
			start = i
		}
	}
	l.quoted(start, len(data))
	return len(data)
}

// heredocWord is the word after <<, without quotes; nil if it is none.
func heredocWord(data []byte) []byte {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("-")), " \t")
	end := 0
	for end < len(data) && (place.IsNameByte(data[end]) || bytes.IndexByte([]byte(`'"\.`), data[end]) >= 0) {
		end++
	}
	word := bytes.Trim(data[:end], `'"\`)
	if len(word) == 0 {
		return nil
	}
	return word
}

// heredocEnd is the end of the line that closes a here-document.
func heredocEnd(data []byte, i int, word []byte) int {
	for i < len(data) {
		end := endOfLine(data, i)
		if bytes.Equal(bytes.TrimSpace(data[i:end]), word) {
			return end
		}
		i = end + 1
	}
	return len(data)
}

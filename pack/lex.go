package pack

import (
	"bytes"
)

// span is a range of a text.
type span struct {
	start, end int64
	raw        bool // backslashes stand for themselves
	bytes      bool // of Python's bytes, which hold ASCII alone
}

// pythonStrings finds the string literals of a Python source, of any version.
// Where the source is broken it is only as good as needed: a literal in single
// quotes ends with its line.
func pythonStrings(data []byte) []span {
	var list []span
	for i := 0; i < len(data); {
		switch c := data[i]; c {
		case '#':
			i = endOfLine(data, i)
		case '\'', '"':
			end := pythonStringEnd(data, i)
			list = append(list, span{int64(i), int64(end), hasPrefix(data, i, 'r'), hasPrefix(data, i, 'b')})
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
	return has && (i == n || !isNameByte(data[i-n-1]))
}

// shellQuotes finds where a shell script doesn't split words: quotes,
// comments, here-documents.
func shellQuotes(data []byte) []span {
	var list []span
	var heredoc []byte
	for i := 0; i < len(data); {
		start := i
		switch c := data[i]; {
		case c == '\\':
			i += 2
			continue
		case c == '\n' && heredoc != nil:
			i = heredocEnd(data, i+1, heredoc)
			heredoc = nil
		case c == '#' && (i == 0 || bytes.IndexByte([]byte(" \t\n;"), data[i-1]) >= 0):
			i = endOfLine(data, i)
		case c == '\'':
			if i++; bytes.IndexByte(data[i:], '\'') < 0 {
				i = len(data)
			} else {
				i += bytes.IndexByte(data[i:], '\'') + 1
			}
		case c == '"':
			i = doubleQuoteEnd(data, i)
		case c == '<' && bytes.HasPrefix(data[i:], []byte("<<")) && !bytes.HasPrefix(data[i:], []byte("<<<")):
			heredoc = heredocWord(data[i+2:])
			i += 2
			continue
		default:
			i++
			continue
		}
		list = append(list, span{start: int64(start), end: int64(min(i, len(data)))})
	}
	return list
}

func doubleQuoteEnd(data []byte, i int) int {
	for i++; i < len(data); i++ {
		if data[i] == '\\' {
			i++
		} else if data[i] == '"' {
			return i + 1
		}
	}
	return len(data)
}

// heredocWord is the word after <<, without quotes; nil if it is none.
func heredocWord(data []byte) []byte {
	data = bytes.TrimLeft(bytes.TrimPrefix(data, []byte("-")), " \t")
	end := 0
	for end < len(data) && (isNameByte(data[end]) || bytes.IndexByte([]byte(`'"\.`), data[end]) >= 0) {
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

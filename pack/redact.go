package pack

import (
	"bytes"

	"github.com/binary-buildout/binary-buildout/archive"
	"github.com/binary-buildout/binary-buildout/pack/internal/place"
)

// The words that stand for places of the build in what is written about it.
const (
	wordTree   = "{tree}"
	wordPython = "{python}"
	wordPrefix = "{python's prefix}"
	wordBuild  = "{build}"
)

// Redact gives a document of a build, as JSON or HTML, without the places of the
// machine that made it: each is replaced by a word in braces. version is that of
// the build's Python, "3.13.0".
func (o Origin) Redact(document []byte, version string) []byte {
	s := place.New(o.places(version))
	var b bytes.Buffer
	at := 0
	for _, h := range s.Within(document) {
		if h.Place == place.Mark || h.Bound != place.Whole || below(document[:h.Offset]) {
			continue
		}
		b.Write(document[at:h.Offset])
		b.WriteString(word(s.Places[h.Place]))
		at = int(h.End())
	}
	b.Write(document[at:])
	return b.Bytes()
}

// below tells whether the word before a path makes it one in the tree: parts/root
// is no /root. -I/root is, and so is what follows an escaped character (\n/root).
func below(before []byte) bool {
	i := len(before)
	for i > 0 && (place.IsNameByte(before[i-1]) || before[i-1] == '.') {
		i--
	}
	return i < len(before) && before[i] != '-' && (i == 0 || before[i-1] != '\\')
}

// word is what stands for a place.
func word(p place.Place) string {
	switch p.Placeholder {
	case archive.Root:
		return wordTree
	case archive.Interpreter:
		return wordPython
	case archive.Prefix:
		return wordPrefix
	}
	return wordBuild
}

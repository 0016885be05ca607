package pack

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/binary-buildout/binary-buildout/pack/internal/place"
	"github.com/binary-buildout/binary-buildout/pack/internal/text"
)

// maxSplit bounds the files that are looked at: these are written for people.
const maxSplit = 1 << 20

// splits tells where a space in the root's or the interpreter's path would make
// two words of it, as Relocation.Splits has it.
func (w *worker) splits(f *File, src *source, res place.Found) (map[string]string, error) {
	if src.size > maxSplit || text.SyntaxOf(f.Path, res.Head) != text.SyntaxNone || documents(f.Path) {
		return nil, nil
	}
	data := make([]byte, src.size)
	if _, err := src.ReadAt(data, 0); err != nil && err != io.EOF {
		return nil, err
	}
	s := text.SplitterOf(f.Path, data)
	if s == nil {
		return nil, nil
	}
	var at map[string]string
	for _, h := range res.Hits {
		pl := w.search.Places[h.Place]
		of := "python"
		if pl.Root {
			of = "root"
		}
		if h.Bound != place.Inner && pl.Placeholder != "" && at[of] == "" && s.Splits(data, int(h.Offset)) {
			if at == nil {
				at = map[string]string{}
			}
			at[of] = fmt.Sprintf("%s, line %d", s.Name, 1+bytes.Count(data[:h.Offset], []byte("\n")))
		}
	}
	return at, nil
}

// documents tells whether a file is prose, or an example of a configuration in a distribution.
func documents(p string) bool {
	return isDocumentation(p) || strings.Contains(p, ".egg/") || strings.Contains(p, "/site-packages/") || path.Base(p) == installedName
}

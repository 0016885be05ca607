package pack

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/binary-buildout/binary-buildout/archive"
)

// ShHead is how a script starts whose interpreter the kernel can't run by a #!
// line, since its path is too long or has a space: #!/bin/sh, and lines that sh
// runs and Python skips. pip, distlib, virtualenv, uv, conda and installer write
// them, and so does bootstrap.py.
type ShHead struct {
	Interpreter string // as sh sees it; empty for one beside the script
	Beside      string // the name of an interpreter in the script's own directory, as uv's relocatable ones have
	Arguments   string // the interpreter's, before the script
	End         int    // bytes of the script; what follows is Python's alone

	start  int // offset of the interpreter's path, where it is written as it is
	coding string
}

var (
	shWord = `(?:'([^'\n]*)'|"([^"$` + "`" + `\\\n]*)"|"\$\(printf '([^'\n]*)'\)"|([^\s'"$` + "`" + `\\]+)|` +
		`"\$\(dirname (?:-- )?"?(?:\$\((?:realpath|readlink -f) (?:-- )?"\$0"\)|\$0)"?\)"?/'?([^\s/'"]+)['"]?)`
	shRest = `(?: ([^\n]*?))? "\$0" "\$@"`
	// The encoding's line may come before. Of ours, Python reads a comment; of others a string, in
	// one of two ways to open and to close it.
	shHead = regexp.MustCompile(`^#!/bin/sh\n((?:#[^\n]*\n)?)(?:` +
		`\f#/ 2>/dev/null \|\| (?:case [^\n]*esac; )?exec ` + shWord + shRest + `\n|` +
		`(?:'''exec'|''':'\ncase [^\n]*esac\nexec) ` + shWord + shRest + `\n' '''\n|` +
		`(?:'''exec'|"exec") ` + shWord + shRest + `(?: #''')?\n)`)
	octal = regexp.MustCompile(`\\[0-7]{3}`)
)

// ParseShHead reads such a start; nil if a script has none.
func ParseShHead(script []byte) *ShHead {
	script = script[:min(len(script), maxShHead)]
	m := shHead.FindSubmatchIndex(script)
	if m == nil {
		return nil
	}
	h := &ShHead{End: m[1], start: -1, coding: string(script[m[2]:m[3]])}
	const groups = 6 // of a word and what follows it
	for first := 4; first < len(m); first += 2 * groups {
		at := func(group int) string {
			if i := first + 2*group; m[i] >= 0 {
				return string(script[m[i]:m[i+1]])
			}
			return ""
		}
		for _, group := range []int{0, 1, 3} {
			if i := first + 2*group; m[i] >= 0 {
				h.Interpreter, h.start = at(group), m[i]
			}
		}
		if word := at(2); word != "" {
			h.Interpreter = octal.ReplaceAllStringFunc(word, func(s string) string {
				return string([]byte{(s[1]-'0')<<6 | (s[2]-'0')<<3 | (s[3] - '0')})
			})
		}
		if at(4) != "" {
			h.Beside = at(4)
		}
		if at(5) != "" {
			h.Arguments = at(5)
		}
	}
	return h
}

// maxShHead bounds such a start, bytes: a path is shorter than 4096.
const maxShHead = 8 << 10

// plainHead replaces such a start by a #! line with a placeholder, of which
// bootstrap.py makes what the target's paths need. It gives the offset up to
// which hits are done with.
func (w *worker) plainHead(f *File, head *ShHead, hits []hit) int64 {
	if head == nil || head.start < 0 {
		return 0
	}
	for _, h := range hits {
		pl := w.search.places[max(h.place, 0)]
		if h.place == markPlace || h.offset != int64(head.start) || h.bound != whole || pl.placeholder == "" || h.n > len(head.Interpreter) {
			continue
		}
		line := "#!" + archive.Form(pl.placeholder, archive.FormPlain) + head.Interpreter[h.n:]
		if head.Arguments != "" {
			line += " " + head.Arguments
		}
		f.texts = append(f.texts, textEdit{n: int64(head.End), text: line + "\n" + head.kept()})
		return int64(head.End)
	}
	return 0
}

// kept is the encoding's line, but one that bootstrap.py or launcher.py added for paths.
func (h *ShHead) kept() string {
	if strings.HasPrefix(h.coding, "# coding: utf-8, for the paths in this file\n") {
		return ""
	}
	return h.coding
}

// shHeadOf reads the start of a text file that sh runs.
func shHeadOf(src *source) *ShHead {
	if !bytes.HasPrefix(src.head(), []byte("#!/bin/sh\n")) {
		return nil
	}
	data := make([]byte, min(src.size, maxShHead))
	if n, _ := src.ReadAt(data, 0); int64(n) < int64(len(data)) {
		data = data[:n]
	}
	return ParseShHead(data)
}

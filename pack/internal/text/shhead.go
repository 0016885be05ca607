package text

import (
	"regexp"
	"strings"
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

	Start  int // offset of the interpreter's path, where it is written as it is
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
	script = script[:min(len(script), MaxShHead)]
	m := shHead.FindSubmatchIndex(script)
	if m == nil {
		return nil
	}
	h := &ShHead{End: m[1], Start: -1, coding: string(script[m[2]:m[3]])}
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
				h.Interpreter, h.Start = at(group), m[i]
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

// MaxShHead bounds such a start, bytes: a path is shorter than 4096.
const MaxShHead = 8 << 10

// Kept is the encoding's line, but one that bootstrap.py or launcher.py added for paths.
func (h *ShHead) Kept() string {
	if strings.HasPrefix(h.coding, "# coding: utf-8, for the paths in this file\n") {
		return ""
	}
	return h.coding
}

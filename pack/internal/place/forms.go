package place

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/archive"
)

// Encoding is how a path is written where it was found.
type Encoding uint8

// The ways to write a path.
const (
	EncPlain  Encoding = iota // as it is, or with the other kind of slash
	EncURL                    // percent-encoded
	EncEscape                 // as in a JSON or Python string
	EncShell                  // with backslashes before what a shell would see
	EncLatin1                 // in Latin-1
	EncUTF16L                 // in UTF-16, little-endian
	EncUTF16B                 // in UTF-16, big-endian
)

// form is one way to write a path.
type form struct {
	text string
	enc  Encoding
	Shape
}

// Shape is what a placeholder has to keep of how a path of Windows is written.
type Shape struct {
	// Lower is whether it is all in lower case, as os.path.normcase leaves
	// paths of Windows, and zc.buildout those in scripts.
	Lower bool
	// Slash is FormSlash or FormDouble, or empty.
	Slash string
}

// forms lists every way in which a path is looked for, without repetition.
func forms(p string) []form {
	var list []form
	seen := map[string]bool{}
	var as Shape
	add := func(enc Encoding, text string) {
		if !seen[text] {
			seen[text] = true
			list = append(list, form{text, enc, as})
		}
	}
	for _, v := range spellings(p) {
		as = shapeOf(v)
		add(EncPlain, v)
		add(EncUTF16L, ToUTF16(v, false))
		add(EncUTF16B, ToUTF16(v, true))
		if OnDrive(v) && as.Slash == "" {
			as.Slash = archive.FormDouble
			v = strings.ReplaceAll(v, `\`, `\\`)
			add(EncEscape, v)
			add(EncUTF16L, ToUTF16(v, false))
			add(EncUTF16B, ToUTF16(v, true))
		}
	}
	for _, v := range spellings(p) {
		as = shapeOf(v)
		slashed := strings.ReplaceAll(v, `\`, "/")
		for _, keep := range []string{"/", "/:", ":", ""} {
			add(EncURL, percent(slashed, keep, "%%%02X"))
			add(EncURL, percent(slashed, keep, "%%%02x"))
		}
		for _, f := range []string{`\u%04x`, `\u%04X`} {
			add(EncEscape, escape(v, f, f))
			add(EncEscape, strings.ReplaceAll(escape(v, f, f), "/", `\/`))
		}
		add(EncEscape, escape(v, `\x%02x`, `\u%04x`))
		add(EncEscape, escapeBytes(v))
		add(EncShell, shellEscape(v))
		if l, ok := latin1(v); ok {
			add(EncLatin1, l)
		}
	}
	return list
}

// spellings are the path itself, and for one of Windows with either slash,
// with either case of the drive letter, and all in lower case.
func spellings(p string) []string {
	if !OnDrive(p) {
		return []string{p}
	}
	var list []string
	for _, v := range []string{strings.ToUpper(p[:1]) + p[1:], strings.ToLower(p[:1]) + p[1:], strings.ToLower(p)} {
		list = append(list, strings.ReplaceAll(v, "/", `\`), strings.ReplaceAll(v, `\`, "/"))
	}
	return list
}

// shapeOf tells of a path of Windows whether it is all in lower case, and has slashes.
func shapeOf(p string) Shape {
	if !OnDrive(p) {
		return Shape{}
	}
	as := Shape{Lower: strings.ToLower(p) == p}
	if strings.Contains(p, "/") {
		as.Slash = archive.FormSlash
	}
	return as
}

// percent is percent-encoding as urllib does it; keep are further characters that stay.
func percent(s, keep, format string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isAlnum(c) || strings.IndexByte("_.-~", c) >= 0 || strings.IndexByte(keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, format, c)
		}
	}
	return b.String()
}

// escape writes what isn't printable ASCII by the formats: below 256, and above.
func escape(s, small, large string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\\' || r == '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, small, r)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, large+large, hi, lo)
		default:
			fmt.Fprintf(&b, large, r)
		}
	}
	return b.String()
}

// escapeBytes is Python 2's repr of a str, and Python 3's of bytes.
func escapeBytes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' || c == '\'':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	return b.String()
}

func shellEscape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x80 && !isAlnum(c) && strings.IndexByte("/_.-+:,@%=~", c) < 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func latin1(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff || r == utf8.RuneError {
			return "", false
		}
		b = append(b, byte(r))
	}
	return string(b), true
}

func ToUTF16(s string, big bool) string {
	b := make([]byte, 0, 2*len(s))
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func isAlnum(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

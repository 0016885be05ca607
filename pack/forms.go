package pack

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/binary-buildout/binary-buildout/archive"
)

// encoding is how a path is written where it was found.
type encoding uint8

const (
	encPlain  encoding = iota // as it is, or with the other kind of slash
	encURL                    // percent-encoded
	encEscape                 // as in a JSON or Python string
	encShell                  // with backslashes before what a shell would see
	encLatin1                 // in Latin-1
	encUTF16L                 // in UTF-16, little-endian
	encUTF16B                 // in UTF-16, big-endian
)

// form is one way to write a path.
type form struct {
	text string
	enc  encoding
	shape
}

// shape is what a placeholder has to keep of how a path of Windows is written.
type shape struct {
	// lower is whether it is all in lower case, as os.path.normcase leaves
	// paths of Windows, and zc.buildout those in scripts.
	lower bool
	// slash is FormSlash or FormDouble, or empty.
	slash string
}

// forms lists every way in which a path is looked for, without repetition.
func forms(p string) []form {
	var list []form
	seen := map[string]bool{}
	var as shape
	add := func(enc encoding, text string) {
		if !seen[text] {
			seen[text] = true
			list = append(list, form{text, enc, as})
		}
	}
	for _, v := range spellings(p) {
		as = shapeOf(v)
		add(encPlain, v)
		add(encUTF16L, toUTF16(v, false))
		add(encUTF16B, toUTF16(v, true))
		if drive.MatchString(v) && as.slash == "" {
			as.slash = archive.FormDouble
			v = strings.ReplaceAll(v, `\`, `\\`)
			add(encEscape, v)
			add(encUTF16L, toUTF16(v, false))
			add(encUTF16B, toUTF16(v, true))
		}
	}
	for _, v := range spellings(p) {
		as = shapeOf(v)
		slashed := strings.ReplaceAll(v, `\`, "/")
		for _, keep := range []string{"/", "/:", ":", ""} {
			add(encURL, percent(slashed, keep, "%%%02X"))
			add(encURL, percent(slashed, keep, "%%%02x"))
		}
		for _, f := range []string{`\u%04x`, `\u%04X`} {
			add(encEscape, escape(v, f, f))
			add(encEscape, strings.ReplaceAll(escape(v, f, f), "/", `\/`))
		}
		add(encEscape, escape(v, `\x%02x`, `\u%04x`))
		add(encEscape, escapeBytes(v))
		add(encShell, shellEscape(v))
		if l, ok := latin1(v); ok {
			add(encLatin1, l)
		}
	}
	return list
}

// spellings are the path itself, and for one of Windows with either slash,
// with either case of the drive letter, and all in lower case.
func spellings(p string) []string {
	if !drive.MatchString(p) {
		return []string{p}
	}
	var list []string
	for _, v := range []string{strings.ToUpper(p[:1]) + p[1:], strings.ToLower(p[:1]) + p[1:], strings.ToLower(p)} {
		list = append(list, strings.ReplaceAll(v, "/", `\`), strings.ReplaceAll(v, `\`, "/"))
	}
	return list
}

// shapeOf tells of a path of Windows whether it is all in lower case, and has slashes.
func shapeOf(p string) shape {
	if !drive.MatchString(p) {
		return shape{}
	}
	as := shape{lower: strings.ToLower(p) == p}
	if strings.Contains(p, "/") {
		as.slash = archive.FormSlash
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

func toUTF16(s string, big bool) string {
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

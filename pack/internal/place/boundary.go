package place

import (
	"bytes"
	"unicode/utf16"
)

// How many bytes around a path the boundary rules may look at.
const (
	lookBehind = 1024
	lookAhead  = 16
)

// Boundary says how a path that was found stands in its surroundings.
type Boundary uint8

// How a path can stand.
const (
	Whole  Boundary = iota // it is the path, or the start of a path below it
	Inner                  // it ends a longer path: /mnt/srv/app
	Longer                 // its last name goes on: /srv/app2
)

// IsNameByte tells whether a byte goes on with a file name, in the words of docs/design.md.
func IsNameByte(c byte) bool {
	return isAlnum(c) || c == '_' || c == '-' || c == '+' || c == '~' || c == '@' || c >= 0x80
}

// judge applies the rules of "Path boundaries" in docs/design.md to a path
// with the bytes before and after it. posix tells that it starts with a slash.
func judge(before, after []byte, enc Encoding, posix bool) Boundary {
	switch enc {
	case EncUTF16L, EncUTF16B:
		before, after = narrow(before, enc == EncUTF16B, true), narrow(after, enc == EncUTF16B, false)
	}
	if goesOn(after, enc, IsURL(before), posix) {
		return Longer
	}
	if posix && endsPath(before) {
		return Inner
	}
	return Whole
}

// goesOn tells whether the name that the path ends with goes on.
func goesOn(after []byte, enc Encoding, url, posix bool) bool {
	if len(after) == 0 {
		return false
	}
	switch c := after[0]; {
	case IsNameByte(c):
		return true
	case c == '.':
		return len(after) > 1 && IsNameByte(after[1])
	case c == '%' && (url || enc == EncURL) && len(after) > 2:
		b, ok := unhex(after[1], after[2])
		return ok && (IsNameByte(b) || b == ' ' || b == '.')
	case c == '\\' && posix && enc != EncShell && len(after) > 3 && after[1] == 'x':
		b, ok := unhex(after[2], after[3])
		return ok && IsNameByte(b)
	case c == '\\' && posix && enc != EncShell && len(after) > 5 && after[1] == 'u':
		hi, ok1 := unhex(after[2], after[3])
		lo, ok2 := unhex(after[4], after[5])
		return ok1 && ok2 && (hi != 0 || IsNameByte(lo))
	}
	return false
}

// endsPath tells whether a path that starts with a slash is the end of a longer one.
func endsPath(before []byte) bool {
	if IsURL(before) {
		return false
	}
	i := len(before)
	for i > 0 && before[i-1] == '/' {
		i--
	}
	if i < len(before) { // doubled slash
		return i > 0 && (IsNameByte(before[i-1]) || before[i-1] == '.')
	}
	for i > 0 && (IsNameByte(before[i-1]) || before[i-1] == '.') {
		i--
	}
	if run := before[i:]; len(run) > 0 && (len(bytes.Trim(run, ".")) == 0 || string(run) == "~") {
		return true // ./srv/app, ../srv/app, ~/srv/app
	}
	if i > 1 && before[i-1] == ':' && isNumber(before[i:]) {
		// a port: http://localhost:8080/srv/app
		for i--; i > 0 && (IsNameByte(before[i-1]) || before[i-1] == '.'); {
			i--
		}
		return i > 1 && before[i-1] == '/' && before[i-2] == '/'
	}
	return i > 0 && i < len(before) && before[i-1] == '/'
}

// IsURL tells whether the bytes before a path make it a file: URL: file://, file://localhost, git+file://, file:.
func IsURL(before []byte) bool {
	if bytes.HasSuffix(before, []byte("localhost")) {
		before = before[:len(before)-len("localhost")]
		return hasSuffixFold(before, "file://")
	}
	if hasSuffixFold(before, "file:") {
		i := len(before) - len("file:")
		return i == 0 || !IsNameByte(before[i-1]) // not config-file:/srv/app
	}
	return hasSuffixFold(before, "file://") || hasSuffixFold(before, "file:///")
}

func hasSuffixFold(b []byte, s string) bool {
	return len(b) >= len(s) && bytes.EqualFold(b[len(b)-len(s):], []byte(s))
}

func isNumber(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0
}

func unhex(a, b byte) (byte, bool) {
	x, ok1 := hexDigit(a)
	y, ok2 := hexDigit(b)
	return x<<4 | y, ok1 && ok2
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// narrow makes UTF-16 into bytes: ASCII as it is, all else as 0x80. Of what
// stands before a path the end counts, else the start.
func narrow(b []byte, big, end bool) []byte {
	if end && len(b)%2 == 1 {
		b = b[1:]
	}
	out := make([]byte, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := uint16(b[i]) | uint16(b[i+1])<<8
		if big {
			u = u<<8 | u>>8
		}
		if u < 0x80 && !utf16.IsSurrogate(rune(u)) {
			out = append(out, byte(u))
		} else {
			out = append(out, 0x80)
		}
	}
	return out
}

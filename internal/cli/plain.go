package cli

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// plain gives a text for a terminal or a log. What others wrote, as names in an
// archive or a server's answer, may hold what steers a terminal, or turns the
// direction of a text: of that only its number is shown.
func plain(text string) string {
	if !strings.ContainsFunc(text, steers) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !steers(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// plainLine is plain for what has to stay on its line, so that a text of others
// isn't taken for the program's own next line.
func plainLine(text string) string {
	return strings.ReplaceAll(plain(text), "\n", `\x0a`)
}

// plainWriter is for what writes its own text.
type plainWriter struct{ w io.Writer }

func (p plainWriter) Write(data []byte) (int, error) {
	_, err := io.WriteString(p.w, plain(string(data)))
	return len(data), err
}

// plainJSON escapes what encoding/json leaves as it is and a terminal doesn't.
func plainJSON(document []byte) []byte {
	if !bytes.ContainsFunc(document, steers) {
		return document
	}
	var b bytes.Buffer
	for _, r := range string(document) {
		if steers(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.Bytes()
}

func steers(r rune) bool {
	return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

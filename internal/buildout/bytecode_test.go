package buildout

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/binary-buildout/binary-buildout/internal/testroot"
)

// TestBytecode: each Python's bytecode is known before a build; a type code to
// come is a warning that names it, and a format to come is refused.
func TestBytecode(t *testing.T) {
	for _, version := range []string{"2.7", "3.6", "3.13", "3.14", "3.15"} {
		t.Run(version, func(t *testing.T) {
			in, err := probe(context.Background(), testroot.Python(t, version))
			if err != nil {
				t.Fatal(err)
			}
			said := func(in Interpreter) (warnings []string, err error) {
				b := builder{in: in, o: Options{Progress: func(e Event) { warnings = append(warnings, e.Name) }}, w: &watcher{start: time.Now(), out: []io.Writer{io.Discard}}}
				err = b.bytecode()
				return warnings, err
			}
			if warnings, err := said(in); err != nil || len(warnings) != 0 || in.MarshalTypes == "" {
				t.Errorf("%q, %v", warnings, err)
			}
			if version == "2.7" {
				return
			}
			more, broken := in, in
			more.MarshalTypes += "%"
			if warnings, err := said(more); err != nil || !slices.ContainsFunc(warnings, func(s string) bool { return strings.Contains(s, `doesn't know: "%"`) }) {
				t.Errorf("%q, %v", warnings, err)
			}
			broken.Marshalled = "25" + broken.Marshalled
			var e *Error
			if _, err := said(broken); !errors.As(err, &e) || e.Code != 2 || !strings.Contains(err.Error(), "unknown type '%'") {
				t.Error(err)
			}
		})
	}
}

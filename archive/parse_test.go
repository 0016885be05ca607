package archive

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// The sum of what files.json lists can neither be more than any disk holds nor
// turn round: each size alone passes, together they don't.
func TestSumOfSizes(t *testing.T) {
	list := func(sizes ...uint64) []byte {
		var files []string
		for i, size := range sizes {
			files = append(files, fmt.Sprintf(`{"path":"f%03d","mode":420,"size":%d,"sha256":"%064d"}`, i, size, 0))
		}
		return []byte(`{"format":1,"files":[` + strings.Join(files, ",") + `]}`)
	}
	half := uint64(maxTotal / 2)
	if files, err := parseFiles(list(half, half)); err != nil || len(files) != 2 {
		t.Errorf("as much as is let pass: %v", err)
	}
	for name, c := range map[string]struct {
		sizes []uint64
		want  error
	}{
		"one byte more":     {[]uint64{half, half, 1}, ErrTooBig},
		"one that is alone": {[]uint64{maxTotal + 1}, ErrUnsafe},
		"round":             {[]uint64{1, maxTotal, 1<<63 - 1, 1<<63 - 1}, ErrTooBig}, // the sum of all is little again
		"negative":          {[]uint64{1 << 63}, ErrCorrupt},
	} {
		if _, err := parseFiles(list(c.sizes...)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

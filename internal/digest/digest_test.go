package digest

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
)

// The digest of "abc" is FIPS 180-4's own example.
func TestDigest(t *testing.T) {
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	path := filepath.Join(t.TempDir(), "abc")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := Of([]byte("abc")); got != abc {
		t.Errorf("bytes: %s", got)
	}
	if got, size, err := File(path); got != abc || size != 3 || err != nil {
		t.Errorf("file: %s, %d bytes, %v", got, size, err)
	}
	broken := errors.New("broken")
	if got, _, err := Read(io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(broken))); got != "" || !errors.Is(err, broken) {
		t.Errorf("cut short: %q, %v", got, err)
	}
	if _, _, err := File(path + "x"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

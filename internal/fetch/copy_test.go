package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// TestCopy: an archive of this disk is copied, held to its digest, into a
// directory that is new.
func TestCopy(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "site-1.0-cp313-linux_x86_64.tar.gz")
	if err := os.WriteFile(file, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("content"))
	digest := hex.EncodeToString(sum[:])
	got, err := Copy(context.Background(), Request{Source: file, SHA256: digest}, filepath.Join(dir, "copy"))
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(got.Path); err != nil || string(data) != "content" || got.SHA256 != digest || got.Path != filepath.Join(dir, "copy", filepath.Base(file)) {
		t.Errorf("%+v: %q %v", got, data, err)
	}
	for name, c := range map[string]struct {
		request Request
		code    int
	}{
		"another digest":  {Request{Source: file, SHA256: strings.Repeat("0", 64)}, 1},
		"no digest":       {Request{Source: file, SHA256: "x"}, 2},
		"no such archive": {Request{Source: file + "x"}, 2},
	} {
		to := filepath.Join(dir, name)
		if _, err := Copy(context.Background(), c.request, to); fault.CodeOf(err, 0) != c.code {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Errorf("%s: a copy is there", name)
		}
	}
	if _, err := Copy(context.Background(), Request{Source: file}, filepath.Join(dir, "copy")); fault.CodeOf(err, 0) != 3 {
		t.Errorf("into a directory that is there: %v", err)
	}
}

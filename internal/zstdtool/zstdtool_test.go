package zstdtool

import (
	"bytes"
	"errors"
	"io"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
	"github.com/klauspost/compress/zstd"
)

func find(t *testing.T) Program {
	t.Helper()
	testtool.Program(t, "zstd")
	z, err := Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestWindow(t *testing.T) {
	for size, want := range map[int64]int{0: 20, 1: 20, 1 << 20: 20, 1<<20 + 1: 21, 100 << 20: 27, 1 << 27: 27, 1 << 40: 27} {
		if got := window(size); got != want {
			t.Errorf("%d bytes: %d, want %d", size, got, want)
		}
	}
}

// TestWriter: the same content gives the same bytes, which others read with a window of
// 128 MiB; a repetition further back than zstd's usual window is found.
func TestWriter(t *testing.T) {
	z := find(t)
	random := make([]byte, 256<<10)
	rand.New(rand.NewSource(1)).Read(random) // doesn't fail
	content := slices.Concat(random, make([]byte, 9<<20), random)
	var first []byte
	for range 2 {
		var out bytes.Buffer
		w, err := z.Writer(t.Context(), &out, int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(first, out.Bytes()) {
			t.Error("the second time it has other bytes")
		}
		first = out.Bytes()
	}
	if len(first) > len(random)*5/4 {
		t.Errorf("%d bytes of twice %d", len(first), len(random))
	}
	d, err := zstd.NewReader(bytes.NewReader(first), zstd.WithDecoderMaxWindow(128<<20))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := io.ReadAll(d); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestWriterFails: why nothing could be written is what is said, not that zstd died of it.
func TestWriterFails(t *testing.T) {
	w, err := find(t).Writer(t.Context(), full{}, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	random := make([]byte, 8<<20)
	rand.New(rand.NewSource(1)).Read(random)
	for err == nil {
		_, err = w.Write(random)
	}
	if cerr := w.Close(); !errors.Is(err, syscall.ENOSPC) || !errors.Is(cerr, syscall.ENOSPC) {
		t.Errorf("%v, %v", err, cerr)
	}
}

// TestFind: what isn't there, isn't zstd or is too old is refused with what to install.
func TestFind(t *testing.T) {
	for says, want := range map[string]string{
		"":           "looking for zstd",
		"echo hello": "it names no version",
		"exit 1":     "exit status 1",
		"echo '*** zstd command line interface 64-bits v1.3.8, by Yann Collet ***'": "has version 1.3.8, and 1.4 is needed",
	} {
		dir := t.TempDir()
		t.Setenv("PATH", dir)
		if says != "" {
			if err := os.WriteFile(filepath.Join(dir, "zstd"), []byte("#!/bin/sh\n"+says+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Find(t.Context())
		if err == nil || !strings.Contains(err.Error(), want) || fault.CodeOf(err, 0) != 3 || !strings.Contains(fault.HintOf(err, ""), "install the package zstd") {
			t.Errorf("%q: %v", says, err)
		}
	}
}

//go:build unix

package cli

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/job"
)

// TestCompressorOfBefore: zstd may come of the commands of before, which run after the
// first look; without commands, nothing is built.
func TestCompressorOfBefore(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	p := &packing{Command: &Command{Stderr: io.Discard, OS: "linux"}, ui: &ui{w: io.Discard}, flags: &packFlags{smallest: true}}
	if err := p.findCompressor(t.Context()); exitCode(err) != exitSurroundings {
		t.Errorf("without zstd and before: %v", err)
	}
	p.flags.before = []string{"apt-get install zstd"}
	if err := p.findCompressor(t.Context()); err != nil {
		t.Errorf("without zstd: %v", err)
	}
	b := &job.Built{}
	if err := p.findCompressorAgain(t.Context(), b); exitCode(err) != exitSurroundings {
		t.Errorf("before didn't install it: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "zstd"), []byte("#!/bin/sh\necho v1.5.4\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := p.findCompressorAgain(t.Context(), b); err != nil || p.compress == nil || b.Provenance.Compressor != "zstd 1.5.4" {
		t.Errorf("%v, %+v", err, b.Provenance)
	}
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault"
)

// TestFullDisk: what a full disk did to a build is no fault of the buildout.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	for _, row := range []struct {
		err  error
		full bool
		code int
	}{
		{fmt.Errorf("compiling x.py: %w", syscall.ENOSPC), true, exitSurroundings},
		{fault.Failed(errors.New("building part x: OSError: [Errno 28] No space left on device: 'y'"), "the log has it"), true, exitSurroundings},
		{fault.Failed(errors.New("building part x: exit status 1"), ""), false, exitFailed},
		{fault.Surroundings(errors.New("reaching the index"), "check the network"), false, exitSurroundings},
	} {
		err := ifFull(row.err, filepath.Join(dir, "not", "there"))
		if got := strings.Contains(fault.HintOf(err, ""), "the disk of "+dir+" is full"); got != row.full || exitCode(err) != row.code || !errors.Is(err, row.err) {
			t.Errorf("%v: exit code %d, %T", row.err, exitCode(err), err)
		}
	}
}

// TestWritable: an output directory that is none is refused, and trying leaves nothing.
func TestWritable(t *testing.T) {
	dir := t.TempDir()
	if err := writable(filepath.Join(dir, "a", "b")); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writable(file); exitCode(err) != exitSurroundings || !strings.Contains(fault.HintOf(err, ""), "--out") {
		t.Error(err)
	}
}

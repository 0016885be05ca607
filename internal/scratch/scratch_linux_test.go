package scratch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestScratchOfAKilledRun: the next run removes what a killed one left, and nothing else.
func TestScratchOfAKilledRun(t *testing.T) {
	parent := t.TempDir()
	cmd := exec.Command(os.Args[0], scratchArg, parent)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 4096)
	n, err := stdout.Read(line)
	theirs := strings.TrimSpace(string(line[:n]))
	if err != nil || filepath.Dir(theirs) != parent {
		t.Fatalf("%q, %v", theirs, err)
	}
	must(t, os.MkdirAll(filepath.Join(parent, "bb-testament", "x"), 0o700)) // another's
	again := func() *Dir {
		t.Helper()
		s, err := New(parent, "bb-test-")
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	mine := again()
	if _, err := os.Stat(theirs); err != nil {
		t.Errorf("a directory that is in use is gone: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	other := again()
	if _, err := os.Stat(theirs); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", theirs, err)
	}
	if _, err := os.Stat(mine.Path); err != nil {
		t.Error(err)
	}
	for _, s := range []*Dir{mine, other} {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 1 || left[0].Name() != "bb-testament" {
		t.Errorf("left: %v, %v", left, err)
	}
}

//go:build unix

package scratch

import (
	"os"
	"path/filepath"
	"testing"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == scratchArg {
		os.Exit(holdScratch(os.Args[2]))
	}
	if len(os.Args) == 3 && os.Args[1] == removeArg {
		if err := removeReadOnly(os.Args[2]); err != nil {
			os.Stdout.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// scratchArg makes the test binary a process that makes a scratch directory and waits to be killed.
const scratchArg = "__scratch"

func holdScratch(parent string) int {
	s, err := New(parent, "bb-test-")
	if err != nil {
		os.Stdout.WriteString(err.Error())
		return 1
	}
	err = os.MkdirAll(filepath.Join(s.Path, "read-only", "x"), 0o755)
	if err == nil {
		err = os.Chmod(filepath.Join(s.Path, "read-only"), 0o555)
	}
	if err != nil {
		os.Stdout.WriteString(err.Error())
		return 1
	}
	os.Stdout.WriteString(s.Path + "\n")
	os.Stdin.Read(make([]byte, 1))
	return 0
}

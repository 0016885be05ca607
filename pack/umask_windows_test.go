package pack

import (
	"os/exec"
	"testing"
)

// withUmask: Windows has none.
func withUmask(t *testing.T, _ int, f func()) {
	t.Helper()
	f()
}

func otherUser(*testing.T, *exec.Cmd, string) {}

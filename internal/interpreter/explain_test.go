package interpreter

import (
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
)

// TestNoPython: what is known of a system without one is said.
func TestNoPython(t *testing.T) {
	for arch, want := range map[string]string{
		"amd64": "there is no Python here; this system is linux x86_64, without a Python / install Python 3.13",
		"arm64": "it is for x86_64; this system is linux aarch64, without a Python / take the archive",
	} {
		err := noPython(Search{OS: "linux", Arch: arch}, ParseTarget("cp313-linux_x86_64"), nil)
		faulttest.Want(t, err, 2, want)
	}
}

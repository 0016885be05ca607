package pack

import (
	"os"
	"testing"
)

// The test binary runs itself as a child: BINARY_BUILDOUT_CHILD says what to do.
func TestMain(m *testing.M) {
	if os.Getenv("BINARY_BUILDOUT_CHILD") == "pack" {
		os.Exit(childPack(os.Args[1], os.Args[2], os.Args[3]))
	}
	os.Exit(m.Run())
}

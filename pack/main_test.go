package pack

import (
	"os"
	"testing"
)

// SitesDir holds what the tests of bootstrap.py and launcher.py build, until
// the process ends.
var SitesDir string

// The test binary runs itself as a child: BINARY_BUILDOUT_CHILD says what to do.
func TestMain(m *testing.M) {
	if os.Getenv("BINARY_BUILDOUT_CHILD") == "pack" {
		os.Exit(childPack(os.Args[1], os.Args[2], os.Args[3]))
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "sites")
	if err != nil {
		panic(err)
	}
	SitesDir = dir
	defer os.RemoveAll(dir)
	return m.Run()
}

// Package testcache says where tests keep what they download and build once.
package testcache

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the directory that .ci/run uses too: BINARY_BUILDOUT_CACHE, else
// .cache/binary-buildout-ci in HOME. All in it can be fetched again.
func Dir(t testing.TB) string {
	t.Helper()
	if dir := os.Getenv("BINARY_BUILDOUT_CACHE"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(home, ".cache", "binary-buildout-ci")
}

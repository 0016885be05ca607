package pack

import "testing"

// withUmask: Windows has none.
func withUmask(t *testing.T, _ int, f func()) {
	t.Helper()
	f()
}

package bundle

import (
	"strings"
	"testing"
)

// TestLacked: a module whose library isn't found wasn't left out when its interpreter was built.
func TestLacked(t *testing.T) {
	for _, c := range []struct {
		module, why string
		want        bool
	}{
		{"_ctypes", "No module named '_ctypes'", true},
		{"_ssl", "No module named _ssl", true}, // Python 2.7
		{"_ctypes", "libffi.so.7: cannot open shared object file: No such file or directory", false},
		{"_tkinter", "No module named '_tkinter'", false},
	} {
		if got := strings.Contains(lacked(c.module, c.why), "built without"); got != c.want {
			t.Errorf("%s (%s): %v", c.module, c.why, got)
		}
	}
}

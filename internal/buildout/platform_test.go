package buildout

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/cpython"
	"github.com/binary-buildout/binary-buildout/target"
)

// TestPlatformOfBits: a Python of 32 bits on a 64-bit kernel is told by what it runs, which
// is what the archive is named by.
func TestPlatformOfBits(t *testing.T) {
	for _, c := range []struct{ kernel, size, want string }{
		{"linux-x86_64", "4", "linux_i686"}, {"linux-i686", "4", "linux_i686"}, {"linux-aarch64", "4", "linux_armv7l"},
		{"linux-armv8l", "4", "linux_armv7l"}, {"linux-aarch64", "8", "linux_aarch64"}, {"win32", "4", "win32"},
	} {
		_, machine, _ := strings.Cut(c.kernel, "-")
		patch := "import os, struct, sys, sysconfig\nos.uname = lambda: ('Linux', '', '', '', '" + machine + "')\nstruct.calcsize = lambda _: " + c.size + "\nsysconfig.get_platform = lambda: '" + c.kernel + "'\n"
		said, err := exec.Command(python(t, "3.13"), "-sE", "-c", patch+target.Told()+cpython.MarshalTypes()+"exec(open('py/probe.py').read())").Output()
		var in Interpreter
		if err == nil {
			err = json.Unmarshal(said, &in)
		}
		if err != nil || in.Platform != c.want {
			t.Errorf("%s of %s bytes: %s, %v; want %s", c.kernel, c.size, in.Platform, err, c.want)
		}
	}
}

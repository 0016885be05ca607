package fetch

import (
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
)

// TestNothingFitsWithoutPython: what is known of a system without one is said, and the archive
// for its newest Python comes closest.
func TestNothingFitsWithoutPython(t *testing.T) {
	for _, test := range []struct {
		arch, want string
		assets     []string
	}{
		{"amd64", "this system is linux x86_64, without a Python; x has cp39-linux_x86_64, cp313-linux_x86_64, cp313-win_amd64; closest is cp313-linux_x86_64: it is for Python 3.13 (cp313) / install Python 3.13 (cp313)",
			[]string{"cp39-linux_x86_64", "cp313-linux_x86_64", "cp313-win_amd64"}},
		{"arm64", "this system is linux aarch64, without a Python; x has cp39-linux_x86_64; closest is cp39-linux_x86_64: it is for x86_64 / have it built for this system too, linux aarch64", []string{"cp39-linux_x86_64"}},
	} {
		x := &Index{}
		for _, target := range test.assets {
			x.Assets = append(x.Assets, Asset{Target: target})
		}
		o := Request{Search: interpreter.Search{OS: "linux", Arch: test.arch}}
		faulttest.Want(t, nothingFits(o, x, "x", nil), 2, test.want)
	}
}

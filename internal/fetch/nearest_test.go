package fetch

import (
	"runtime"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/fault/faulttest"
	"github.com/binary-buildout/binary-buildout/internal/interpreter"
	"github.com/binary-buildout/binary-buildout/internal/testtool"
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
		faulttest.Want(t, nothingFits(t.Context(), o, x, "x", nil), 2, test.want)
	}
}

// TestChooseBundled: an archive with an interpreter in it needs none of this
// system, and gives way where --python names one.
func TestChooseBundled(t *testing.T) {
	arch := interpreter.Unknown(interpreter.Search{OS: runtime.GOOS, Arch: runtime.GOARCH}).Machine
	bare := interpreter.Search{OS: runtime.GOOS, Arch: runtime.GOARCH, Env: []string{"PATH=/usr/bin:/bin"}}
	if here := interpreter.System(t.Context(), bare); runtime.GOOS != "linux" || here.Libc != "glibc" || here.LibcVersion == "" {
		t.Skipf("it is for Linux with glibc, and this is %+v", here)
	}
	x := &Index{Assets: []Asset{
		{Target: "cp39-manylinux_2_5_" + arch, Name: "old", Python: "3.9.2", PythonBundled: true},
		{Target: "cp399-manylinux_2_5_" + arch, Name: "new", Python: "3.99.1", PythonBundled: true},
		{Target: "cp3100-manylinux_2_5_" + arch, Name: "none", Python: "3.100.0"},
		{Target: "cp3100-manylinux_2_500_" + arch, Name: "newer system", Python: "3.100.0", PythonBundled: true},
	}}
	c, err := Choose(t.Context(), Request{Search: bare}, x, "x")
	if err != nil || c.Asset.Name != "new" || c.python.Version != "3.99.1" {
		t.Errorf("%+v: %v", c, err)
	}
	named := bare
	named.Python = testtool.Python(t, "3.13")
	_, err = Choose(t.Context(), Request{Search: named}, x, "x")
	faulttest.Want(t, err, 2, "with --python "+named.Python+": old has an interpreter of its own, Python 3.9.2 / leave --python out")
	x.Assets = x.Assets[3:]
	_, err = Choose(t.Context(), Request{Search: bare}, x, "x")
	faulttest.Want(t, err, 2, "it needs glibc 2.500 / have it built for this system too")
}

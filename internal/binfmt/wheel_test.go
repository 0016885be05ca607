package binfmt_test

import (
	"bytes"
	"debug/macho"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

func images(t *testing.T, b []byte) []binfmt.Image {
	t.Helper()
	all, err := binfmt.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestOtherPlatforms(t *testing.T) {
	type row struct {
		requirement, platform, pattern string
		kind                           binfmt.Kind
		archs                          []string
		init, needs, minOS             string
	}
	for _, r := range []row{
		{"markupsafe==3.0.4", "linux-aarch64", "_speedups*.so", binfmt.ELF, []string{"aarch64"}, "PyInit__speedups", "libc.so.6", ""},
		{"markupsafe==3.0.4", "musl-x86_64", "_speedups*.so", binfmt.ELF, []string{"x86_64"}, "PyInit__speedups", "libc.musl-x86_64.so.1", ""},
		{"markupsafe==3.0.4", "win_amd64", "_speedups*.pyd", binfmt.PE, []string{"x86_64"}, "PyInit__speedups", "python313.dll", ""},
		{"markupsafe==3.0.4", "win32", "_speedups*.pyd", binfmt.PE, []string{"i686"}, "PyInit__speedups", "python313.dll", ""},
		{"markupsafe==3.0.4", "win_arm64", "_speedups*.pyd", binfmt.PE, []string{"aarch64"}, "PyInit__speedups", "python313.dll", ""},
		{"lxml==6.1.3", "macos-arm64", "etree*.so", binfmt.MachO, []string{"x86_64", "aarch64"}, "PyInit_etree", "/usr/lib/libSystem.B.dylib", "11.0"},
		{"cffi==2.1.1", "macos-x86_64", "_cffi_backend*.so", binfmt.MachO, []string{"x86_64"}, "PyInit__cffi_backend", "/usr/lib/libffi.dylib", "10.15"},
	} {
		all := images(t, verifytest.Member(t, r.requirement, r.platform, r.pattern))
		var archs []string
		for _, m := range all {
			archs = append(archs, m.Arch)
			if m.Kind != r.kind || !m.Exported(r.init) || !slices.Contains(m.Needed, r.needs) {
				t.Errorf("%s %s: %s, %s: needs %q, exports %d", r.requirement, r.platform, m.Kind, m.Arch, m.Needed, len(m.Exports))
			}
			if m.Arch == r.archs[len(r.archs)-1] && m.MinOS != r.minOS {
				t.Errorf("%s %s: oldest system %q", r.requirement, r.platform, m.MinOS)
			}
			if !slices.ContainsFunc(m.Imports, func(s binfmt.Symbol) bool { return strings.HasPrefix(s.Name, "Py") }) {
				t.Errorf("%s %s: no import from Python among %d", r.requirement, r.platform, len(m.Imports))
			}
		}
		if !slices.Equal(archs, r.archs) {
			t.Errorf("%s %s: %q", r.requirement, r.platform, archs)
		}
	}
}

// apply makes the edits on a copy.
func apply(b []byte, edits []binfmt.Edit) []byte {
	out := bytes.Clone(b)
	for _, e := range edits {
		copy(out[e.Offset:], e.New)
	}
	return out
}

// TestMachOPaths changes what delocate wrote; Go's own debug/macho reads it back, and the signature fits.
func TestMachOPaths(t *testing.T) {
	b := verifytest.Member(t, "pillow==13.0.0", "macos-arm64", "_imaging.cpython*.so")
	if got := images(t, b)[0].Signed; got != binfmt.AdHoc {
		t.Fatalf("signed %q", got)
	}
	const long = "@loader_path/../a-longer/place/.dylibs/libtiff.6.dylib"
	edits, err := binfmt.SetRunpath(bytes.NewReader(b), int64(len(b)), func(s string) string {
		if strings.HasSuffix(s, "libtiff.6.dylib") {
			return long
		}
		return s
	})
	if err != nil {
		t.Fatal(err)
	}
	after := apply(b, edits)
	f, err := macho.NewFile(bytes.NewReader(after))
	if err != nil {
		t.Fatal(err)
	}
	libs, _ := f.ImportedLibraries()
	if !slices.Contains(libs, long) || len(libs) != len(images(t, b)[0].Needed) {
		t.Errorf("%q", libs)
	}
	if left, err := binfmt.Resign(bytes.NewReader(after), int64(len(after))); err != nil || left != nil {
		t.Errorf("the signature doesn't fit: %d edits, %v", len(left), err)
	}
	if same, err := binfmt.Resign(bytes.NewReader(b), int64(len(b))); err != nil || same != nil {
		t.Errorf("codesign's own signature doesn't fit: %d edits, %v", len(same), err)
	}
	broken := bytes.Clone(b)
	broken[len(b)/3] ^= 1
	if left, _ := binfmt.Resign(bytes.NewReader(broken), int64(len(b))); len(left) == 0 {
		t.Error("a changed byte goes unseen")
	}
}

func TestMachORpath(t *testing.T) {
	b := verifytest.Member(t, "pillow==13.0.0", "macos-arm64", "libjpeg*.dylib")
	m := images(t, b)[0]
	if len(m.Rpath) != 1 || !strings.HasPrefix(m.Soname, "/DLC/") {
		t.Fatalf("rpath %q, name %q", m.Rpath, m.Soname)
	}
	edits, err := binfmt.SetRunpath(bytes.NewReader(b), int64(len(b)), func(s string) string {
		switch s {
		case m.Rpath[0]:
			return ""
		case m.Soname:
			return "@rpath/x.dylib"
		}
		return s
	})
	if err != nil {
		t.Fatal(err)
	}
	now := images(t, apply(b, edits))[0]
	if now.Rpath != nil || now.Soname != "@rpath/x.dylib" || !slices.Equal(now.Needed, m.Needed) || !slices.Equal(now.Exports, m.Exports) {
		t.Errorf("rpath %q, name %q, needs %q", now.Rpath, now.Soname, now.Needed)
	}
	if bytes.Contains(apply(b, edits), []byte(m.Rpath[0])) {
		t.Error("the old path is still in the file")
	}
	_, err = binfmt.SetRunpath(bytes.NewReader(b), int64(len(b)), func(s string) string { return s + strings.Repeat("/x", 40000) })
	if err == nil {
		t.Error("a path longer than the gap is no error")
	}
}

// TestPEHasNoPaths: relocation has nothing to do in a PE file.
func TestPEHasNoPaths(t *testing.T) {
	b := verifytest.Member(t, "markupsafe==3.0.4", "win_amd64", "_speedups*.pyd")
	edits, err := binfmt.SetRunpath(bytes.NewReader(b), int64(len(b)), func(string) string { t.Error("called"); return "" })
	if err != nil || edits != nil {
		t.Errorf("%v, %v", edits, err)
	}
	if _, err := binfmt.DropNeeded(bytes.NewReader(b), int64(len(b)), func(s string) bool { return s == "python313.dll" }); err == nil {
		t.Error("no error")
	}
}

// TestTruncated: a file that was cut off anywhere is damaged.
func TestTruncated(t *testing.T) {
	for _, b := range [][]byte{
		verifytest.Member(t, "markupsafe==3.0.4", "win_amd64", "_speedups*.pyd"),
		verifytest.Member(t, "markupsafe==3.0.4", "macos-arm64", "_speedups*.so"),
		verifytest.Member(t, "lxml==6.1.3", "macos-arm64", "_elementpath*.so"),
	} {
		for _, n := range []int{10, 100, 500, 5000, len(b) / 2, len(b) - 1000} {
			if _, err := binfmt.Read(bytes.NewReader(b[:n]), int64(n)); err == nil {
				t.Errorf("%d of %d bytes are read without an error", n, len(b))
			}
		}
	}
}

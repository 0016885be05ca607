package pack

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/binary-buildout/binary-buildout/internal/binfmt"
	"github.com/binary-buildout/binary-buildout/internal/verify/verifytest"
)

// TestMachOOfWheels: libraries that Apple's linker made and codesign signed,
// taken from wheels, name a build's directories as a part's library does that
// was linked there. Packed they name each other by @loader_path, and each page
// has the hash that its signature says. testdata/macho.py reads that, which
// shares no code with what wrote it, and takes codesign's own files.
func TestMachOOfWheels(t *testing.T) {
	for _, tt := range []struct{ requirement, platform, module, archs string }{
		{"pillow==13.0.0", "macos-arm64", "_imaging.cpython-*.so", "arm64"},
		{"pillow==13.0.0", "macos-x86_64", "_imaging.cpython-*.so", "x86_64"},
		{"lxml==6.1.3", "macos-arm64", "etree.cpython-*.so", "x86_64 arm64"}, // one file for both
	} {
		t.Run(tt.requirement+" "+tt.platform, func(t *testing.T) {
			root, err := os.MkdirTemp("", "m") // short: a linker leaves little room for a longer path
			check(t, err)
			t.Cleanup(func() { os.RemoveAll(root) })
			module, lib := "eggs/m.egg/m.so", "parts/jpeg/lib/libjpeg.62.dylib"
			ext := verifytest.Member(t, tt.requirement, tt.platform, tt.module)
			if got := machO(t, ext); strings.Contains(got, "another hash") || strings.Contains(got, "arm64 signature no") {
				t.Fatalf("codesign's own signature is not seen:\n%s", got)
			}
			libraries := map[string]string{"libjpeg": root + "/" + lib, "libSystem.B": ""}
			if strings.HasPrefix(tt.requirement, "lxml") { // what it needs is linked into it
				libraries = map[string]string{"libSystem.B": root + "/" + lib}
			}
			plant(t, filepath.Join(root, module), ext, libraries)
			plant(t, filepath.Join(root, lib), verifytest.Member(t, "pillow==13.0.0", tt.platform, "libjpeg.*.dylib"),
				map[string]string{"/DLC/": root + "/" + lib, "rpath": root + "/parts/tiff/lib"})
			python := verifytest.Member(t, "pillow==13.0.0", tt.platform, "libjpeg.*.dylib")
			plant(t, filepath.Join(root, "parts/x/lib/x.dylib"), python, map[string]string{"/DLC/": "@rpath/x.dylib", "rpath": testPrefix + "/lib"})

			o := testOrigin(root)
			o.Binaries = Binaries{SetRunpath: binfmt.SetRunpath, DropNeeded: binfmt.DropNeeded}
			a, rep := relocateTree(t, root, o)
			check(t, rep.Err())
			for name, want := range map[string][]string{
				module:                {"library @loader_path/../../" + lib},
				lib:                   {"name @loader_path/libjpeg.62.dylib", "rpath @loader_path/../../tiff/lib"},
				"parts/x/lib/x.dylib": {"name @rpath/x.dylib"},
			} {
				if it, _ := item(rep.Relocated, name); it.Class != ClassRpath {
					t.Errorf("%s: %+v", name, it)
				}
				got := content(t, a, name)
				said := machO(t, []byte(got))
				if strings.Contains(got, root) || strings.Contains(got, testPrefix) {
					t.Errorf("%s still names the build:\n%s", name, said)
				}
				archs := strings.Fields(tt.archs)
				if name != module {
					archs = archs[len(archs)-1:]
				}
				for _, arch := range archs {
					for _, line := range want {
						if !strings.Contains(said, arch+" "+line+"\n") {
							t.Errorf("%s: no %q for %s in\n%s", name, line, arch, said)
						}
					}
					if !strings.Contains(said, arch+" signature signed\n") && !(arch == "x86_64" && strings.Contains(said, arch+" signature no signature\n")) {
						t.Errorf("%s: %s", name, said)
					}
				}
				if strings.Contains(said, "arm64") { // the reader sees a byte
					broken := []byte(got)
					broken[len(broken)*3/4] ^= 1 // in the arm64 part
					if said := machO(t, broken); !strings.Contains(said, "has another hash") {
						t.Errorf("%s: a changed byte goes unseen:\n%s", name, said)
					}
				}
			}
		})
	}
}

// plant writes a Mach-O file with other paths: by a piece of the old one, or
// for each run path "rpath".
func plant(t *testing.T, file string, b []byte, paths map[string]string) {
	t.Helper()
	all, err := binfmt.Read(bytes.NewReader(b), int64(len(b)))
	check(t, err)
	edits, err := binfmt.SetRunpath(bytes.NewReader(b), int64(len(b)), func(old string) string {
		for piece, to := range paths {
			if to != "" && (strings.Contains(old, piece) || piece == "rpath" && slices.Contains(all[0].Rpath, old)) {
				return to
			}
		}
		return old
	})
	check(t, err)
	b = bytes.Clone(b)
	for _, e := range edits {
		copy(b[e.Offset:], e.New)
	}
	for _, to := range paths {
		if to != "" && !bytes.Contains(b, []byte(to+"\x00")) {
			t.Fatalf("%s is not in %s", to, file)
		}
	}
	check(t, os.MkdirAll(filepath.Dir(file), 0o755))
	check(t, os.WriteFile(file, b, 0o755))
}

// machO is what testdata/macho.py says of a file.
func machO(t *testing.T, b []byte) string {
	t.Helper()
	out, err := exec.Command(findPython(t, "3.13"), "testdata/macho.py", save(t, b, "x")).CombinedOutput()
	if err != nil {
		t.Fatalf("macho.py: %v\n%s", err, out)
	}
	return string(out)
}

package isolate

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// What CC and the like name is out of reach, whatever it is called, but for
// programs that other things need.
func TestNamedCompilers(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	odd, fast, preprocessor := filepath.Join(dir, "odd"), filepath.Join(dir, "fast"), filepath.Join(dir, "preprocessor")
	for _, name := range []string{odd, fast, preprocessor} {
		if err := os.WriteFile(name, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	found := compilers(t.Context(), Config{Env: []string{"CC=" + odd + " -I" + dir + " -m64", "CXX=ccache " + fast, "LDSHARED=/bin/false", "CXXCPP=" + preprocessor, "FC=sh -c gfortran"}})
	for _, name := range []string{odd, fast, preprocessor} {
		if !slices.Contains(found, name) {
			t.Errorf("%s isn't among %q", name, found)
		}
	}
	for _, name := range []string{"/bin/false", "/usr/bin/false", "/usr/bin/sh", "/bin/sh", "/usr/bin/dash"} {
		if slices.Contains(found, name) {
			t.Errorf("%s is", name)
		}
	}
	for name, want := range map[string]bool{"gcc": true, "gcc-12": true, "x86_64-linux-gnu-g++": true, "false": false, "python3": false} {
		if IsCompiler(name) != want {
			t.Errorf("IsCompiler(%q) is %v", name, !want)
		}
	}
}

// Package verifytest finds what tests need and can't build themselves:
// interpreters, and other platforms' wheels from PyPI.
package verifytest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Python gives the path of a CPython, "3.13": from PATH, or from pyenv. A test
// that lacks one fails.
func Python(t testing.TB, version string) string {
	t.Helper()
	if p, err := exec.LookPath("python" + version); err == nil && runs(p, version) {
		return p
	}
	root := os.Getenv("PYENV_ROOT")
	if home, err := os.UserHomeDir(); root == "" && err == nil {
		root = filepath.Join(home, ".pyenv")
	}
	found, _ := filepath.Glob(filepath.Join(root, "versions", version+".*", "bin", "python"+version))
	for _, p := range found {
		if runs(p, version) {
			return p
		}
	}
	t.Fatalf("no python%s in PATH, and none under %s", version, root)
	return ""
}

// runs says whether p is that Python. pyenv's shims are in PATH even for versions that aren't chosen.
func runs(p, version string) bool {
	out, err := exec.Command(p, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").Output()
	return err == nil && strings.TrimSpace(string(out)) == version
}

// Cache is a directory outside the tree whose content can be fetched again.
func Cache(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "binary-buildout-test")
}

// platforms are pip's --platform tags by the names that tests use.
var platforms = map[string][]string{
	"linux-x86_64":  {"manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_26_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"},
	"linux-aarch64": {"manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux_2_26_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"},
	"musl-x86_64":   {"musllinux_1_2_x86_64", "musllinux_1_1_x86_64"},
	"macos-arm64":   {"macosx_14_0_arm64", "macosx_11_0_arm64", "macosx_11_0_universal2", "macosx_10_13_universal2", "macosx_10_9_universal2"},
	"macos-x86_64":  {"macosx_14_0_x86_64", "macosx_10_15_x86_64", "macosx_10_13_x86_64", "macosx_10_12_x86_64", "macosx_10_9_x86_64", "macosx_11_0_universal2", "macosx_10_13_universal2"},
	"win_amd64":     {"win_amd64"},
	"win32":         {"win32"},
	"win_arm64":     {"win_arm64"},
}

// Wheel gives the path of a wheel for CPython 3.13 from the cache, "lxml==6.1.3"
// for "macos-arm64", and fetches it if it isn't there.
func Wheel(t testing.TB, requirement, platform string) string {
	t.Helper()
	dir := filepath.Join(Cache(t), "wheels", platform, requirement)
	if found, _ := filepath.Glob(filepath.Join(dir, "*.whl")); len(found) == 1 {
		return found[0]
	}
	// Another test process may fetch the same: the rename decides.
	tmp, err := os.MkdirTemp(filepath.Dir(mkdir(t, filepath.Dir(dir))), "fetch")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	args := []string{"-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary=:all:", "--no-deps",
		"--python-version", "3.13", "--implementation", "cp", "--abi", "cp313", "--abi", "abi3", "--abi", "none", "-d", tmp, requirement}
	for _, p := range platforms[platform] {
		args = append(args, "--platform", p)
	}
	out, err := exec.Command(Python(t, "3.13"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("fetching %s for %s: %v\n%s", requirement, platform, err, out)
	}
	_ = os.Rename(tmp, dir)
	found, _ := filepath.Glob(filepath.Join(dir, "*.whl"))
	if len(found) != 1 {
		t.Fatalf("fetching %s for %s gave %d wheels", requirement, platform, len(found))
	}
	return found[0]
}

func mkdir(t testing.TB, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}
